// The checker against what is known: hand-written histories, every order of small ones, objects
// that are right and objects with a bug.
#include "tests/history/wgl.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/history/models.h"
#include "tests/history/objects.h"

namespace lingkaran::history {
namespace {

// A register: write(value), read() -> value, and compare-and-set(old, new) -> 1 if it was old.
class RegisterModel final : public Model {
 public:
  enum Kind { kWrite, kRead, kSwap };
  State Start() const override { return {0}; }
  bool Apply(const Operation& operation, State& state) const override {
    switch (operation.kind) {
      case kWrite:
        state[0] = operation.asked[0];
        return true;
      case kRead:
        return !operation.known() || operation.got[0] == state[0];
      default: {
        const bool fits = state[0] == operation.asked[0];
        if (operation.known() && operation.got[0] != (fits ? 1 : 0)) return false;
        if (fits) state[0] = operation.asked[1];
        return true;
      }
    }
  }
  bool MayChange(const Operation& operation) const override {
    return operation.kind == kWrite ||
           (operation.kind == kSwap && !(operation.known() && operation.got[0] == 0));
  }
  std::string Text(const Operation& operation) const override {
    return absl::StrCat(operation.kind);
  }
};

Operation Write(int64_t called, int64_t answered, int64_t value) {
  return {RegisterModel::kWrite, called, answered, {value}, {}};
}
Operation Read(int64_t called, int64_t answered, int64_t value) {
  return {RegisterModel::kRead, called, answered, {}, {value}};
}
Operation Swap(int64_t called, int64_t answered, int64_t from, int64_t to, int64_t done) {
  return {RegisterModel::kSwap, called, answered, {from, to}, {done}};
}

struct Case {
  const char* name;
  bool good;
  std::vector<Operation> history;
};
Case Right(const char* name, std::vector<Operation> history) {
  return {name, true, std::move(history)};
}
Case Wrong(const char* name, std::vector<Operation> history) {
  return {name, false, std::move(history)};
}

void ExpectVerdicts(const Model& model, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const CheckResult result = Check(model, c.history);
    EXPECT_EQ(result.verdict, c.good ? Verdict::kLinearizable : Verdict::kViolation)
        << c.name << "\n"
        << Describe(model, c.history, result);
    // The order of the operations in the list is nobody's business.
    std::vector<Operation> reversed(c.history.rbegin(), c.history.rend());
    EXPECT_EQ(Check(model, reversed).verdict, result.verdict) << c.name;
  }
}

TEST(WglTest, Register) {
  ExpectVerdicts(
      RegisterModel(),
      {
          Right("nothing", {}),
          Right("one after another", {Write(1, 2, 7), Read(3, 4, 7)}),
          Right("initial value", {Read(1, 2, 0)}),
          Wrong("out of thin air", {Read(1, 2, 5)}),
          Wrong("stale read", {Write(1, 2, 7), Write(3, 4, 8), Read(5, 6, 7)}),
          Right("overlapping read sees the old", {Write(1, 4, 7), Read(2, 3, 0)}),
          Right("overlapping read sees the new", {Write(1, 4, 7), Read(2, 3, 7)}),
          Wrong("new, then old again", {Write(1, 9, 7), Read(2, 3, 7), Read(4, 5, 0)}),
          Right("old, then new", {Write(1, 9, 7), Read(2, 3, 0), Read(4, 5, 7)}),
          Wrong("read of the future", {Read(1, 2, 7), Write(3, 4, 7)}),
          Right("moments that touch overlap", {Read(1, 3, 7), Write(3, 4, 7)}),
          Right("two overlapping writes, either order",
                {Write(1, 4, 1), Write(2, 3, 2), Read(5, 6, 1), Read(7, 8, 1)}),
          Wrong("two readers disagree on the order",
                {Write(1, 2, 1), Write(1, 2, 2), Read(3, 4, 1), Read(5, 6, 2)}),
          Right("unknown write never seen", {Write(1, kNever, 7), Read(3, 4, 0)}),
          Right("unknown write seen at once", {Write(1, kNever, 7), Read(3, 4, 7)}),
          Right("unknown write seen later", {Write(1, kNever, 7), Read(3, 4, 0), Read(5, 6, 7)}),
          Wrong("unknown write comes and goes",
                {Write(1, kNever, 7), Read(3, 4, 7), Read(5, 6, 0)}),
          Wrong("unknown write before it was called", {Read(1, 2, 7), Write(3, kNever, 7)}),
          Right("unknown write overwrites late",
                {Write(1, kNever, 7), Write(2, 3, 8), Read(4, 5, 8), Read(6, 7, 7)}),
          Wrong("unknown write counts once",
                {Write(1, kNever, 7), Read(2, 3, 7), Write(4, 5, 8), Read(6, 7, 7)}),
          Wrong("both swaps win", {Swap(1, 4, 0, 1, 1), Swap(2, 3, 0, 2, 1)}),
          Right("one swap wins", {Swap(1, 4, 0, 1, 0), Swap(2, 3, 0, 2, 1), Read(5, 6, 2)}),
          Wrong("lost update", {Swap(1, 2, 0, 1, 1), Read(3, 4, 0)}),
          Right("unknown swap explains a failed one",
                {Swap(1, kNever, 0, 1, 0), Swap(2, 3, 0, 2, 0), Read(4, 5, 1)}),
      });
}

Operation Op(int kind, int64_t called, int64_t answered, State asked, State got) {
  return {kind, called, answered, std::move(asked), std::move(got)};
}

TEST(ModelTest, Cover) {
  using M = CoverModel;
  ExpectVerdicts(
      M(),
      {
          Right("activated, seen, taken back",
                {Op(M::kActivate, 1, 2, {7, 3}, {kOk, 1}), Op(M::kCheck, 3, 4, {0}, {3, 1}),
                 Op(M::kRevoke, 5, 6, {7}, {3, 2}), Op(M::kCheck, 7, 8, {2}, {0, 2})}),
          Wrong("two sources pay the same month", {Op(M::kActivate, 1, 4, {7, 2}, {kOk, 1}),
                                                   Op(M::kActivate, 2, 3, {8, 3}, {kOk, 2})}),
          Right("one of two sources is refused", {Op(M::kActivate, 1, 4, {7, 2}, {kOk, 1}),
                                                  Op(M::kActivate, 2, 3, {8, 3}, {kRefused, 2})}),
          Wrong("half a line is booked",
                {Op(M::kActivate, 1, 2, {7, 3}, {kOk, 1}), Op(M::kCheck, 3, 4, {0}, {1, 1})}),
          Wrong("older than its token",
                {Op(M::kActivate, 1, 2, {7, 3}, {kOk, 5}), Op(M::kCheck, 1, 4, {5}, {0, 4})}),
          Right("no token, overlapping: old is fine",
                {Op(M::kActivate, 1, 5, {7, 3}, {kOk, 5}), Op(M::kCheck, 2, 4, {0}, {0, 4})}),
          Wrong("an answer says it has seen what it has not",
                {Op(M::kActivate, 1, 5, {7, 3}, {kOk, 5}), Op(M::kCheck, 2, 4, {0}, {0, 5})}),
          Wrong("positions run backwards",
                {Op(M::kActivate, 1, 2, {7, 3}, {kOk, 5}), Op(M::kRevoke, 3, 4, {7}, {3, 4})}),
          Right("an unknown activation explains a refusal",
                {Op(M::kActivate, 1, kNever, {7, 3}, {}),
                 Op(M::kActivate, 2, 3, {8, 3}, {kRefused, 2})}),
          Wrong("refused by nobody", {Op(M::kActivate, 2, 3, {8, 3}, {kRefused, 2})}),
          Wrong("takes back what another paid",
                {Op(M::kActivate, 1, 2, {7, 3}, {kOk, 1}), Op(M::kRevoke, 3, 4, {8}, {3, 2})}),
      });
}

TEST(ModelTest, Member) {
  using M = MemberModel;
  ExpectVerdicts(
      M(5), {
                Right("withdrawn, moved, dead",
                      {Op(M::kWithdraw, 1, 2, {20191104}, {kOk, 6, 20191104, 0}),
                       Op(M::kWithdraw, 3, 4, {20191106}, {kOk, 7, 20191106, 0}),
                       Op(M::kReportDeath, 5, 6, {20191103}, {kOk, 8, 20191106, 20191103}),
                       Op(M::kWithdraw, 7, 8, {20191101}, {kRefused}),
                       Op(M::kGet, 9, 10, {}, {kOk, 8, 20191106, 20191103}),
                       Op(M::kCheck, 9, 10, {8, 20191105}, {M::kDeceased})}),
                Right("the same day again changes nothing",
                      {Op(M::kWithdraw, 1, 2, {20191104}, {kOk, 6, 20191104, 0}),
                       Op(M::kWithdraw, 3, 4, {20191104}, {kOk, 6, 20191104, 0})}),
                Wrong("a version is skipped",
                      {Op(M::kWithdraw, 1, 2, {20191104}, {kOk, 7, 20191104, 0})}),
                Wrong("lost update", {Op(M::kWithdraw, 1, 4, {20191104}, {kOk, 6, 20191104, 0}),
                                      Op(M::kWithdraw, 2, 3, {20191106}, {kOk, 6, 20191106, 0})}),
                Right("coverage has not heard of it yet",
                      {Op(M::kWithdraw, 1, 2, {20191104}, {kOk, 6, 20191104, 0}),
                       Op(M::kCheck, 0, 4, {5, 20191105}, {M::kCovered})}),
                Wrong("coverage ignores the token",
                      {Op(M::kWithdraw, 1, 2, {20191104}, {kOk, 6, 20191104, 0}),
                       Op(M::kCheck, 0, 4, {6, 20191105}, {M::kCovered})}),
                Wrong("coverage knows the future",
                      {Op(M::kCheck, 0, 1, {5, 20191105}, {M::kWithdrawn}),
                       Op(M::kWithdraw, 2, 3, {20191104}, {kOk, 6, 20191104, 0})}),
                Right("the day of death itself is covered",
                      {Op(M::kReportDeath, 1, 2, {20191105}, {kOk, 6, 0, 20191105}),
                       Op(M::kCheck, 1, 4, {6, 20191105}, {M::kCovered})}),
                Wrong("the dead withdraw",
                      {Op(M::kReportDeath, 1, 2, {20191103}, {kOk, 6, 0, 20191103}),
                       Op(M::kWithdraw, 3, 4, {20191104}, {kOk, 7, 20191104, 20191103})}),
            });
}

TEST(ModelTest, Pledge) {
  using M = PledgeModel;
  const auto pay = [](int64_t called, int64_t answered, int64_t reference, int64_t amount,
                      State got) {
    return Op(M::kPay, called, answered, {reference, amount}, std::move(got));
  };
  ExpectVerdicts(
      M(1'000),
      {
          Right("paid, refunded, read",
                {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                 Op(M::kRefund, 3, 4, {2, 100}, {kOk, 100, 600, 500, 100, 0}),
                 Op(M::kGet, 5, 6, {}, {kOk, 600, 500, 100, 0})}),
          Right("more than the invoice becomes credit",
                {pay(1, 2, 1, 1'300, {kOk, 0, 1'000, 300, 1'000, 1'000, 0, 0}),
                 Op(M::kRefund, 3, 4, {2, 0}, {kOk, 1'300, 1'000, 0, 1'000, 0})}),
          Right("the same reference again", {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                                             pay(3, 4, 1, 600, {kOk, 1, 600, 0, 600, 600, 0, 0}),
                                             pay(5, 6, 1, 500, {kConflict})}),
          Wrong("doubled payment", {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                                    pay(3, 4, 1, 600, {kOk, 0, 400, 200, 1'000, 1'000, 0, 0})}),
          Wrong("an unknown payment counts once",
                {pay(1, kNever, 1, 300, {}), Op(M::kGet, 2, 3, {}, {kOk, 600, 600, 0, 0})}),
          Right("an unknown payment arrives later",
                {pay(1, kNever, 1, 300, {}), Op(M::kGet, 2, 3, {}, {kOk, 0, 0, 0, 0}),
                 Op(M::kGet, 4, 5, {}, {kOk, 300, 300, 0, 0})}),
          Wrong("two refunds of the same money",
                {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                 Op(M::kRefund, 3, 6, {2, 600}, {kOk, 600, 600, 0, 600, 0}),
                 Op(M::kRefund, 4, 5, {3, 600}, {kOk, 600, 600, 0, 600, 0})}),
          Right("one of two refunds finds nothing left",
                {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                 Op(M::kRefund, 3, 6, {2, 600}, {kExhausted}),
                 Op(M::kRefund, 4, 5, {3, 600}, {kOk, 600, 600, 0, 600, 0})}),
          Wrong("torn read", {pay(1, 4, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                              Op(M::kGet, 2, 3, {}, {kOk, 600, 0, 0, 0})}),
          Right("cancelled: what was available is credit, nothing more comes in",
                {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                 Op(M::kCancel, 3, 4, {}, {kOk, 600, 0, 0, 600}), pay(5, 6, 2, 100, {kRefused}),
                 pay(7, 8, 1, 600, {kOk, 1, 600, 0, 600, 0, 0, 600})}),
          Right("a reference of a refund pays nothing",
                {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                 Op(M::kRefund, 3, 4, {2, 100}, {kOk, 100, 600, 500, 100, 0}),
                 pay(5, 6, 2, 100, {kConflict}), Op(M::kRefund, 7, 8, {1, 0}, {kConflict})}),
          Wrong("money is created", {pay(1, 2, 1, 600, {kOk, 0, 600, 0, 600, 600, 0, 0}),
                                     Op(M::kGet, 3, 4, {}, {kOk, 600, 700, 0, 0})}),
      });
}

// The same verdict by trying every order of the operations, with every choice of the unknown ones.
bool BruteForce(const Model& model, const std::vector<Operation>& history) {
  std::vector<int> unknown;
  for (size_t i = 0; i < history.size(); ++i) {
    if (!history[i].known()) unknown.push_back(static_cast<int>(i));
  }
  for (int chosen = 0; chosen < 1 << unknown.size(); ++chosen) {
    std::vector<int> order;
    for (size_t i = 0; i < history.size(); ++i) {
      const auto place = std::find(unknown.begin(), unknown.end(), static_cast<int>(i));
      if (place == unknown.end() || (chosen >> (place - unknown.begin()) & 1) != 0) {
        order.push_back(static_cast<int>(i));
      }
    }
    do {
      bool good = true;
      State state = model.Start();
      for (size_t i = 0; i < order.size() && good; ++i) {
        for (size_t j = i + 1; j < order.size() && good; ++j) {
          good = history[order[j]].answered >= history[order[i]].called;
        }
        good = good && model.Apply(history[order[i]], state);
      }
      if (good) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

uint64_t Seed() {
  uint64_t seed = 1;
  if (const char* set = std::getenv("LINGKARAN_TEST_SEED")) (void)absl::SimpleAtoi(set, &seed);
  return seed;
}

TEST(WglTest, AgreesWithEveryOrderOfSmallHistories) {
  std::mt19937_64 random(Seed());
  int good = 0, bad = 0;
  for (int i = 0; i < 30'000; ++i) {
    const Kind kind = static_cast<Kind>(i % 3);
    const std::vector<Bug> bugs = BugsOf(kind);
    const Bug bug = i % 2 == 0 ? Bug::kNone : bugs[random() % bugs.size()];
    SimulationOptions options;
    options.operations = 3 + static_cast<int>(random() % 4);
    options.clients = 2 + static_cast<int>(random() % 3);
    options.unknown_percent = 20;
    std::vector<Operation> history = Simulate(kind, bug, random(), options);
    const std::unique_ptr<Model> model = MakeModel(kind);
    // Some answers come out at random: many ways to be wrong, and few to be right by chance.
    if (i % 4 == 0) {
      Operation& one = history[random() % history.size()];
      if (!one.got.empty())
        one.got[random() % one.got.size()] += static_cast<int64_t>(random() % 3) - 1;
    }
    const bool expected = BruteForce(*model, history);
    const CheckResult result = Check(*model, history);
    ASSERT_EQ(result.verdict, expected ? Verdict::kLinearizable : Verdict::kViolation)
        << "seed " << Seed() << ", history " << i << ", " << BugName(bug) << "\n"
        << Describe(*model, history, result);
    ++(expected ? good : bad);
  }
  EXPECT_GT(good, 5'000);
  EXPECT_GT(bad, 5'000);
}

TEST(WglTest, RegistersAtRandomAgreeWithEveryOrder) {
  std::mt19937_64 random(Seed() + 1);
  const auto below = [&](int64_t n) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
  };
  int good = 0, bad = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::vector<Operation> history;
    const int64_t operations = 2 + below(5);
    for (int j = 0; j < operations; ++j) {
      const int64_t called = below(12);
      const int64_t answered = below(5) == 0 ? kNever : called + below(6);
      switch (below(3)) {
        case 0:
          history.push_back(Write(called, answered, below(3)));
          break;
        case 1:
          history.push_back(Read(called, called + below(6), below(3)));
          break;
        default:
          history.push_back(Swap(called, answered, below(3), below(3), below(2)));
      }
    }
    const bool expected = BruteForce(RegisterModel(), history);
    const CheckResult result = Check(RegisterModel(), history);
    ASSERT_EQ(result.verdict, expected ? Verdict::kLinearizable : Verdict::kViolation)
        << "seed " << Seed() << ", history " << i << "\n"
        << Describe(RegisterModel(), history, result);
    ++(expected ? good : bad);
  }
  EXPECT_GT(good, 5'000);
  EXPECT_GT(bad, 5'000);
}

TEST(WglTest, TakesWhatIsRight) {
  for (const Kind kind : {Kind::kCover, Kind::kMember, Kind::kPledge}) {
    const std::unique_ptr<Model> model = MakeModel(kind);
    for (uint64_t i = 0; i < 150; ++i) {
      SimulationOptions options;
      options.operations = 100;
      options.clients = 2 + static_cast<int>(i % 6);
      const std::vector<Operation> history = Simulate(kind, Bug::kNone, Seed() + i, options);
      const CheckResult result = Check(*model, history);
      ASSERT_EQ(result.verdict, Verdict::kLinearizable)
          << "kind " << static_cast<int>(kind) << ", seed " << Seed() + i << "\n"
          << Describe(*model, history, result);
    }
  }
}

TEST(WglTest, FindsEachBug) {
  for (const Kind kind : {Kind::kCover, Kind::kMember, Kind::kPledge}) {
    const std::unique_ptr<Model> model = MakeModel(kind);
    for (const Bug bug : BugsOf(kind)) {
      int caught = 0;
      for (uint64_t i = 0; i < 20; ++i) {
        SimulationOptions options;
        options.operations = 100;
        const CheckResult result = Check(*model, Simulate(kind, bug, Seed() + i, options));
        EXPECT_NE(result.verdict, Verdict::kTooHard);
        caught += result.verdict == Verdict::kViolation ? 1 : 0;
      }
      EXPECT_GE(caught, 10) << BugName(bug) << " of kind " << static_cast<int>(kind);
    }
  }
}

TEST(WglTest, SaysWhatIsTooHard) {
  std::vector<Operation> history;
  for (int i = 1; i <= 40; ++i) history.push_back(Write(1, 1'000, i));
  history.push_back(Read(2'000, 2'001, 0));
  const CheckResult result = Check(RegisterModel(), history, 10'000);
  EXPECT_EQ(result.verdict, Verdict::kTooHard);
  EXPECT_LE(result.steps, 10'001);
}

// Reads by the hundred that all overlap: each takes effect as soon as it can.
TEST(WglTest, ReadsCostLittle) {
  std::vector<Operation> history;
  for (int i = 1; i <= 20; ++i) history.push_back(Write(10 * i, 10 * i + 5, i));
  for (int i = 0; i < 300; ++i) history.push_back(Read(1, 1'000, 1 + i % 20));
  const CheckResult good = Check(RegisterModel(), history);
  EXPECT_EQ(good.verdict, Verdict::kLinearizable);
  history.push_back(Read(1, 1'000, 21));
  const CheckResult bad = Check(RegisterModel(), history);
  EXPECT_EQ(bad.verdict, Verdict::kViolation);
  EXPECT_LT(good.steps + bad.steps, 60'000);
}

TEST(WglTest, DescribesWhereItStuck) {
  const std::vector<Operation> history = {Write(1'000, 2'000, 7), Read(3'000, 4'000, 8)};
  const CheckResult result = Check(RegisterModel(), history);
  EXPECT_EQ(result.order, std::vector<int>{0});
  const std::string text = Describe(RegisterModel(), history, result);
  EXPECT_NE(text.find("?!"), std::string::npos) << text;
}

}  // namespace
}  // namespace lingkaran::history
