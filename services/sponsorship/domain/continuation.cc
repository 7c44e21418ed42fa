#include "services/sponsorship/domain/continuation.h"

#include <algorithm>
#include <map>

namespace lingkaran::sponsorship {
namespace {

// True if somebody else pays a month after those of the pledge.
bool GoesOn(const Continuation& worker) {
  return !worker.paid_by_pledge && worker.last_day > worker.pledge_last_day;
}

int& CountOf(ContinuationPlan& plan, PayerClass payer) {
  switch (payer) {
    case PayerClass::kSelf:
      return plan.self_paying;
    case PayerClass::kApbn:
    case PayerClass::kApbd:
    case PayerClass::kVillage:
      return plan.taken_over_by_budget;
    default:
      return plan.taken_over_by_sponsor;
  }
}

}  // namespace

ContinuationPlan Plan(std::vector<Continuation> workers, int32_t day) {
  std::sort(workers.begin(), workers.end(),
            [](const Continuation& a, const Continuation& b) { return a.worker_id < b.worker_id; });
  ContinuationPlan plan;
  std::map<int32_t, ContinuationGroup> groups;
  int64_t ended = 0;
  int64_t converted = 0;
  for (const Continuation& worker : workers) {
    ++plan.workers;
    ContinuationGroup& group = groups[worker.pledge_last_day];
    group.last_day = worker.pledge_last_day;
    ++group.workers;
    const bool over = worker.pledge_last_day < day;
    const bool goes_on = GoesOn(worker);
    ended += over;
    converted += over && goes_on;
    if (goes_on) {
      ++CountOf(plan, worker.payer);
      continue;
    }
    group.grace_until = std::max(group.grace_until, worker.grace_until);
    plan.open_worker_ids.push_back(worker.worker_id);
    ++(!over ? plan.still_covered : day <= worker.grace_until ? plan.in_grace : plan.lapsed);
  }
  for (const auto& [last_day, group] : groups) plan.groups.push_back(group);
  if (ended > 0) plan.conversion_basis_points = static_cast<int>(converted * 10'000 / ended);
  return plan;
}

}  // namespace lingkaran::sponsorship
