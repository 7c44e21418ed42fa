#include "services/sponsorship/domain/seat_planner.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/string_views.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

using Ticket = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Ticket TicketOf(std::string_view seed, int64_t worker_id) {
  const std::string text = absl::StrCat(AbslView(seed), ":", worker_id);
  Ticket ticket;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), ticket.data());
  return ticket;
}

// Walks the seats that money can go to, in the stated order; `visit` gets each slot and answers
// whether to take it. Gives up, with false, at the first person-month that can't be paid.
template <typename Visit>
bool WalkSlots(const PriceSchedule& schedule, const SeatFunding& funding, Visit visit) {
  Rupiah money = funding.money;
  auto offer = [&](const OpenSeat& seat) {
    Slot slot{seat.seat_number,
              seat.worker_id,
              seat.disabled,
              seat.worker_id != 0,
              seat.paid_to,
              schedule.PaidTo(seat.paid_to, money),
              0};
    if (slot.to == slot.from) return false;
    if (!visit(slot)) return true;
    money -= schedule.Price(slot.from, slot.to);
    return slot.to == schedule.size();
  };
  for (const OpenSeat& seat : funding.open) {
    if (!offer(seat)) return false;
  }
  for (int number = funding.next_seat; number <= funding.seats; ++number) {
    if (!offer(OpenSeat{number, 0, false, 0})) return false;
  }
  return true;
}

// Hands out whole seats: the vacant ones, then new ones.
class SeatDesk {
 public:
  SeatDesk(const PriceSchedule& schedule, const SeatFunding& funding)
      : schedule_(&schedule),
        funding_(&funding),
        next_seat_(funding.next_seat),
        money_(funding.money) {}

  Rupiah money() const { return money_; }
  // Takes a seat for the worker; SEATS_EXHAUSTED or FUNDS_EXHAUSTED.
  absl::StatusOr<Slot> Take(int64_t worker_id) {
    while (next_open_ < funding_->open.size() && funding_->open[next_open_].worker_id != 0)
      ++next_open_;
    const bool vacant = next_open_ < funding_->open.size();
    if (!vacant && next_seat_ > funding_->seats) return SeatsExhaustedForCall();
    Slot slot;
    slot.worker_id = worker_id;
    slot.seat_number = vacant ? funding_->open[next_open_].seat_number : next_seat_;
    slot.from = vacant ? funding_->open[next_open_].paid_to : 0;
    slot.to = schedule_->size();
    const Rupiah price = schedule_->Price(slot.from, slot.to);
    if (price > money_) return FundsExhaustedForCall(funding_->money);
    money_ -= price;
    if (vacant) {
      ++next_open_;
    } else {
      ++next_seat_;
    }
    return slot;
  }

 private:
  const PriceSchedule* schedule_;
  const SeatFunding* funding_;
  size_t next_open_ = 0;
  int next_seat_;
  Rupiah money_;
};

}  // namespace

bool Meets(const Criteria& criteria, const Candidate& candidate) {
  if (criteria.disabled_only && !candidate.disabled) return false;
  if (criteria.sector != Sector::kUnspecified && criteria.sector != candidate.sector) return false;
  if (candidate.age_years < criteria.min_age_years) return false;
  if (criteria.max_age_years > 0 && candidate.age_years > criteria.max_age_years) return false;
  return criteria.max_income == Rupiah() || candidate.income <= criteria.max_income;
}

std::vector<Ranked> Rank(const Criteria& criteria, std::string_view seed,
                         const std::vector<Candidate>& candidates) {
  struct Drawn {
    Ticket ticket;
    Ranked ranked;
    bool first;
  };
  std::vector<Drawn> drawn;
  drawn.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    if (!Meets(criteria, candidate)) continue;
    drawn.push_back({TicketOf(seed, candidate.worker_id),
                     {candidate.worker_id, candidate.disabled},
                     criteria.disabled_first && candidate.disabled});
  }
  std::sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) {
    if (a.first != b.first) return a.first;
    if (a.ticket != b.ticket) return a.ticket < b.ticket;
    return a.ranked.worker_id < b.ranked.worker_id;
  });
  std::vector<Ranked> ranked;
  ranked.reserve(drawn.size());
  for (const Drawn& d : drawn) ranked.push_back(d.ranked);
  return ranked;
}

ChunkPlan PlanChunk(const PriceSchedule& schedule, const SeatFunding& funding,
                    absl::Span<const Ranked> candidates, int most) {
  ChunkPlan plan;
  SeatFunding part = funding;
  // A new seat takes a slot or ends the plan, so no more of them need be looked at.
  part.seats = static_cast<int>(
      std::min<int64_t>(funding.seats, int64_t{funding.next_seat} + std::max(most, 1) - 1));
  WalkSlots(schedule, part, [&](Slot slot) {
    if (static_cast<int>(plan.slots.size()) >= most) return false;
    if (!slot.held) {
      if (plan.drawn >= static_cast<int>(candidates.size())) return false;
      const Ranked& next = candidates[plan.drawn++];
      slot.worker_id = next.worker_id;
      slot.disabled = next.disabled;
    }
    plan.price += schedule.Price(slot.from, slot.to);
    plan.slots.push_back(slot);
    return true;
  });
  return plan;
}

NamedPlan PlanNamed(const PriceSchedule& schedule, const SeatFunding& funding,
                    absl::flat_hash_set<int64_t> seated,
                    absl::Span<const std::vector<int64_t>> calls) {
  NamedPlan plan;
  SeatDesk desk(schedule, funding);
  for (const std::vector<int64_t>& workers : calls) {
    SeatDesk trial = desk;
    const size_t slots_before = plan.slots.size();
    absl::Status& verdict = plan.verdicts.emplace_back();
    for (int64_t worker : workers) {
      absl::StatusOr<Slot> slot = seated.contains(worker) ? SeatHeld(worker) : trial.Take(worker);
      if (!slot.ok()) {
        verdict = slot.status();
        break;
      }
      plan.slots.push_back(*slot);
    }
    if (!verdict.ok()) {
      plan.slots.resize(slots_before);
      continue;
    }
    desk = trial;
    seated.insert(workers.begin(), workers.end());
  }
  plan.price = funding.money - desk.money();
  return plan;
}

int SeatsPaidFor(const PriceSchedule& schedule, const SeatFunding& funding) {
  SeatFunding open = funding;
  open.seats = 0;  // the open ones one by one, the new ones at once
  int count = 0;
  Rupiah left = funding.money;
  const bool all = WalkSlots(schedule, open, [&](const Slot& slot) {
    ++count;
    left -= schedule.Price(slot.from, slot.to);
    return true;
  });
  if (!all) return count;
  const int fresh = std::max(0, funding.seats - funding.next_seat + 1);
  Extent extent = PaidExtent(schedule, fresh, left);
  const bool part = extent.person_months > int64_t{extent.full_seats} * schedule.size();
  return count + extent.full_seats + (part ? 1 : 0);
}

Rupiah PriceOf(const PriceSchedule& schedule, absl::Span<const Slot> slots) {
  Rupiah price;
  for (const Slot& slot : slots) price += schedule.Price(slot.from, slot.to);
  return price;
}

}  // namespace lingkaran::sponsorship
