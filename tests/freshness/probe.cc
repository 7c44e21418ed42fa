#include "tests/freshness/probe.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/date.h"
#include "common/base/random.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran::freshness {
namespace {

constexpr char kService[] = "registry;role=service";
constexpr int64_t kFirstId = 1'000;

void Insist(const grpc::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "people can't settle: %s\n", status.error_message().c_str());
  std::abort();
}

template <typename Request, typename Response>
Write Made(cv1::CoverageService::Stub& stub,
           grpc::Status (cv1::CoverageService::Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                           Response*),
           Request request, Write left) {
  grpc::ClientContext context;
  context.AddMetadata(kActorMetadata, kService);
  request.set_request_id(NewRequestId());
  Response response;
  left.called = absl::Now();
  Insist((stub.*rpc)(&context, request, &response));
  left.acknowledged = absl::Now();
  left.position = PositionOf(response.consistency_token());
  left.what = "settle";
  return left;
}

}  // namespace

Settled Settle(World& world, int people) {
  Settled settled;
  cv1::UpsertMembersRequest members;
  cv1::ActivateCoverageRequest paid;
  paid.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
  paid.mutable_source()->set_pledge_id(1);
  Write enrolled, covered;
  for (int i = 0; i < people; ++i) {
    const int64_t id = kFirstId + i;
    const std::string nik = absl::StrFormat("3372%012d", id);
    const std::string number = absl::StrFormat("18%012d", id);
    *members.add_members() = MakeMember(world.sealer(), id, nik, number, 1);
    const Day first = Day(2017, 1, 1) + i;
    cv1::ActivationLine* line = paid.add_lines();
    line->set_worker_id(id);
    line->set_first_day(DayNumber(first));
    line->set_wage_base_rupiah(1'000'000);
    cv1::PaidMonth* month = line->add_months();
    month->set_programme(common::v1::PROGRAMME_JKK);
    month->set_month(MonthNumber(Month(first)));
    month->set_amount_rupiah(10'000);
    State state;
    enrolled.states.emplace_back(id, state);
    state.paid[0] = {DayNumber(first), DayNumber(LastDayOf(Month(first)))};
    covered.states.emplace_back(id, state);
    enrolled.owners.emplace_back(NikKey(nik), id);
    enrolled.owners.emplace_back(NumberKey(number), id);
    settled.keys.insert(settled.keys.end(), {WorkerKey(id), NikKey(nik), NumberKey(number)});
  }
  using Stub = cv1::CoverageService::Stub;
  settled.writes = {Made(world.stub(0), &Stub::UpsertMembers, members, enrolled),
                    Made(world.stub(0), &Stub::ActivateCoverage, paid, covered)};
  return settled;
}

absl::Duration Percentile(std::vector<absl::Duration> latencies, double percent) {
  if (latencies.empty()) return absl::ZeroDuration();
  const auto at =
      latencies.begin() +
      static_cast<std::ptrdiff_t>(percent / 100 * static_cast<double>(latencies.size() - 1));
  std::nth_element(latencies.begin(), at, latencies.end());
  return *at;
}

Probe::Probe(World& world, const std::vector<std::string>& keys, const Options& options)
    : world_(world), keys_(keys), options_(options), start_(absl::Now()) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this, i] { Run(i); });
}

Probe::~Probe() { Stop(); }

std::vector<Check> Probe::Stop() {
  ended_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return std::move(checks_);
}

absl::Time Probe::DueAt(int64_t number) const {
  return start_ + absl::Seconds(1) / options_.per_second * number;
}

void Probe::Run(int number) {
  Random random(options_.seed * 100 + static_cast<uint64_t>(number));
  const std::string where = absl::StrCat("replica ", options_.replica);
  while (!ended_) {
    const int64_t check = next_++;
    const absl::Time due = DueAt(check);
    absl::SleepFor(due - absl::Now());
    const Question question{{Any(random, keys_)}, Asked::kNoToken, "", 0};
    Reply reply = Ask(world_.stub(options_.replica), question, random, where);
    const std::lock_guard lock(mutex_);
    latencies_[check] = reply.answered - due;
    std::move(reply.checks.begin(), reply.checks.end(), std::back_inserter(checks_));
    for (const auto& [error, count] : reply.errors) errors_[error] += count;
    if (failure_.empty()) failure_ = reply.failure;
  }
}

std::vector<absl::Duration> Probe::Latencies(absl::Time from, absl::Time to) const {
  const std::lock_guard lock(mutex_);
  std::vector<absl::Duration> latencies;
  const absl::Time now = absl::Now();
  const double first = absl::ToDoubleSeconds(from - start_) * options_.per_second;
  for (auto check = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(first)));
       DueAt(check) < std::min(to, now); ++check) {
    const auto over = latencies_.find(check);
    latencies.push_back(over == latencies_.end() ? now - DueAt(check) : over->second);
  }
  return latencies;
}

std::map<std::string, int64_t> Probe::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

std::string Probe::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace lingkaran::freshness
