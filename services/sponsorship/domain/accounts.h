// Sponsors, pledges and receipts as they are kept. Times are milliseconds since 1970, days
// yyyymmdd.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/enums.h"
#include "common/base/money.h"
#include "services/sponsorship/domain/ledger.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship {

struct SponsorRow {
  int64_t sponsor_id = 0;
  std::string name = "";
  PayerClass payer_class = PayerClass::kUnspecified;
  Rupiah credit = Rupiah();
  int64_t create_time = 0;
};

struct PledgeRow {
  int64_t pledge_id = 0;
  int64_t sponsor_id = 0;
  PayerClass payer_class = PayerClass::kUnspecified;
  std::string group_code = "";
  int seats = 0;
  int months = 0;
  std::vector<Programme> programmes = {};
  Rupiah wage_base = Rupiah();
  Sector sector = Sector::kOther;
  int32_t first_day = 0;
  Criteria criteria = {};
  PriceSchedule schedule = {};
  std::string payment_code = "";
  Rupiah invoice = Rupiah();
  int32_t due_day = 0;
  bool cancelled = false;
  int seats_filled = 0;
  int64_t create_time = 0;
  Funds funds = {};  // of the accounts; received and moved_to_credit of the pledge's own row
};

// Money that came in, or went back.
struct ReceiptRow {
  int64_t receipt_id = 0;
  std::string bank_reference = "";
  std::string kind = "";  // "payment" (of a pledge), "contribution" or "refund"
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
  Rupiah amount = Rupiah();
  Rupiah applied = Rupiah();
  Rupiah credit = Rupiah();
  int32_t value_day = 0;
};

}  // namespace lingkaran::sponsorship
