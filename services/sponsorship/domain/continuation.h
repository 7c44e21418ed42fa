// Who goes on after a pledge: counting. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/enums.h"

namespace lingkaran::sponsorship {

// One worker of a pledge, with what coverage says about all months of theirs.
struct Continuation {
  int64_t worker_id = 0;
  int32_t pledge_last_day = 0;                  // last covered day that the pledge pays
  int32_t last_day = 0;                         // last covered day, whoever pays
  int32_t grace_until = 0;                      // last day on which paying on keeps the membership
  bool paid_by_pledge = true;                   // the pledge pays the last month
  PayerClass payer = PayerClass::kUnspecified;  // of the last month
};

// Workers whose cover by the pledge ends on the same day.
struct ContinuationGroup {
  int32_t last_day = 0;
  int32_t grace_until = 0;
  int workers = 0;
};

// Field by field as PlanContinuationResponse.
struct ContinuationPlan {
  std::vector<ContinuationGroup> groups;  // by last day
  int workers = 0;
  int self_paying = 0;
  int taken_over_by_budget = 0;
  int taken_over_by_sponsor = 0;
  int still_covered = 0;
  int in_grace = 0;
  int lapsed = 0;
  int conversion_basis_points = 0;
  std::vector<int64_t> open_worker_ids;  // not gone on, by id
};

// Counts the workers as of `day` (yyyymmdd). The conversion is that of the workers whose cover by
// the pledge ended before `day`: who of them goes on, in hundredths of a percent; 0 if none ended.
ContinuationPlan Plan(std::vector<Continuation> workers, int32_t day);

}  // namespace lingkaran::sponsorship
