// Misses stay as fresh as asked, whoever they are joined with.
#include "tests/support/lookup_asking.h"

namespace lingkaran::coverage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// ---- Freshness ----

TEST_F(CoverageLookupBatcher, AnAnswerOlderThanTheTokenIsNeverGiven) {
  Start({.threads = 2});
  Asker early, late;
  Occupy(early, {Id(5)});  // the answer as of 10 is on its way
  reader_.Write(11, 8);
  Ask(late, {Id(5)}, {.position = 11});
  reader_.Release();
  EXPECT_EQ(early.Wait()->front().utc_offset_hours, 7);
  const Told fresh = late.Wait();
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(fresh->front().utc_offset_hours, 8);
  EXPECT_GE(fresh->front().position, 11);
}

TEST_F(CoverageLookupBatcher, ATokenThatTheAnswerUnderWayCoversJoins) {
  Start({.threads = 2});
  Asker early, late;
  Occupy(early, {Id(5)});
  Ask(late, {Id(5)}, {.position = 10});
  reader_.Release();
  EXPECT_EQ(late.Wait()->front().position, 10);
  EXPECT_TRUE(early.Wait().ok());
  EXPECT_THAT(reader_.rounds(), SizeIs(1));
}

// A token of long ago, of another call in the batch, makes nobody's answer older than two seconds.
TEST_F(CoverageLookupBatcher, WhoHasNoTokenIsAskedForAsSuchWhoeverAsksToo) {
  Start({.threads = 1}, /*follows=*/true);
  Asker first, with_token, without, same_key;
  Occupy(first, {Id(1)});
  Ask(with_token, {Id(5)}, {.position = 3});
  Ask(without, {Id(6)});
  Ask(same_key, {Id(5)});
  reader_.Release();
  EXPECT_TRUE(with_token.Wait().ok());
  EXPECT_TRUE(without.Wait().ok());
  EXPECT_TRUE(same_key.Wait().ok());
  ASSERT_THAT(reader_.rounds(), SizeIs(2));
  EXPECT_EQ(reader_.rounds()[1].fresh, (Freshness{.position = 3, .recent = true}));
}

TEST_F(CoverageLookupBatcher, ATokenOfAnotherDoesNotStandForTheConfirmation) {
  KnowFive();
  catch_up_ = [] { return absl::UnavailableError("no database"); };
  Start({.threads = 1});
  Asker first, with_token, without;
  Occupy(first, {Id(1)});
  reader_.Write(11, 8);
  Ask(with_token, {Id(5)}, {.position = 3});
  Ask(without, {Id(5)});
  reader_.Release();
  EXPECT_TRUE(with_token.Wait().ok());
  const Told answer = without.Wait();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->front().utc_offset_hours, 8) << "near is not confirmed: the store was asked";
}

TEST_F(CoverageLookupBatcher, FullConsistencyNeverJoinsWhatHasBegun) {
  Start({.threads = 2});
  Asker early, late, later;
  Occupy(early, {Id(5)});
  reader_.Write(11, 8);
  Ask(late, {Id(5)}, {.from_store = true});
  reader_.AwaitRounds(2);
  reader_.Write(12, 9);
  Ask(later, {Id(5)}, {.from_store = true});
  reader_.Release();
  EXPECT_EQ(late.Wait()->front().utc_offset_hours, 8);
  EXPECT_EQ(later.Wait()->front().utc_offset_hours, 9);
  EXPECT_TRUE(early.Wait().ok());
  for (size_t i = 1; i < 3; ++i) EXPECT_TRUE(reader_.rounds()[i].fresh.from_store);
}

TEST_F(CoverageLookupBatcher, FullConsistencyJoinsWhatWaits) {
  Start({.threads = 1});
  Asker busy, plain, full;
  Occupy(busy, {Id(1)});
  Ask(plain, {Id(5)});
  Ask(full, {Id(5)}, {.from_store = true});
  reader_.Write(11, 8);
  reader_.Release();
  EXPECT_EQ(full.Wait()->front().utc_offset_hours, 8);
  EXPECT_TRUE(plain.Wait().ok());
  ASSERT_THAT(reader_.rounds(), SizeIs(2));
  EXPECT_TRUE(reader_.rounds()[1].fresh.from_store);
}

TEST_F(CoverageLookupBatcher, NobodyJoinsAnAnswerThatWouldBeTooOld) {
  Start({.threads = 2});
  Asker early, late;
  Occupy(early, {Id(5)});
  reader_.Write(11, 8);
  steady_.Advance(absl::Seconds(2));  // nearly: a store that hangs
  Ask(late, {Id(5)});
  reader_.AwaitRounds(2);
  reader_.Release();
  EXPECT_EQ(early.Wait()->front().utc_offset_hours, 7);
  EXPECT_EQ(late.Wait()->front().utc_offset_hours, 8);
}

TEST_F(CoverageLookupBatcher, ATokenAheadOfTheLogFailsAlone) {
  for (const int threads : {0, 1}) {
    Start({.threads = threads}, /*follows=*/true);
    Asker busy, ahead, other;
    if (threads > 0) {
      reader_.Hold();
      Ask(busy, {Id(1)});
      reader_.AwaitRounds(1);
    }
    Ask(ahead, {Id(5)}, {.position = 99});
    Ask(other, {Id(5)});
    reader_.Release();
    const Told refused = ahead.Wait();
    EXPECT_EQ(ReasonOf(refused.status()), Reason::kTokenNotYetApplied) << refused.status();
    EXPECT_TRUE(other.Wait().ok());
    batcher_.reset();
  }
}

TEST_F(CoverageLookupBatcher, AnUnconfirmedNearCacheCatchesUpFirst) {
  KnowFive();
  catch_up_ = [this] {
    near_.Confirm(10, steady_.Now());
    return absl::OkStatus();
  };
  Start({.threads = 1});
  const Told answer = AskAndWait({Id(5)});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->front().worker_id, 5);
  EXPECT_EQ(caught_up_, 1);
  EXPECT_THAT(reader_.rounds(), SizeIs(0)) << "the near cache had the member";
  EXPECT_TRUE(AskAndWait({Id(6)}).ok());
  EXPECT_EQ(caught_up_, 1) << "it was confirmed";
  EXPECT_FALSE(reader_.rounds()[0].fresh.from_store);
}

TEST_F(CoverageLookupBatcher, ANearCacheThatFollowsNothingIsMadeToOnce) {
  catch_up_ = [this] {
    near_.Restart(10);
    near_.Confirm(10, steady_.Now());
    return absl::OkStatus();
  };
  Start({.threads = 0});
  EXPECT_TRUE(AskAndWait({Id(5)}, {.from_store = true}).ok());
  EXPECT_EQ(caught_up_, 0);
  EXPECT_TRUE(AskAndWait({Id(5)}).ok());
  EXPECT_EQ(caught_up_, 1);
  EXPECT_FALSE(reader_.rounds()[1].fresh.from_store);
  EXPECT_TRUE(AskAndWait({Id(5)}).ok());
  EXPECT_THAT(reader_.rounds(), SizeIs(2)) << "it has the member now";
}

TEST_F(CoverageLookupBatcher, WithoutConfirmationOnlyTheStoreIsBelieved) {
  near_.Restart(10);
  catch_up_ = [] { return absl::UnavailableError("no database"); };
  Start({.threads = 1});
  EXPECT_TRUE(AskAndWait({Id(5)}).ok());
  ASSERT_THAT(reader_.rounds(), SizeIs(1));
  EXPECT_TRUE(reader_.rounds()[0].fresh.from_store);
}

TEST_F(CoverageLookupBatcher, TheNearCacheLearns) {
  Start({.threads = 1}, /*follows=*/true);
  EXPECT_TRUE(AskAndWait({Id(5), Id(2'000)}).ok());
  Facts facts;
  EXPECT_EQ(near_.Find(Id(5), {}, steady_.Now(), facts), NearCache::LookupResult::kFound);
  EXPECT_EQ(facts.worker_id, 5);
}

}  // namespace
}  // namespace lingkaran::coverage
