// What must add up in the accounts of one pledge, and who got which person-months of its seats.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/audit/audit_lines.h"
#include "services/sponsorship/domain/ledger.h"
#include "services/sponsorship/domain/pledge.h"
#include "services/sponsorship/domain/replacement.h"

namespace lingkaran::sponsorship {

// Seats of a pledge that are paid equally far.
struct SeatGroup {
  int paid_to = 0;
  bool open = false;  // marked as one on which more can be paid
  int64_t seats = 0;
  int64_t held = 0;  // of them by somebody
};

// Person-months [from, to) of so many seats: what money is set aside for.
struct SetAside {
  int from = 0;
  int to = 0;
  int64_t seats = 0;
};

// Everything that is kept about the money of one pledge.
struct PledgeAudit {
  int64_t pledge_id = 0;
  Funds funds;                    // the accounts; received and moved_to_credit of the pledge's row
  std::vector<EntrySum> entries;  // the journal
  Rupiah receipts;                // applied to its invoice
  int seats_filled = 0;           // as the pledge's row counts
  std::vector<SeatGroup> seats;   //
  std::vector<SetAside> waiting;  // work items of the outbox, seats that wait for a newcomer
};

// Sentences about what does not add up; none if all does. Money that is spent is always the price
// of what is paid of the seats, and money that is reserved the price of what waits, whatever is
// under way: both change in one transaction.
std::vector<std::string> PledgeFaults(const PledgeAudit& pledge, const PriceSchedule& schedule);

// Person-months that the seats hold.
int64_t PersonMonths(const std::vector<SeatGroup>& seats);

// Person-months [from, to) of one seat that a worker got and that stand.
struct Holding {
  int64_t worker_id = 0;
  int from = 0;
  int to = 0;
};

// What workers keep who lost their seats.
struct Kept {
  std::vector<Holding> holdings;   // by worker
  std::map<int, int> first_index;  // by seat: where its next holder begins
};
// `cuts` by seat, and within it in the order of their happening. The first holder of a seat begins
// at 0 and each further one where the one before was cut, so the cuts alone tell who has what.
Kept KeptAfter(absl::Span<const SeatCut> cuts);

// The person-months of a price schedule in the order of an audit's lines.
class MonthsByProgramme {
 public:
  explicit MonthsByProgramme(const PriceSchedule& schedule);
  // Of all holdings together. A month that two of them hold comes twice.
  std::vector<AuditMonth> Of(absl::Span<const Holding> holdings) const;

 private:
  struct Place {
    int index;  // in the schedule
    AuditMonth month;
  };
  std::vector<Place> places_;
};

}  // namespace lingkaran::sponsorship
