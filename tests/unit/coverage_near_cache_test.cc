// The near cache never says what was not true at its position or later, whoever feeds it what.
#include "services/coverage/cache/near_cache.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/near_asking.h"

namespace lingkaran::coverage {
namespace {

using LookupResult = NearCache::LookupResult;

constexpr int64_t kUnlisted = int64_t{1} << 40;  // an id that no entry holds

class CoverageNearCache : public testing::Test {
 protected:
  // Ten people as of position 10, complete.
  void LoadTen() {
    near_.Restart(10);
    near_.BeginLoad();
    std::vector<MemberRecord> rows;
    for (int64_t id = 1; id <= 10; ++id) rows.push_back(Marked(id, 1));
    near_.Load(EntriesOf(rows), 10);
    near_.FinishLoad();
  }
  LookupResult FindAt(absl::Time now, Freshness fresh = {}) {
    Facts facts;
    return near_.Find(PersonKey::OfWorker(1), fresh, now, facts);
  }
  LookupResult Find(const PersonKey& key) {
    known_ = Facts();
    return Ask(near_, key, known_);
  }

  Facts known_;  // what Find found
  NearCache near_{{.members = 64, .window = 4}};
};

// ---- When it answers ----

TEST_F(CoverageNearCache, IsBypassedUntilItIsStarted) {
  EXPECT_EQ(FindAt(kStart, {.position = 0}), LookupResult::kBypassed);
  EXPECT_FALSE(near_.Advance(0, 1, {}));
  EXPECT_FALSE(near_.IsCurrent(1, 0));
  LoadTen();
  near_.Confirm(10, kStart);
  EXPECT_EQ(FindAt(kStart), LookupResult::kFound);
  near_.Bypass();
  EXPECT_EQ(FindAt(kStart), LookupResult::kBypassed);
  EXPECT_EQ(FindAt(kStart, {.position = 3}), LookupResult::kBypassed);
  EXPECT_FALSE(near_.IsCurrent(1, 10));
  EXPECT_FALSE(near_.Advance(10, 11, {}));
  near_.Confirm(10, kStart);
  near_.BeginLoad();
  near_.FinishLoad();
  EXPECT_FALSE(near_.complete());
  EXPECT_EQ(FindAt(kStart), LookupResult::kBypassed);
}

TEST_F(CoverageNearCache, AnswersWithoutTokenForTwoSecondsAfterAConfirmation) {
  LoadTen();
  EXPECT_EQ(FindAt(kStart), LookupResult::kUnconfirmed);
  near_.Confirm(10, kStart);
  EXPECT_EQ(FindAt(kStart), LookupResult::kFound);
  EXPECT_EQ(FindAt(kStart + absl::Seconds(2)), LookupResult::kFound);
  EXPECT_EQ(FindAt(kStart + absl::Seconds(2) + absl::Nanoseconds(1)), LookupResult::kUnconfirmed);
  near_.Confirm(9, kStart + absl::Seconds(1));
  EXPECT_EQ(FindAt(kStart + absl::Seconds(3)), LookupResult::kFound);
  near_.Confirm(10, kStart);  // late news
  EXPECT_EQ(FindAt(kStart + absl::Seconds(3)), LookupResult::kFound);
}

TEST_F(CoverageNearCache, AConfirmationOfWhatItDoesNotHaveDoesNotCount) {
  LoadTen();
  near_.Confirm(11, kStart);
  EXPECT_EQ(FindAt(kStart), LookupResult::kUnconfirmed);
  EXPECT_TRUE(near_.Advance(10, 11, {}));
  EXPECT_EQ(FindAt(kStart), LookupResult::kUnconfirmed);
}

TEST_F(CoverageNearCache, ARestartForgetsTheConfirmation) {
  LoadTen();
  near_.Confirm(10, kStart);
  near_.Restart(10);
  EXPECT_EQ(FindAt(kStart), LookupResult::kUnconfirmed);
}

TEST_F(CoverageNearCache, AnswersTokensUpToItsPosition) {
  LoadTen();
  EXPECT_EQ(FindAt(kStart, {.position = 10}), LookupResult::kFound);
  EXPECT_EQ(FindAt(kStart, {.position = 11}), LookupResult::kBehind);
  EXPECT_EQ(FindAt(kStart, {.position = 10, .from_store = true}), LookupResult::kBypassed);
  EXPECT_TRUE(near_.Advance(10, 11, {}));
  Facts facts;
  EXPECT_EQ(near_.Find(PersonKey::OfWorker(1), {.position = 11}, kStart, facts),
            LookupResult::kFound);
  EXPECT_EQ(facts.position, 11);
  EXPECT_EQ(near_.position(), 11);
}

// ---- Advancing ----

TEST_F(CoverageNearCache, RefusesGapsAndPassesOverWhatItHas) {
  LoadTen();
  EXPECT_FALSE(near_.Advance(11, 12, {Marked(1, 9)}));
  EXPECT_EQ(MarkAt(near_, 1), 1);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(1, 2)}));
  EXPECT_EQ(MarkAt(near_, 1), 2);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(1, 9)}));
  EXPECT_EQ(MarkAt(near_, 1), 2);
  EXPECT_TRUE(near_.Advance(9, 13, {Marked(1, 3)}));  // overlaps
  EXPECT_EQ(MarkAt(near_, 1), 3);
  EXPECT_EQ(near_.position(), 13);
}

TEST_F(CoverageNearCache, WhoIsNoMoreIsNobody) {
  LoadTen();
  EXPECT_TRUE(near_.Advance(10, 11, {Gone(1)}));
  EXPECT_EQ(Find(PersonKey::OfWorker(1)), LookupResult::kFound);
  EXPECT_FALSE(known_.known);
  EXPECT_TRUE(near_.complete());
}

// ---- What was read elsewhere ----

TEST_F(CoverageNearCache, FillsOnlyWhatIsStillRight) {
  near_.Restart(10);
  near_.Fill({AsOf(Marked(1, 1), 9)});  // before the window
  EXPECT_EQ(MarkAt(near_, 1), -1);
  near_.Fill({AsOf(Marked(1, 1), 10)});
  EXPECT_EQ(MarkAt(near_, 1), 1);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(1, 2), Marked(2, 2)}));
  near_.Fill({AsOf(Marked(1, 1), 10), AsOf(Marked(3, 3), 10)});
  EXPECT_EQ(MarkAt(near_, 1), 2);
  EXPECT_EQ(MarkAt(near_, 3), 3);
  near_.Fill({AsOf(Marked(1, 4), 15), AsOf(Gone(3), 15)});  // ahead
  EXPECT_EQ(MarkAt(near_, 1), 4);
  EXPECT_EQ(MarkAt(near_, 3), 3);
}

TEST_F(CoverageNearCache, TheWindowBeginsWithTheLastChangesBeforeARestart) {
  near_.Restart(20, {{1, 15}, {2, 18}});
  EXPECT_EQ(near_.position(), 20);
  EXPECT_FALSE(near_.IsCurrent(3, 13));
  EXPECT_TRUE(near_.IsCurrent(3, 14));
  EXPECT_FALSE(near_.IsCurrent(1, 14));
  EXPECT_TRUE(near_.IsCurrent(1, 15));
  EXPECT_FALSE(near_.IsCurrent(2, 17));
}

TEST_F(CoverageNearCache, TheWindowForgetsTheOldest) {
  near_.Restart(10);
  for (int64_t p = 11; p <= 14; ++p) EXPECT_TRUE(near_.Advance(p - 1, p, {Marked(p, 1)}));
  EXPECT_TRUE(near_.IsCurrent(1, 10));
  EXPECT_TRUE(near_.Advance(14, 15, {Marked(15, 1)}));
  EXPECT_FALSE(near_.IsCurrent(1, 10));
  EXPECT_TRUE(near_.IsCurrent(1, 11));
  EXPECT_TRUE(near_.IsCurrent(11, 11));
  EXPECT_FALSE(near_.IsCurrent(12, 11));
  EXPECT_TRUE(near_.IsCurrent(12, 12));
}

// ---- Completeness ----

TEST_F(CoverageNearCache, AKeyWithoutCodeIsNeverSurelyNobodys) {
  LoadTen();
  EXPECT_EQ(Find(PersonKey::OfNumber("JKK/1")), LookupResult::kMiss);
}

TEST_F(CoverageNearCache, KnowsThatNobodyIsThereWhenItHasEverybody) {
  near_.Restart(10);
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kMiss);
  LoadTen();
  EXPECT_TRUE(near_.complete());
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kFound);
  EXPECT_FALSE(known_.known);
  EXPECT_EQ(known_.position, 10);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(99, 4)}));
  EXPECT_EQ(MarkAt(near_, 99), 4);
  EXPECT_TRUE(near_.complete());
  near_.Restart(11);
  EXPECT_FALSE(near_.complete());
}

TEST_F(CoverageNearCache, NobodyIsNotSureWhileSomethingIsAheadOfIt) {
  LoadTen();
  near_.Fill({AsOf(Marked(1, 2), 12)});
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kMiss);
  EXPECT_TRUE(near_.Advance(10, 12, {Marked(1, 2)}));
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kFound);
  EXPECT_TRUE(near_.Advance(12, 13, {AsOf(Marked(1, 3), 15)}));
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kMiss);
  EXPECT_TRUE(near_.Advance(13, 15, {}));
  EXPECT_EQ(Find(PersonKey::OfWorker(99)), LookupResult::kFound);
}

TEST_F(CoverageNearCache, ALoadTogetherWithChangesIsComplete) {
  near_.Restart(10);
  near_.BeginLoad();
  near_.Load(EntriesOf({Marked(1, 1), Marked(2, 1)}), 10);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(2, 2), Marked(3, 2)}));
  EXPECT_TRUE(near_.Advance(11, 12, {Gone(4)}));
  near_.Load(EntriesOf({Marked(3, 1), Marked(4, 1)}), 10);  // both changed meanwhile
  near_.Load(EntriesOf({Marked(5, 1)}), 13);
  EXPECT_FALSE(near_.complete());
  near_.FinishLoad();
  EXPECT_TRUE(near_.complete());
  EXPECT_EQ(MarkAt(near_, 1), 1);
  EXPECT_EQ(MarkAt(near_, 2), 2);
  EXPECT_EQ(MarkAt(near_, 3), 2);
  EXPECT_EQ(MarkAt(near_, 5), 1);
  EXPECT_EQ(Find(PersonKey::OfWorker(4)),
            LookupResult::kMiss);  // until 13, where the last rows come from
  EXPECT_TRUE(near_.Advance(12, 13, {}));
  EXPECT_EQ(Find(PersonKey::OfWorker(4)), LookupResult::kFound);
  EXPECT_FALSE(known_.known);
}

TEST_F(CoverageNearCache, ALoadThatMayLackSomebodyIsNotComplete) {
  const auto load = [&](int64_t position, auto between) {
    near_.Restart(10);
    near_.BeginLoad();
    between();
    near_.Load(EntriesOf({Marked(1, 1)}), position);
    near_.FinishLoad();
    return near_.complete();
  };
  EXPECT_TRUE(load(10, [] {}));
  EXPECT_FALSE(load(9, [] {})) << "rows of before the window";
  EXPECT_FALSE(load(10, [&] { near_.Restart(10); })) << "restarted";
  EXPECT_FALSE(load(10, [&] { near_.Fill({AsOf(Marked(kUnlisted, 1), 10)}); }))
      << "somebody has no place";
  EXPECT_FALSE(load(10, [&] {
    for (int64_t p = 11; p < 20; ++p) near_.Advance(p - 1, p, {Marked(p, 1)});
  })) << "the window moved on";
  EXPECT_FALSE(load(10, [&] {
    for (int64_t id = 2; id <= 70; ++id) near_.Fill({AsOf(Marked(id, 1), 10)});
  })) << "somebody found no room";
  near_.FinishLoad();
  EXPECT_FALSE(near_.complete()) << "not begun";
}

TEST_F(CoverageNearCache, RowsOfBeforeTheBeginningOfALoadDoNotComplete) {
  // Somebody who came at 11 found no place.
  near_.Restart(10);
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(kUnlisted, 1)}));
  near_.BeginLoad();
  near_.Load(EntriesOf({Marked(2, 1)}), 10);
  near_.FinishLoad();
  EXPECT_EQ(MarkAt(near_, 2), 1);
  EXPECT_FALSE(near_.complete());
}

TEST_F(CoverageNearCache, MorePeopleThanItIsMadeForAreNotComplete) {
  near_.Restart(10);
  near_.BeginLoad();
  for (int64_t id = 1; id <= 65; ++id) near_.Load(EntriesOf({Marked(id, 1)}), 10);
  near_.FinishLoad();
  EXPECT_FALSE(near_.complete());
  EXPECT_EQ(near_.size(), 64u);
  EXPECT_EQ(MarkAt(near_, 65), -1);  // who came first stays
}

TEST_F(CoverageNearCache, IsNoLongerCompleteWhenSomebodyFindsNoRoom) {
  near_.Restart(10);
  near_.BeginLoad();
  for (int64_t id = 1; id <= 64; ++id) near_.Load(EntriesOf({Marked(id, 1)}), 10);
  near_.FinishLoad();
  EXPECT_TRUE(near_.complete());
  EXPECT_TRUE(near_.Advance(10, 11, {Marked(64, 2)}));
  EXPECT_TRUE(near_.complete());
  EXPECT_TRUE(near_.Advance(11, 12, {Marked(65, 1)}));
  EXPECT_FALSE(near_.complete());
  EXPECT_EQ(Find(PersonKey::OfWorker(65)), LookupResult::kMiss);
  EXPECT_EQ(MarkAt(near_, 1), 1);
}

TEST(CoverageNearCacheOptions, WithoutMembersItKeepsNobodyButKnowsTheLog) {
  NearCache near({.members = 0});
  near.Restart(10);
  near.BeginLoad();
  near.Load(EntriesOf({Marked(1, 1)}), 10);
  near.FinishLoad();
  EXPECT_TRUE(near.Advance(10, 11, {Marked(1, 1)}));
  near.Fill({AsOf(Marked(2, 1), 11)});
  EXPECT_EQ(MarkAt(near, 1), -1);
  EXPECT_EQ(MarkAt(near, 2), -1);
  EXPECT_FALSE(near.complete());
  EXPECT_EQ(near.size(), 0u);
  EXPECT_TRUE(near.IsCurrent(2, 10));
  EXPECT_FALSE(near.IsCurrent(1, 10));
}

}  // namespace
}  // namespace lingkaran::coverage
