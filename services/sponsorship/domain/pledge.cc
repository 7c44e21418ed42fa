#include "services/sponsorship/domain/pledge.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"

namespace lingkaran::sponsorship {
namespace {

int LuhnDigit(std::string_view digits) {
  int sum = 0;
  bool twice = true;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, twice = !twice) {
    int digit = *it - '0';
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return (10 - sum % 10) % 10;
}

}  // namespace

absl::StatusOr<PriceSchedule> PriceSchedule::Make(std::vector<SeatMonth> months) {
  if (months.empty() || months.size() > kMost) {
    return absl::InvalidArgumentError(
        absl::StrCat("a price schedule has 1 to ", kMost, " person-months, not ", months.size()));
  }
  auto key = [](const SeatMonth& m) { return std::tuple(m.month, static_cast<int>(m.programme)); };
  std::sort(months.begin(), months.end(),
            [&](const SeatMonth& a, const SeatMonth& b) { return key(a) < key(b); });
  PriceSchedule schedule;
  schedule.sums_.reserve(months.size() + 1);
  schedule.sums_.push_back(Rupiah());
  for (size_t i = 0; i < months.size(); ++i) {
    if (months[i].price <= Rupiah() || months[i].price > kMaxAmount) {
      return absl::InvalidArgumentError(absl::StrCat("impossible price for ", months[i].month));
    }
    if (i > 0 && key(months[i - 1]) == key(months[i])) {
      return absl::InvalidArgumentError(absl::StrCat("priced twice: ", months[i].month));
    }
    schedule.sums_.push_back(schedule.sums_.back() + months[i].price);
  }
  schedule.months_ = std::move(months);
  return schedule;
}

absl::StatusOr<PriceSchedule> PriceSchedule::Parse(std::string_view text) {
  std::vector<SeatMonth> months;
  for (absl::string_view item : absl::StrSplit(absl::string_view(text.data(), text.size()), ' ')) {
    std::vector<absl::string_view> parts = absl::StrSplit(item, ':');
    SeatMonth month{};
    int programme = 0;
    int64_t price = 0;
    if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &month.month) ||
        !absl::SimpleAtoi(parts[1], &programme) || programme < 1 || programme > 3 ||
        !absl::SimpleAtoi(parts[2], &price)) {
      return absl::DataLossError("a stored price schedule can't be read");
    }
    month.programme = static_cast<Programme>(programme);
    month.price = Rupiah(price);
    months.push_back(month);
  }
  absl::StatusOr<PriceSchedule> schedule = Make(std::move(months));
  if (!schedule.ok()) return absl::DataLossError(schedule.status().message());
  return schedule;
}

std::string PriceSchedule::ToText() const {
  std::string text;
  for (const SeatMonth& month : months_) {
    absl::StrAppend(&text, text.empty() ? "" : " ", month.month, ":",
                    static_cast<int>(month.programme), ":", month.price.amount());
  }
  return text;
}

int PriceSchedule::PaidTo(int from, Rupiah money) const {
  auto end = std::upper_bound(sums_.begin() + from, sums_.end(), sums_[from] + money);
  return std::max(from, static_cast<int>(end - sums_.begin()) - 1);
}

int PriceSchedule::IndexOf(int32_t month) const {
  auto it = std::find_if(months_.begin(), months_.end(),
                         [&](const SeatMonth& m) { return m.month >= month; });
  return static_cast<int>(it - months_.begin());
}

Extent PaidExtent(const PriceSchedule& schedule, int seats, Rupiah money) {
  Extent extent;
  if (money <= Rupiah()) return extent;
  extent.full_seats =
      static_cast<int>(std::min<int64_t>(seats, money.amount() / schedule.PerSeat().amount()));
  extent.cost = schedule.PerSeat() * extent.full_seats;
  extent.person_months = int64_t{extent.full_seats} * schedule.size();
  if (extent.full_seats < seats) {
    int to = schedule.PaidTo(0, money - extent.cost);
    extent.person_months += to;
    extent.cost += schedule.Price(0, to);
  }
  return extent;
}

PledgeState StateOf(bool cancelled, Rupiah invoice, const Funds& funds) {
  if (cancelled) return PledgeState::kCancelled;
  if (funds.received == Rupiah()) return PledgeState::kAwaitingPayment;
  if (funds.received < invoice) return PledgeState::kPartPaid;
  const bool all_spent =
      funds.spent > Rupiah() && funds.available == Rupiah() && funds.reserved == Rupiah();
  return all_spent ? PledgeState::kSpent : PledgeState::kPaid;
}

std::string PaymentCode(int64_t pledge_id, Day pledged_on) {
  std::string digits =
      absl::StrFormat("%02d%09d", static_cast<int>(pledged_on.year() % 100), pledge_id);
  return absl::StrCat(digits, LuhnDigit(digits));
}

bool IsPaymentCode(std::string_view code) {
  if (code.size() < 12 || code.size() > 16) return false;
  if (!std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return LuhnDigit(code.substr(0, code.size() - 1)) == code.back() - '0';
}

int32_t FirstCoveredDay(int32_t pledge_first_day, int32_t first_month, Day today) {
  const int32_t now = DayNumber(today);
  if (MonthNumber(Month(today)) == first_month && now > pledge_first_day) return now;
  return pledge_first_day;
}

}  // namespace lingkaran::sponsorship
