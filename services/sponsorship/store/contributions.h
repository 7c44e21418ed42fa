// Contributions of single members in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship {

struct ContributionRow {
  int64_t contribution_id = 0;
  PayerClass payer_class = PayerClass::kUnspecified;
  int64_t sponsor_id = 0;  // 0 for SELF
  std::string bank_reference = "";
  std::string fingerprint = "";  // of the request: tells a repeat from another payment
  Rupiah amount = Rupiah();
  Rupiah wage_base = Rupiah();
  Sector sector = Sector::kOther;
  bool done = false;
  Rupiah unused = Rupiah();
  std::string token = "";
  int64_t create_time = 0;
};

struct ContributionLineRow {
  int line = 0;
  int64_t worker_id = 0;
  int32_t first_day = 0;  // first covered day at the earliest
  PriceSchedule schedule = {};
  int32_t cover_first_day = 0;  // as coverage answered
  int32_t cover_last_day = 0;
  int code = 0;
  std::string error_reason = "";
  std::string message = "";
};

// Inserts the contribution with its lines and opens its accounts. A bank reference that is there is
// a unique violation. Gives the id.
int64_t InsertContribution(sql::Tx& tx, const ContributionRow& contribution,
                           const std::vector<ContributionLineRow>& lines);
absl::StatusOr<ContributionRow> GetContribution(sql::Tx& tx, int64_t contribution_id);
// In the order of the request.
absl::StatusOr<std::vector<ContributionLineRow>> ListContributionLines(sql::Tx& tx,
                                                                       int64_t contribution_id);
// Records how it came out.
void FinishContribution(sql::Tx& tx, const ContributionRow& contribution,
                        const std::vector<ContributionLineRow>& lines);

}  // namespace lingkaran::sponsorship
