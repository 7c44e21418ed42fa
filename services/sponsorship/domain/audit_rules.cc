#include "services/sponsorship/domain/audit_rules.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace lingkaran::sponsorship {
namespace {

// "pledge 3: WHAT says 100, OTHER 90".
class Faults {
 public:
  explicit Faults(int64_t pledge_id) : pledge_id_(pledge_id) {}

  void Compare(absl::string_view left, int64_t a, absl::string_view right, int64_t b) {
    if (a == b) return;
    Add(absl::StrCat(left, " says ", a, ", ", right, " ", b));
  }
  void Compare(absl::string_view left, Rupiah a, absl::string_view right, Rupiah b) {
    Compare(left, a.amount(), right, b.amount());
  }
  void Add(const std::string& text) {
    found_.push_back(absl::StrCat("pledge ", pledge_id_, ": ", text));
  }
  std::vector<std::string> Take() { return std::move(found_); }

 private:
  const int64_t pledge_id_;
  std::vector<std::string> found_;
};

// True if the index is no place in the schedule; it then has no price.
bool Outside(const PriceSchedule& schedule, int index) {
  return index < 0 || index > schedule.size();
}

Rupiah PriceOfSeats(const PledgeAudit& pledge, const PriceSchedule& schedule, Faults& faults) {
  int64_t price = 0;
  for (const SeatGroup& group : pledge.seats) {
    if (Outside(schedule, group.paid_to)) {
      faults.Add(absl::StrCat(group.seats, " seats are paid to ", group.paid_to, " of ",
                              schedule.size(), " person-months"));
      continue;
    }
    if (group.open != (group.paid_to < schedule.size())) {
      faults.Add(absl::StrCat(group.seats, " seats that are paid to ", group.paid_to, " of ",
                              schedule.size(), " person-months are marked as ",
                              group.open ? "open" : "closed"));
    }
    price += schedule.Price(0, group.paid_to).amount() * group.seats;
  }
  return Rupiah(price);
}

Rupiah PriceOfWaiting(const PledgeAudit& pledge, const PriceSchedule& schedule, Faults& faults) {
  int64_t price = 0;
  for (const SetAside& part : pledge.waiting) {
    if (Outside(schedule, part.from) || Outside(schedule, part.to) || part.from > part.to) {
      faults.Add(absl::StrCat("a work item waits for person-months ", part.from, " to ", part.to,
                              " of ", schedule.size()));
      continue;
    }
    price += schedule.Price(part.from, part.to).amount() * part.seats;
  }
  return Rupiah(price);
}

}  // namespace

std::vector<std::string> PledgeFaults(const PledgeAudit& pledge, const PriceSchedule& schedule) {
  Faults faults(pledge.pledge_id);
  const Funds& funds = pledge.funds;
  const Funds journal = FundsFromEntries(pledge.pledge_id, pledge.entries);
  faults.Compare("account available", funds.available, "its entries", journal.available);
  faults.Compare("account reserved", funds.reserved, "its entries", journal.reserved);
  faults.Compare("account spent", funds.spent, "its entries", journal.spent);
  faults.Compare("account refunded", funds.refunded, "its entries", journal.refunded);
  faults.Compare("received on the invoice", funds.received, "the journal", journal.received);
  faults.Compare("received on the invoice", funds.received, "the receipts", pledge.receipts);
  faults.Compare("moved to credit", funds.moved_to_credit, "the journal", journal.moved_to_credit);
  if (!funds.Closes()) {
    faults.Add(absl::StrCat("received ", funds.received.amount(),
                            " is not what is available, reserved, spent, refunded and moved"));
  }
  faults.Compare("account spent", funds.spent, "the price of what its seats hold",
                 PriceOfSeats(pledge, schedule, faults));
  faults.Compare("account reserved", funds.reserved, "the price of what waits",
                 PriceOfWaiting(pledge, schedule, faults));
  int64_t held = 0;
  for (const SeatGroup& group : pledge.seats) held += group.held;
  faults.Compare("seats filled", pledge.seats_filled, "the seats themselves", held);
  return faults.Take();
}

int64_t PersonMonths(const std::vector<SeatGroup>& seats) {
  int64_t months = 0;
  for (const SeatGroup& group : seats) months += group.paid_to * group.seats;
  return months;
}

Kept KeptAfter(absl::Span<const SeatCut> cuts) {
  Kept kept;
  for (const SeatCut& cut : cuts) {
    int& from = kept.first_index[cut.seat_number];
    if (cut.at > from) kept.holdings.push_back({cut.worker_id, from, cut.at});
    from = cut.at;
  }
  std::sort(kept.holdings.begin(), kept.holdings.end(), [](const Holding& a, const Holding& b) {
    return std::tie(a.worker_id, a.from, a.to) < std::tie(b.worker_id, b.from, b.to);
  });
  return kept;
}

MonthsByProgramme::MonthsByProgramme(const PriceSchedule& schedule) {
  for (int i = 0; i < schedule.size(); ++i) {
    const SeatMonth& month = schedule.at(i);
    places_.push_back({i, {static_cast<int>(month.programme), month.month, month.price.amount()}});
  }
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.month.programme, a.month.month) < std::tie(b.month.programme, b.month.month);
  });
}

std::vector<AuditMonth> MonthsByProgramme::Of(absl::Span<const Holding> holdings) const {
  std::vector<AuditMonth> months;
  for (const Place& place : places_) {
    for (const Holding& holding : holdings) {
      if (holding.from <= place.index && place.index < holding.to) months.push_back(place.month);
    }
  }
  return months;
}

}  // namespace lingkaran::sponsorship
