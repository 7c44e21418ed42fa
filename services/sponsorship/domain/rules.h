// How each class of payers is treated, by day. Pure; rules_file.h reads it from disk.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/date.h"
#include "common/base/enums.h"

namespace lingkaran::sponsorship {

// One entry: in force from `from` to `to`, both inclusive.
struct PayerRule {
  PayerClass payer_class = PayerClass::kUnspecified;
  Day from;
  Day to;
  std::string group_code;     // code of the group (wadah); empty if none is known
  int invoice_due_days = 0;   // until an invoice is due
  int reservation_days = 0;   // after which an unfinished reservation ends
  bool refundable = false;    // whether money not spent goes back on request
  bool agreed_start = false;  // whether cover may start on an agreed day gone by
};

class PayerRules {
 public:
  PayerRules() = default;
  PayerRules(std::vector<PayerRule> rules, std::string version)
      : rules_(std::move(rules)), version_(std::move(version)) {}

  // FAILED_PRECONDITION/NO_RULE_IN_FORCE if there is none.
  absl::StatusOr<PayerRule> Find(PayerClass payer_class, Day day) const;
  // Digest of the file.
  const std::string& version() const { return version_; }

 private:
  std::vector<PayerRule> rules_;
  std::string version_;
};

}  // namespace lingkaran::sponsorship
