// The outbox under an operator, without threads, under clocks that jump and at its fail points.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "tests/support/gate.h"
#include "tests/support/outbox_fixture.h"

namespace lingkaran {
namespace {

using sql::Tx;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1'573'000'000);

// One thread, and a clock set by hand.
class PumpedSuite : public OutboxSuite {
 protected:
  PumpedSuite() { outbox_.Register("k", AsTold()); }

  Outbox::Options Manual() {
    Outbox::Options options;
    options.clock = &clock_;
    options.max_attempts = 3;
    return options;
  }

  // Fails as long as `failure_` says so.
  Outbox::Deliver AsTold() {
    return [this](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
      delivered_.Add(m.body);
      if (!failure_.ok()) return failure_;
      return Record(m);
    };
  }

  static bool Pump(Outbox& outbox) {
    const absl::StatusOr<bool> pumped = outbox.Pump();
    EXPECT_TRUE(pumped.ok()) << pumped.status();
    return pumped.value_or(false);
  }

  static absl::Time NextDue(Outbox& outbox) {
    const absl::StatusOr<absl::Time> due = outbox.NextDue();
    EXPECT_TRUE(due.ok()) << due.status();
    return due.value_or(absl::InfinitePast());
  }

  absl::StatusOr<int> Retry(Outbox& outbox, const std::vector<int64_t>& seqs) {
    absl::StatusOr<int> count;
    const absl::Status status = db().Write([&](Tx& tx) {
      count = outbox.Retry(tx, seqs);
      return count.status();
    });
    if (!status.ok()) return status;
    return count;
  }

  // Fails until the row is parked.
  void Park(Outbox& outbox) {
    failure_ = absl::InternalError("this can't be done");
    for (absl::Time due = NextDue(outbox); due < absl::InfiniteFuture(); due = NextDue(outbox)) {
      clock_.Set(std::max(due, clock_.Now()));
      ASSERT_TRUE(Pump(outbox));
    }
    failure_ = absl::OkStatus();
  }

  ManualClock clock_{kStart};
  absl::Status failure_;
  Outbox outbox_{db(), Manual()};
};
LINGKARAN_ON_BOTH_DATABASES(PumpedSuite);

// ---- Without threads ----

TEST_P(PumpedSuite, PumpDeliversWhatIsDueOneByOne) {
  EXPECT_EQ(NextDue(outbox_), absl::InfiniteFuture());
  EXPECT_FALSE(Pump(outbox_));
  Put(outbox_, "a", "1");
  Put(outbox_, "a", "2");
  EXPECT_EQ(NextDue(outbox_), kStart);
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("1"));
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("1", "2"));
  EXPECT_FALSE(Pump(outbox_));
  EXPECT_EQ(NextDue(outbox_), absl::InfiniteFuture());
}

TEST_P(PumpedSuite, TimeIsTheGivenClocks) {
  Put(outbox_, "a", "x");
  failure_ = absl::UnavailableError("not now");
  EXPECT_TRUE(Pump(outbox_));
  const absl::Time due = NextDue(outbox_);
  EXPECT_GT(due, kStart);
  EXPECT_LE(due, kStart + Manual().first_backoff);
  EXPECT_FALSE(Pump(outbox_));
  clock_.Set(due - absl::Milliseconds(1));
  EXPECT_FALSE(Pump(outbox_));
  failure_ = absl::OkStatus();
  clock_.Set(due);
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("x"));
}

TEST_P(PumpedSuite, ALeaseLastsAsLongAsItSays) {
  PutLeased(outbox_, "a", "orphan");
  EXPECT_EQ(NextDue(outbox_), kStart + Manual().lease);
  EXPECT_FALSE(Pump(outbox_));
  clock_.Advance(Manual().lease);
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("orphan"));
}

// ---- Clocks that jump ----

TEST_P(PumpedSuite, AfterTheClockIsSetBackNothingWaitsForAnHour) {
  Put(outbox_, "a", "backed off");
  failure_ = absl::UnavailableError("not now");
  EXPECT_TRUE(Pump(outbox_));
  failure_ = absl::OkStatus();
  PutLeased(outbox_, "b", "orphan");
  Put(outbox_, "c", "new");
  clock_.Advance(-absl::Hours(1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(NextDue(outbox_), clock_.Now());
    EXPECT_TRUE(Pump(outbox_)) << i;
  }
  EXPECT_EQ(Count("outcomes"), 3);
  EXPECT_EQ(NextDue(outbox_), absl::InfiniteFuture());
}

TEST_P(PumpedSuite, ARowWithinTheHorizonIsNotTakenEarly) {
  failure_ = absl::UnavailableError("not now");
  Put(outbox_, "a", "x");
  // Back-offs grow to the longest, and a clock that is a little wrong changes nothing.
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(Pump(outbox_));
    EXPECT_FALSE(Pump(outbox_));
    clock_.Advance(-absl::Seconds(5));
    EXPECT_FALSE(Pump(outbox_));
    clock_.Set(NextDue(outbox_));
  }
  EXPECT_THAT(delivered_.events(), SizeIs(20));
}

TEST_P(PumpedSuite, AfterTheClockIsSetForwardALeaseEndsEarlyAndDoesNoHarm) {
  Outbox first(db(), Manual()), second(db(), Manual());
  second.Register("k", AsTold());
  first.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    if (m.attempts == 1) {
      clock_.Advance(absl::Hours(1));
      EXPECT_TRUE(Pump(second)) << "the lease is over";
    }
    return Record(m);
  });
  Put(first, "a", "x");
  Put(first, "a", "y");
  EXPECT_TRUE(Pump(first));
  EXPECT_THAT(delivered_.events(), ElementsAre("x", "x"));
  EXPECT_THAT(settled_.events(), ElementsAre("x")) << "settled once";
  EXPECT_TRUE(Pump(second));
  EXPECT_THAT(settled_.events(), ElementsAre("x", "y"));
  EXPECT_EQ(Count("outcomes"), 2);
}

// Who lost a lease that way and then fails puts nothing off.
TEST_P(PumpedSuite, AFailureAfterALostLeaseLeavesTheRowToTheOtherOne) {
  Outbox first(db(), Manual()), second(db(), Manual());
  second.Register("k", AsTold());
  first.Register("k", [&](const OutboxMessage&) -> absl::StatusOr<Outbox::Commit> {
    clock_.Advance(absl::Hours(1));
    failure_ = absl::UnavailableError("nor here");
    EXPECT_TRUE(Pump(second));
    return absl::InternalError("too late to matter");
  });
  Put(first, "a", "x");
  EXPECT_TRUE(Pump(first));
  EXPECT_THAT(*first.WaitingFor("a"), HasSubstr("nor here"));
}

// ---- The operator ----

TEST_P(PumpedSuite, WhatIsOwedIsListedInPagesByKeyAndWhetherParked) {
  const std::string request_id = Put(outbox_, "pledge/1", "x");
  Park(outbox_);
  Put(outbox_, "pledge/2", "y");
  Put(outbox_, "pled%", "z");

  const auto all = outbox_.List("", false, 0, 10);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_THAT(*all, SizeIs(3));
  const Outbox::Owed& parked = (*all)[0];
  EXPECT_EQ(parked.request_id, request_id);
  EXPECT_EQ(parked.key, "pledge/1");
  EXPECT_EQ(parked.kind, "k");
  EXPECT_EQ(parked.attempts, 3);
  EXPECT_THAT(parked.last_error, HasSubstr("this can't be done"));
  EXPECT_TRUE(parked.dead_lettered);
  EXPECT_FALSE((*all)[1].dead_lettered);
  EXPECT_EQ((*all)[1].due, clock_.Now());
  EXPECT_LT(parked.seq, (*all)[1].seq);

  EXPECT_THAT(*outbox_.List("pledge/", false, 0, 10), SizeIs(2));
  EXPECT_THAT(*outbox_.List("pled%", false, 0, 10), SizeIs(1)) << "a prefix is no pattern";
  EXPECT_THAT(*outbox_.List("", true, 0, 10), SizeIs(1));
  EXPECT_THAT(*outbox_.List("pledge/2", true, 0, 10), IsEmpty());
  EXPECT_THAT(*outbox_.List("", false, 0, 2), SizeIs(2));
  EXPECT_THAT(*outbox_.List("", false, (*all)[1].seq, 2), SizeIs(1));
  const auto count = outbox_.Count();
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(count->waiting, 3);
  EXPECT_EQ(count->dead_lettered, 1);
}

TEST_P(PumpedSuite, AParkedRowGoesOnWhenTheOperatorSaysSo) {
  Put(outbox_, "a", "stuck");
  Put(outbox_, "a", "behind");
  Park(outbox_);
  EXPECT_FALSE(Pump(outbox_));
  const int64_t seq = (*outbox_.List("a", true, 0, 1))[0].seq;
  // It gets all its attempts anew.
  EXPECT_EQ(*Retry(outbox_, {seq, seq}), 1);
  EXPECT_EQ(NextDue(outbox_), clock_.Now());
  failure_ = absl::InternalError("still not");
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_EQ(outbox_.Count()->dead_lettered, 0);
  failure_ = absl::OkStatus();
  // All that are parked.
  Park(outbox_);
  EXPECT_EQ(outbox_.Count()->dead_lettered, 1);
  EXPECT_EQ(*Retry(outbox_, {}), 1);
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("stuck", "behind"));
  EXPECT_EQ(*Retry(outbox_, {}), 0);
}

TEST_P(PumpedSuite, ARetryOfWhatIsNotOwedChangesNothing) {
  Put(outbox_, "a", "x");
  Park(outbox_);
  const int64_t seq = (*outbox_.List("a", true, 0, 1))[0].seq;
  const absl::Status status = Retry(outbox_, {seq, seq + 1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), Reason::kOwedNotFound);
  EXPECT_EQ(outbox_.Count()->dead_lettered, 1);
}

TEST_P(PumpedSuite, ARetryBringsForwardWhatWaitsLongAndLeavesADeliveryUnderWayAlone) {
  failure_ = absl::UnavailableError("not now");
  Put(outbox_, "a", "x");
  while (NextDue(outbox_) < clock_.Now() + absl::Seconds(10)) {
    clock_.Set(NextDue(outbox_));
    EXPECT_TRUE(Pump(outbox_));
  }
  const int attempts = (*outbox_.List("a", false, 0, 1))[0].attempts;
  const int64_t seq = (*outbox_.List("a", false, 0, 1))[0].seq;
  EXPECT_EQ(*Retry(outbox_, {seq}), 1);
  EXPECT_EQ(NextDue(outbox_), clock_.Now());
  EXPECT_EQ((*outbox_.List("a", false, 0, 1))[0].attempts, attempts) << "it goes on counting";
  outbox_.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    EXPECT_EQ(*Retry(outbox_, {m.seq}), 1);
    EXPECT_FALSE(Pump(outbox_)) << "delivered twice at once";
    return Record(m);
  });
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_THAT(settled_.events(), ElementsAre("x"));
}

TEST_P(PumpedSuite, ARetriedRowIsDeliveredByTheRelay) {
  Outbox::Options options = Fast();
  options.max_attempts = 1;
  Outbox outbox(db(), options);
  std::atomic<bool> mended{false};
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    if (!mended) return absl::InternalError("broken");
    return Record(m);
  });
  outbox.Start();
  Put(outbox, "a", "x");
  ASSERT_TRUE(Eventually([&] { return outbox.Count()->dead_lettered > 0; }));
  mended = true;
  EXPECT_EQ(*Retry(outbox, {}), 1);
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("x"));
}

TEST_P(PumpedSuite, AlarmsAreCountedFromTheLimitOn) {
  std::vector<std::string> events;
  Outbox::Options options = Manual();
  options.count = [&](std::string_view event) { events.emplace_back(event); };
  Outbox outbox(db(), options);
  outbox.Register("k", AsTold());
  Put(outbox, "a", "x");
  testing::internal::CaptureStderr();
  Park(outbox);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(events, ElementsAre("outbox_alarm", "outbox_parked"));
  EXPECT_THAT(log, HasSubstr("\"severity\":\"ERROR\""));
  EXPECT_THAT(log, HasSubstr("outbox_parked"));
  // A peer that is away or has no room is an alarm too, but never parks a row.
  events.clear();
  Put(outbox, "b", "y");
  for (const absl::Status& away :
       {Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable, "nobody is there"),
        Error(absl::StatusCode::kResourceExhausted, Reason::kOverloaded, "too much to do")}) {
    failure_ = away;
    for (int i = 0; i < 4; ++i) {
      clock_.Set(std::max(NextDue(outbox), clock_.Now()));
      EXPECT_TRUE(Pump(outbox));
    }
  }
  EXPECT_EQ(std::count(events.begin(), events.end(), "outbox_alarm"), 6);
  EXPECT_EQ(std::count(events.begin(), events.end(), "outbox_parked"), 0);
  EXPECT_EQ(outbox.Count()->dead_lettered, 1) << "the first one still";
}

// ---- Fail points and crashes ----

struct Crash {};

const std::vector<std::string>& Stages() {
  static const std::vector<std::string> kStages = {"taken", "called", "settled", "committed"};
  return kStages;
}

TEST_P(PumpedSuite, FailPointsArePassedInOrderOnBothWays) {
  std::vector<std::string> all, places;
  for (const std::string& stage : Stages()) all.push_back(absl::StrCat("outbox/k/", stage));
  SetFailPointHook([&](const std::string& place) { places.push_back(place); });
  Put(outbox_, "a", "x");
  EXPECT_TRUE(Pump(outbox_));
  EXPECT_EQ(places, all);
  places.clear();
  EXPECT_TRUE(outbox_.DeliverNow(PutLeased(outbox_, "a", "y")));
  EXPECT_EQ(places, all);
  places.clear();
  failure_ = absl::UnavailableError("not now");
  EXPECT_FALSE(outbox_.DeliverNow(PutLeased(outbox_, "a", "z")));
  EXPECT_THAT(places, ElementsAre("outbox/k/taken"));
  SetFailPointHook(nullptr);
}

TEST_P(PumpedSuite, ACrashAtAnyStageLosesNothingAndDoublesNothing) {
  for (const bool inline_first : {false, true}) {
    for (const std::string& stage : Stages()) {
      SCOPED_TRACE(absl::StrCat(stage, inline_first ? ", inline" : ", relay"));
      const int64_t before = Count("outcomes");
      {
        Outbox dies(db(), Manual());
        dies.Register("k", AsTold());
        OutboxMessage message;
        if (inline_first) {
          message = PutLeased(dies, stage, "x");
        } else {
          Put(dies, stage, "x");
        }
        SetFailPointHook([&](const std::string& place) {
          if (place == absl::StrCat("outbox/k/", stage)) throw Crash();
        });
        if (inline_first) {
          EXPECT_THROW(dies.DeliverNow(message), Crash);
        } else {
          EXPECT_THROW(Pump(dies), Crash);
        }
        SetFailPointHook(nullptr);
      }
      EXPECT_EQ(Count("outcomes"), before + (stage == "committed" ? 1 : 0));
      Outbox next(db(), Manual());
      next.Register("k", AsTold());
      EXPECT_FALSE(Pump(next)) << "the lease holds";
      clock_.Advance(Manual().lease);
      EXPECT_EQ(Pump(next), stage != "committed");
      EXPECT_EQ(Count("outcomes"), before + 1);
      EXPECT_EQ(Count("outbox"), 0);
    }
  }
}

}  // namespace
}  // namespace lingkaran
