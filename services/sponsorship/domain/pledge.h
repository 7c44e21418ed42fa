// A pledge: what one seat costs month by month, what an amount of money pays for, and where the
// pledge stands. Pure.
//
// The stated order of partial money: seat by seat, within a seat month by month, within a month
// JKK, JKM, JHT; it stops at the first person-month that can't be paid in full. So what is paid of
// a seat is always a first part of its price schedule and one number tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/date.h"
#include "common/base/enums.h"
#include "common/base/money.h"
#include "services/sponsorship/domain/ledger.h"

namespace lingkaran::sponsorship {

// Whom a sponsor wants to pay for, and who comes first.
struct Criteria {
  std::string region_code = "";          // domicile; the registry filters by it
  int64_t batch_id = 0;                  // 0: all; the registry filters by it
  bool disabled_first = false;           // disabled workers are drawn before the others
  bool disabled_only = false;            //
  Sector sector = Sector::kUnspecified;  // kUnspecified: all
  int min_age_years = 0;                 // 0: none
  int max_age_years = 0;                 // 0: none
  Rupiah max_income = Rupiah();          // 0: none; unknown incomes pass
};

// One person-month of a seat: the atom of money and of cover.
struct SeatMonth {
  Programme programme;
  int32_t month;  // yyyymm
  Rupiah price;
  friend bool operator==(const SeatMonth&, const SeatMonth&) = default;
};

// The person-months of one seat in the stated order, with the prices that were quoted.
class PriceSchedule {
 public:
  // At most so many person-months: 12 months x 3 programmes.
  static constexpr int kMost = 36;

  // Sorts into the stated order. INVALID_ARGUMENT if empty, longer than kMost, a price is not
  // above 0, or a programme and month comes twice.
  static absl::StatusOr<PriceSchedule> Make(std::vector<SeatMonth> months);
  // From ToText. DATA_LOSS for anything else.
  static absl::StatusOr<PriceSchedule> Parse(std::string_view text);
  // "201911:1:10000 201911:2:6800 ...".
  std::string ToText() const;

  int size() const { return static_cast<int>(months_.size()); }
  const SeatMonth& at(int index) const { return months_[index]; }
  const std::vector<SeatMonth>& months() const { return months_; }
  // Price of the person-months [from, to).
  Rupiah Price(int from, int to) const { return sums_[to] - sums_[from]; }
  Rupiah PerSeat() const { return sums_.back(); }
  // How far `money` pays, starting at person-month `from`: the largest `to` with
  // Price(from, to) <= money.
  int PaidTo(int from, Rupiah money) const;
  // First person-month whose month is `month` or later; size() if none. Month 0 gives 0.
  int IndexOf(int32_t month) const;

 private:
  std::vector<SeatMonth> months_;
  std::vector<Rupiah> sums_;  // sums_[i]: price of the first i
};

// What an amount of money pays for.
struct Extent {
  int64_t person_months = 0;
  int full_seats = 0;
  Rupiah cost;  // of them; what is left over pays no further person-month
};
Extent PaidExtent(const PriceSchedule& schedule, int seats, Rupiah money);

enum class PledgeState : int {
  kAwaitingPayment = 1,
  kPartPaid = 2,
  kPaid = 3,
  kSpent = 4,
  kCancelled = 5,
};

// Derived, never stored.
PledgeState StateOf(bool cancelled, Rupiah invoice, const Funds& funds);

// What a bank transfer must name: two digits of the year, the pledge's number in nine digits or
// more, and a Luhn check digit, so that a slip of the pen is not another pledge.
std::string PaymentCode(int64_t pledge_id, Day pledged_on);
// True if the check digit is right and the length is 12 to 16.
bool IsPaymentCode(std::string_view code);

// First covered day, at the earliest, of somebody who takes a seat today and whose first month is
// `first_month` (yyyymm). A month that has not begun: the pledge's own first day. One that has:
// today, since nobody can be insured for days gone by. One that is over: the pledge's first day, by
// agreement with the sponsor who was quoted it.
int32_t FirstCoveredDay(int32_t pledge_first_day, int32_t first_month, Day today);

}  // namespace lingkaran::sponsorship
