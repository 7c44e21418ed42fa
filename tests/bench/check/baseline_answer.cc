#include "common/rpc/run_rpc.h"
#include "services/coverage/api/convert.h"
#include "tests/bench/check/baseline.h"

namespace lingkaran::bench {

void FillResponse(const BaselineParts& parts, const coverage::Facts& facts,
                  coverage::v1::CheckEligibilityResponse* response) {
  const absl::Time now = parts.clock.Now();
  const Day day = LocalDay(now, facts.utc_offset_hours);
  for (const auto programme : {Programme::kJkk, Programme::kJkm}) {
    coverage::FillAnswer(coverage::Decide(facts, parts.rules, programme, day),
                         response->add_answers());
  }
  response->set_worker_id(facts.worker_id);
  response->set_day(DayNumber(day));
  const int64_t nanos = absl::ToUnixNanos(now);
  response->mutable_checked_at()->set_seconds(nanos / 1'000'000'000);
  response->mutable_checked_at()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  response->set_rules_version(parts.rules.version());
  response->set_consistency_token(ToToken({facts.position, {}}));
}

}  // namespace lingkaran::bench
