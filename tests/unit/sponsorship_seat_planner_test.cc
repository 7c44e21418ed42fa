// The draw, the planning of chunks, work items, replacements.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "lingkaran/internal/v1/work_item.pb.h"
#include "services/sponsorship/domain/replacement.h"
#include "services/sponsorship/domain/seat_planner.h"
#include "services/sponsorship/store/work_items.h"
#include "tests/support/sponsorship_cases.h"

namespace lingkaran::sponsorship {
namespace {

std::vector<Candidate> AnyCandidates(int most) {
  const int count = *rc::gen::inRange(0, most);
  std::vector<Candidate> candidates;
  for (int i = 1; i <= count; ++i) {
    candidates.push_back({i, *rc::gen::inRange(0, 8) == 0,
                          *rc::gen::arbitrary<bool>() ? Sector::kOther : Sector::kTransport,
                          *rc::gen::inRange(17, 66), Rupiah(*rc::gen::inRange(0, 3'000'000))});
  }
  return candidates;
}

TEST(Rank, IsThePublishedDraw) {
  // SHA-256 of "solo:1" begins with 4052, of "solo:2" with f8d1, of "solo:3" with 41d6; anybody can
  // repeat the draw: `printf solo:1 | sha256sum`.
  std::vector<Candidate> candidates(4);
  for (int i = 0; i < 4; ++i) candidates[i].worker_id = i + 1;
  candidates[3].disabled = true;
  const std::vector<Ranked> ranked = Rank({.disabled_first = true}, "solo", candidates);
  ASSERT_EQ(ranked.size(), 4u);
  EXPECT_EQ(ranked[0].worker_id, 4);
  std::vector<int64_t> rest;
  for (size_t i = 1; i < ranked.size(); ++i) rest.push_back(ranked[i].worker_id);
  EXPECT_EQ(rest, (std::vector<int64_t>{1, 3, 2}));
}

TEST(Rank, DoesNotDependOnTheOrderOfTheList) {
  EXPECT_TRUE(rc::check("a shuffled list gives the same draw", [] {
    std::vector<Candidate> candidates = AnyCandidates(60);
    const std::string seed = *rc::gen::string<std::string>();
    const Criteria criteria{.disabled_first = *rc::gen::arbitrary<bool>()};
    const std::vector<Ranked> ranked = Rank(criteria, seed, candidates);
    std::reverse(candidates.begin(), candidates.end());
    std::rotate(candidates.begin(), candidates.begin() + candidates.size() / 3, candidates.end());
    RC_ASSERT(Rank(criteria, seed, candidates) == ranked);
    RC_ASSERT(ranked.size() == candidates.size());
    if (criteria.disabled_first) {
      RC_ASSERT(std::is_partitioned(ranked.begin(), ranked.end(),
                                    [](const Ranked& r) { return r.disabled; }));
    }
  }));
}

TEST(Rank, TakesOnlyWhoMeetsTheCriteria) {
  const Candidate worker{7, false, Sector::kOther, 40, Rupiah(900'000)};
  Candidate unknown_income = worker;
  unknown_income.income = Rupiah();
  EXPECT_TRUE(Meets({}, worker));
  EXPECT_FALSE(Meets({.disabled_only = true}, worker));
  EXPECT_FALSE(Meets({.sector = Sector::kTransport}, worker));
  EXPECT_TRUE(Meets({.min_age_years = 40, .max_age_years = 40}, worker));
  EXPECT_FALSE(Meets({.min_age_years = 41}, worker));
  EXPECT_FALSE(Meets({.max_age_years = 39}, worker));
  EXPECT_TRUE(Meets({.max_income = Rupiah(900'000)}, worker));
  EXPECT_FALSE(Meets({.max_income = Rupiah(899'999)}, worker));
  EXPECT_TRUE(Meets({.max_income = Rupiah(899'999)}, unknown_income));
}

// A pledge as the store keeps it, for the model below.
struct Model {
  struct Seat {
    int64_t worker = 0;
    int paid_to = 0;
    bool skipped = false;
  };
  std::map<int, Seat> seats;
  Rupiah money;
  Rupiah spent;
  size_t drawn = 0;

  std::vector<OpenSeat> Open(int size) const {
    std::vector<OpenSeat> open;
    for (const auto& [number, seat] : seats) {
      if (seat.paid_to < size && !seat.skipped) {
        open.push_back({number, seat.worker, false, seat.paid_to});
      }
    }
    return open;
  }
  int Next() const { return seats.empty() ? 1 : seats.rbegin()->first + 1; }
};

// Runs an allocation to its end; every now and then a worker is refused.
void Allocate(const PriceSchedule& schedule, int seats, const std::vector<Ranked>& ranked,
              bool with_refusals, Model& model) {
  for (auto& [number, seat] : model.seats) seat.skipped = false;
  while (true) {
    const std::vector<OpenSeat> open = model.Open(schedule.size());
    const SeatFunding funding{open, model.Next(), seats, model.money};
    const absl::Span<const Ranked> left =
        absl::MakeConstSpan(ranked).subspan(std::min(model.drawn, ranked.size()));
    const int most = *rc::gen::inRange(1, 5);
    const ChunkPlan plan = PlanChunk(schedule, funding, left, most);
    RC_ASSERT(static_cast<int>(plan.slots.size()) <= most);
    RC_ASSERT(plan.price <= model.money);
    RC_ASSERT(plan.price == PriceOf(schedule, plan.slots));
    if (plan.slots.empty()) {
      const bool ended = SeatsPaidFor(schedule, funding) == 0 || left.empty();
      RC_ASSERT(ended);
      return;
    }
    model.drawn += plan.drawn;
    for (const Slot& slot : plan.slots) {
      Model::Seat& seat = model.seats[slot.seat_number];
      RC_ASSERT(seat.paid_to == slot.from);
      RC_ASSERT(slot.from < slot.to);
      RC_ASSERT(slot.to <= schedule.size());
      RC_ASSERT(slot.held == (seat.worker != 0));
      if (with_refusals && *rc::gen::inRange(0, 5) == 0) {
        seat.skipped = slot.held;
        continue;
      }
      seat.worker = slot.worker_id;
      seat.paid_to = slot.to;
      model.money -= schedule.Price(slot.from, slot.to);
      model.spent += schedule.Price(slot.from, slot.to);
    }
  }
}

TEST(PlanChunk, NeverExceedsSeatsOrMoney) {
  EXPECT_TRUE(rc::check("payments in parts, refusals, several allocations", [] {
    const PriceSchedule schedule = cases::AnySchedule();
    const int seats = *rc::gen::inRange(1, 12);
    const std::vector<Ranked> ranked = Rank({}, "seed", AnyCandidates(30));
    const bool refusals = *rc::gen::arbitrary<bool>();
    Model model;
    Rupiah received;
    const Rupiah invoice = schedule.PerSeat() * seats;
    for (int round = *rc::gen::inRange(1, 4); round > 0; --round) {
      const Rupiah part(*rc::gen::inRange<int64_t>(0, (invoice - received).amount() + 1));
      received += part;
      model.money += part;
      Allocate(schedule, seats, ranked, refusals, model);
    }
    RC_ASSERT(model.money >= Rupiah());
    RC_ASSERT(model.money + model.spent == received);
    RC_ASSERT(model.Next() <= seats + 1);
    std::set<int64_t> workers;
    Rupiah price;
    for (const auto& [number, seat] : model.seats) {
      price += schedule.Price(0, seat.paid_to);
      if (seat.worker != 0) RC_ASSERT(workers.insert(seat.worker).second);
    }
    RC_ASSERT(price == model.spent);
    if (!refusals && static_cast<int>(ranked.size()) >= seats) {
      // The stated order: exactly what the money received pays for.
      RC_ASSERT(model.spent == PaidExtent(schedule, seats, received).cost);
    }
  }));
}

TEST(SeatsPaidFor, CountsWhatChunksThenFill) {
  EXPECT_TRUE(rc::check("with enough candidates all of them are filled", [] {
    const PriceSchedule schedule = cases::AnySchedule();
    const int seats = *rc::gen::inRange(1, 12);
    std::vector<Ranked> ranked;
    for (int i = 1; i <= seats; ++i) ranked.push_back({i, false});
    const SeatFunding funding{
        {},
        1,
        seats,
        Rupiah(*rc::gen::inRange<int64_t>(0, 2 * seats * schedule.PerSeat().amount()))};
    const ChunkPlan plan = PlanChunk(schedule, funding, ranked, 1'000);
    RC_ASSERT(static_cast<int>(plan.slots.size()) == SeatsPaidFor(schedule, funding));
    RC_ASSERT(plan.price == PaidExtent(schedule, seats, funding.money).cost);
  }));
}

TEST(WorkItem, SurvivesItsBody) {
  EXPECT_TRUE(rc::check("body and back", [] {
    WorkItem item{*rc::gen::inRange<int64_t>(1, 1'000'000),
                  *rc::gen::inRange(1, 100),
                  *rc::gen::arbitrary<bool>() ? "t0ken_-" : "",
                  {}};
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      item.slots.push_back({*rc::gen::inRange(1, 1'000'000), *rc::gen::inRange<int64_t>(1, 1 << 30),
                            *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                            *rc::gen::inRange(0, 36), *rc::gen::inRange(0, 37), 20191107});
    }
    const absl::StatusOr<WorkItem> again = ReadWorkItem(WriteWorkItem(item));
    RC_ASSERT(again.ok());
    RC_ASSERT(again->owner_id == item.owner_id);
    RC_ASSERT(again->number == item.number);
    RC_ASSERT(again->token == item.token);
    RC_ASSERT(again->slots == item.slots);
  }));
  EXPECT_FALSE(ReadWorkItem("").ok());
  EXPECT_FALSE(ReadWorkItem("\x07").ok());
}

TEST(WorkItem, IsReadAndWrittenAsTheReleaseBeforeDoes) {
  const std::string text =
      "12 3 t0ken_-\n4 77 0 2 20191107 -\n5 78 1 2 20191108 dh\n6 79 0 2 20191107 d";
  const absl::StatusOr<WorkItem> item = ReadWorkItem(text);
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(WriteWorkItem(*item), text);
  EXPECT_EQ(item->owner_id, 12);
  EXPECT_EQ(item->number, 3);
  EXPECT_EQ(item->token, "t0ken_-");
  EXPECT_EQ(item->slots, (std::vector<Slot>{{4, 77, false, false, 0, 2, 20191107},
                                            {5, 78, true, true, 1, 2, 20191108},
                                            {6, 79, true, false, 0, 2, 20191107}}));
  EXPECT_EQ(ReadWorkItem("12 3 -")->token, "");
  EXPECT_FALSE(ReadWorkItem("1 2").ok());
  EXPECT_FALSE(ReadWorkItem("1 2 -\n1 2 3").ok());
}

TEST(WorkItem, IsReadFromTheFormOfTheNextRelease) {
  internal::v1::WorkItem body;
  body.set_owner_id(12);
  body.set_number(3);
  body.set_token("t0ken_-");
  internal::v1::SeatSlot* const slot = body.add_slots();
  slot->set_seat_number(5);
  slot->set_worker_id(78);
  slot->set_disabled(true);
  slot->set_held(true);
  slot->set_from_index(1);
  slot->set_to_index(2);
  slot->set_first_day(20191108);
  const absl::StatusOr<WorkItem> item = ReadWorkItem(body.SerializeAsString());
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->owner_id, 12);
  EXPECT_EQ(item->number, 3);
  EXPECT_EQ(item->token, "t0ken_-");
  EXPECT_EQ(item->slots, (std::vector<Slot>{{5, 78, true, true, 1, 2, 20191108}}));
}

PriceSchedule Solo() {
  std::vector<SeatMonth> months;
  for (int32_t month : {201911, 201912, 202001}) {
    months.push_back({Programme::kJkk, month, Rupiah(10'000)});
    months.push_back({Programme::kJkm, month, Rupiah(6'800)});
  }
  return *PriceSchedule::Make(months);
}

TEST(Replacement, CutsASeatAtAMonth) {
  const PriceSchedule schedule = Solo();
  const HeldSeat seat{1, 7, false, 0, 6};
  EXPECT_EQ(*CutOf(schedule, seat, 0), 0);
  EXPECT_EQ(*CutOf(schedule, seat, 201912), 2);
  EXPECT_EQ(*CutOf(schedule, seat, 202001), 4);
  EXPECT_FALSE(CutOf(schedule, seat, 202002).ok());
  // A holder who came later never gives up what the one before had.
  EXPECT_EQ(*CutOf(schedule, {1, 8, false, 2, 6}, 0), 2);
  // Only what is paid can move.
  EXPECT_FALSE(CutOf(schedule, {1, 7, false, 0, 4}, 202001).ok());
}

TEST(Replacement, AcceptsOnlyWhatTheSeatHolds) {
  const PriceSchedule schedule = Solo();
  const HeldSeat seat{1, 7, false, 0, 4};
  EXPECT_TRUE(CheckRevoked(schedule, seat, 2,
                           {{Programme::kJkm, 201912, Rupiah(6'800)},
                            {Programme::kJkk, 201912, Rupiah(10'000)}})
                  .ok());
  EXPECT_FALSE(CheckRevoked(schedule, seat, 2, {{Programme::kJkk, 201912, Rupiah(10'000)}}).ok());
  EXPECT_FALSE(CheckRevoked(schedule, seat, 2,
                            {{Programme::kJkm, 201912, Rupiah(6'801)},
                             {Programme::kJkk, 201912, Rupiah(10'000)}})
                   .ok());
  EXPECT_FALSE(CheckRevoked(schedule, seat, 2, {}).ok());
}

TEST(Replacement, InsuresNobodyForDaysGoneBy) {
  // Not begun: the pledge's first day.
  EXPECT_EQ(FirstCoveredDay(20191107, 201911, Day(2019, 11, 5)), 20191107);
  EXPECT_EQ(FirstCoveredDay(20191107, 201912, Day(2019, 11, 20)), 20191107);
  // Begun: today.
  EXPECT_EQ(FirstCoveredDay(20191107, 201911, Day(2019, 11, 8)), 20191108);
  EXPECT_EQ(FirstCoveredDay(20191107, 201912, Day(2019, 12, 3)), 20191203);
}

}  // namespace
}  // namespace lingkaran::sponsorship
