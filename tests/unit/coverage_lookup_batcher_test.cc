// Misses join, are bounded, and nobody is forgotten.
#include <thread>

#include "tests/support/gate.h"
#include "tests/support/lookup_asking.h"

namespace lingkaran::coverage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST_F(CoverageLookupBatcher, AThousandCallersOfOneKeyAreOneQuestion) {
  for (const bool follows : {false, true}) {
    Start({.threads = 2}, follows);
    const size_t before = reader_.rounds().size();
    reader_.Hold();
    std::vector<Asker> askers(1'000);
    Ask(askers[0], {Id(5)});
    reader_.AwaitRounds(before + 1);
    std::atomic<size_t> next{1};
    OnThreads(8, [&](int) {
      for (size_t i = next++; i < askers.size(); i = next++) Ask(askers[i], {Id(5)});
    });
    reader_.Release();
    for (Asker& asker : askers) {
      const Told answer = asker.Wait();
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->front().worker_id, 5);
    }
    EXPECT_THAT(reader_.rounds(), SizeIs(before + 1));
    batcher_.reset();
  }
}

TEST_F(CoverageLookupBatcher, AnswersComeInTheOrderOfTheKeys) {
  for (const int threads : {0, 1, 2}) {
    Start({.threads = threads});
    const Told answer = AskAndWait({Id(7), Id(3), Id(2'000), Id(7), Id(1)});
    ASSERT_TRUE(answer.ok()) << answer.status();
    std::vector<int64_t> ids;
    for (const Facts& facts : *answer) ids.push_back(facts.known ? facts.worker_id : 0);
    EXPECT_THAT(ids, ElementsAre(7, 3, 0, 7, 1));
    EXPECT_TRUE(AskAndWait({})->empty());
    batcher_.reset();
  }
}

TEST_F(CoverageLookupBatcher, WhatWaitsTogetherIsAskedTogether) {
  Start({.threads = 1});
  Asker first;
  Occupy(first, {Id(1)});
  std::vector<Asker> askers(50);
  for (size_t i = 0; i < askers.size(); ++i) {
    Ask(askers[i], {Id(100 + static_cast<int64_t>(i)), Id(99)});
  }
  reader_.Release();
  for (Asker& asker : askers) EXPECT_TRUE(asker.Wait().ok());
  ASSERT_THAT(reader_.rounds(), SizeIs(2));
  EXPECT_THAT(reader_.rounds()[1].keys, SizeIs(51));
}

TEST_F(CoverageLookupBatcher, KeysOfOneCallerStayTogether) {
  Start({.threads = 1, .batch_keys = 3});
  Asker first, second, third;
  Occupy(first, {Id(1)});
  Ask(second, {Id(2), Id(3)});
  Ask(third, {Id(4), Id(5), Id(6)});
  reader_.Release();
  EXPECT_TRUE(second.Wait().ok());
  EXPECT_TRUE(third.Wait().ok());
  EXPECT_THAT(reader_.rounds()[1].keys, SizeIs(5));
}

// ---- Errors and limits ----

TEST_F(CoverageLookupBatcher, ErrorsGoToAllAndAreNotKept) {
  Start({.threads = 1});
  reader_.Fail(absl::UnavailableError("down"));
  std::vector<Asker> askers(20);
  Occupy(askers[0], {Id(5)});
  for (size_t i = 1; i < askers.size(); ++i) Ask(askers[i], {Id(5)});
  reader_.Release();
  for (Asker& asker : askers) EXPECT_TRUE(absl::IsUnavailable(asker.Wait().status()));
  EXPECT_THAT(reader_.rounds(), SizeIs(1));
  reader_.Fail(absl::OkStatus());
  EXPECT_EQ(AskAndWait({Id(5)})->front().worker_id, 5);
  EXPECT_THAT(reader_.rounds(), SizeIs(2));
}

TEST_F(CoverageLookupBatcher, TheQueueIsBounded) {
  Start({.threads = 1, .waiting_keys = 3});
  Asker first, second, refused;
  Occupy(first, {Id(1)});
  Ask(second, {Id(2), Id(3)});
  Ask(refused, {Id(1)});  // even where it could join
  ASSERT_TRUE(refused.told()) << "on the caller's thread";
  EXPECT_EQ(ReasonOf(refused.Wait().status()), Reason::kOverloaded);
  reader_.Release();
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_TRUE(second.Wait().ok());
  EXPECT_TRUE(AskAndWait({Id(1), Id(2), Id(3)}).ok()) << "there is room again";
}

TEST_F(CoverageLookupBatcher, WhoHasGivenUpIsNotAskedFor) {
  Start({.threads = 1});
  Asker busy, expired, gone, waits;
  Occupy(busy, {Id(1)});
  Ask(expired, {Id(2)}, {}, {.deadline = absl::Now() - absl::Seconds(1), .gone = nullptr});
  Ask(gone, {Id(3), Id(4)}, {}, {.deadline = absl::InfiniteFuture(), .gone = [] { return true; }});
  Ask(waits, {Id(4)});
  reader_.Release();
  EXPECT_EQ(ReasonOf(expired.Wait().status()), Reason::kDeadlinePassed);
  EXPECT_TRUE(absl::IsCancelled(gone.Wait().status()));
  EXPECT_TRUE(waits.Wait().ok());
  ASSERT_THAT(reader_.rounds(), SizeIs(2));
  EXPECT_THAT(reader_.rounds()[1].keys, ElementsAre(Id(4)));
}

TEST_F(CoverageLookupBatcher, ItsEndEndsThoseWhoWait) {
  Start({.threads = 1});
  Asker under_way, waits;
  Occupy(under_way, {Id(1)});
  Ask(waits, {Id(2)});
  std::promise<absl::Status> work;
  batcher_->Run([&](absl::Status status) { work.set_value(std::move(status)); });
  std::thread end([this] { batcher_.reset(); });
  EXPECT_TRUE(absl::IsCancelled(waits.Wait().status()));
  EXPECT_TRUE(absl::IsCancelled(work.get_future().get()));
  reader_.Release();
  EXPECT_TRUE(under_way.Wait().ok()) << "it waits for those under way";
  end.join();
}

TEST_F(CoverageLookupBatcher, OtherWorkRunsOnItsThreads) {
  for (const int threads : {0, 1}) {
    Start({.threads = threads});
    std::promise<std::thread::id> ran;
    batcher_->Run([&](const absl::Status& status) {
      EXPECT_TRUE(status.ok());
      ran.set_value(std::this_thread::get_id());
    });
    EXPECT_EQ(ran.get_future().get() == std::this_thread::get_id(), threads == 0);
    batcher_.reset();
  }
}

}  // namespace
}  // namespace lingkaran::coverage
