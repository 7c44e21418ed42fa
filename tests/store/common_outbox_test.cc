// The outbox on both databases: what is put is delivered, in order per key, and settled once.
#include "common/outbox/outbox.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "tests/support/gate.h"
#include "tests/support/outbox_fixture.h"

namespace lingkaran {
namespace {

using sql::Tx;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

LINGKARAN_ON_BOTH_DATABASES(OutboxSuite);

TEST_P(OutboxSuite, DeliversWhatIsCommittedAndNothingElse) {
  Outbox outbox(db(), Fast());
  OutboxMessage seen;
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    seen = m;
    return Record(m);
  });
  outbox.Start();
  EXPECT_FALSE(db().Write([&](Tx& tx) {
                     outbox.Put(tx, "a", "k", "never");
                     return absl::InternalError("no");
                   })
                   .ok());
  const std::string request_id = Put(outbox, "a", "body ✓");
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("body ✓"));
  outbox.Stop();
  EXPECT_EQ(seen.request_id, request_id);
  EXPECT_THAT(request_id, SizeIs(36));
  EXPECT_EQ(seen.key, "a");
  EXPECT_EQ(seen.attempts, 1);
  EXPECT_EQ(Count("outbox"), 0);
  EXPECT_EQ(Count("outcomes"), 1);
}

TEST_P(OutboxSuite, WhatWaitedBeforeTheStartIsDelivered) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", Always());
  Put(outbox, "a", "1");
  Put(outbox, "a", "2");
  outbox.Start();
  EXPECT_THAT(settled_.WaitFor(2), ElementsAre("1", "2"));
}

TEST_P(OutboxSuite, KeepsTheOrderOfAKeyThroughFailures) {
  constexpr int kKeys = 4, kRows = 12;
  Outbox::Options options = Fast();
  options.threads = 4;
  Outbox outbox(db(), options);
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    // Every third row fails twice.
    if (m.seq % 3 == 0 && m.attempts <= 2) return absl::UnavailableError("not now");
    return Record(m);
  });
  outbox.Start();
  OnThreads(kKeys, [&](int key) {
    for (int row = 0; row < kRows; ++row) {
      Put(outbox, "key" + std::to_string(key),
          std::to_string(key) + "/" + std::to_string(100 + row));
    }
  });
  settled_.WaitFor(kKeys * kRows);
  outbox.Stop();
  EXPECT_EQ(Count("outcomes"), kKeys * kRows);
  // No delivery of a key's row begins before the row ahead of it is settled: deliveries of a key
  // never go back.
  std::map<std::string, std::string> last;
  for (const std::string& event : delivered_.events()) {
    const std::string key = event.substr(0, event.find('/'));
    EXPECT_GE(event, last[key]);
    last[key] = event;
  }
}

TEST_P(OutboxSuite, ARowThatItsCallerNeverDeliversIsDeliveredAfterTheLease) {
  Outbox::Options options = Fast();
  options.lease = absl::Milliseconds(30);
  Outbox outbox(db(), options);
  outbox.Register("k", Always());
  outbox.Start();
  PutLeased(outbox, "a", "orphan");
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("orphan"));
}

TEST_P(OutboxSuite, TwoDeliverersOfOneRowSettleItOnce) {
  // The first delivery outlasts its lease; the second takes over; both are decided.
  Outbox::Options options = Fast();
  options.lease = absl::Milliseconds(30);
  Outbox first(db(), options), second(db(), options);
  auto both = [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.request_id);
    delivered_.WaitFor(2);
    return Record(m);
  };
  first.Register("k", both);
  second.Register("k", both);
  // The first one's relay, which would renew the lease, does not run: as if its process hung.
  const OutboxMessage message = PutLeased(first, "a", "once");
  const std::string request_id = message.request_id;
  std::thread hung([&] { first.DeliverNow(message); });
  delivered_.WaitFor(1);
  second.Start();
  settled_.WaitFor(1);
  hung.join();
  second.Stop();
  EXPECT_GE(delivered_.events().size(), 2u);
  const std::vector<std::string> events = delivered_.events();
  EXPECT_THAT(std::set<std::string>(events.begin(), events.end()), ElementsAre(request_id));
  EXPECT_EQ(Count("outcomes"), 1);
  EXPECT_EQ(Count("outbox"), 0);
}

TEST_P(OutboxSuite, ADeliveryUnderWayKeepsItsLease) {
  ManualClock clock(absl::Now());
  Outbox::Options options = Fast();
  options.clock = &clock;
  options.lease = absl::Milliseconds(60);
  options.threads = 1;  // so that the slow one takes the slow row only
  Outbox slow(db(), options), idle(db(), options);
  Journal release;
  slow.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    release.WaitFor(1);
    return Record(m);
  });
  idle.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    return Record(m);
  });
  Put(slow, "a", "long");
  slow.Start();
  delivered_.WaitFor(1);
  idle.Start();
  // For three leases, by a clock that moves on when a lease was renewed, the idle relay keeps busy
  // with other keys and never sees the slow row free.
  for (int i = 0; i < 9; ++i) {
    clock.Advance(options.lease / 3);
    const int64_t renewed = absl::ToUnixMillis(clock.Now() + options.lease);
    const bool is_renewed = Eventually([&] {
      return Count(absl::StrCat("outbox WHERE key = 'a' AND due_time >= ", renewed)) == 1;
    });
    EXPECT_TRUE(is_renewed);
    if (!is_renewed) break;
    Put(idle, absl::StrCat("b", i), "other");
    settled_.WaitFor(static_cast<size_t>(i) + 1);
  }
  release.Add("go");
  slow.Stop();
  idle.Stop();
  const std::vector<std::string> events = delivered_.events();
  EXPECT_EQ(std::count(events.begin(), events.end(), "long"), 1);
}

TEST_P(OutboxSuite, ASettleThatFailsKeepsTheRow) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    const Outbox::Commit record = Record(m);
    return Outbox::Commit([m, record](Tx& tx) -> absl::Status {
      RETURN_IF_ERROR(record(tx));
      return m.attempts < 3 ? absl::FailedPreconditionError("not yet") : absl::OkStatus();
    });
  });
  outbox.Start();
  Put(outbox, "a", "x");
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("x"));
  outbox.Stop();
  EXPECT_EQ(Count("outcomes"), 1);
}

TEST_P(OutboxSuite, ADelivererThatThrowsIsTriedAgain) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    if (m.attempts == 1) throw std::runtime_error("bad day");
    return Record(m);
  });
  outbox.Start();
  Put(outbox, "a", "x");
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("x"));
}

TEST_P(OutboxSuite, APeerThatIsAwayNeverParksARow) {
  Outbox::Options options = Fast();
  options.max_attempts = 2;
  Outbox outbox(db(), options);
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    if (m.attempts <= 5) {
      return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable, "nobody is there");
    }
    return Record(m);
  });
  Put(outbox, "a", "patient");
  outbox.Start();
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("patient"));
}

TEST_P(OutboxSuite, ParksARowAfterTheLimitAndHoldsUpItsKeyOnly) {
  Outbox::Options options = Fast();
  options.max_attempts = 3;
  Outbox outbox(db(), options);
  outbox.Register("bad", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    return absl::InternalError("this can't be done");
  });
  outbox.Register("k", Always());
  Put(outbox, "a", "stuck", "bad");
  Put(outbox, "a", "behind");
  outbox.Start();
  delivered_.WaitFor(3);
  Put(outbox, "b", "other key");
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("other key"));
  outbox.Stop();
  EXPECT_THAT(delivered_.events(), ElementsAre("stuck", "stuck", "stuck", "other key"));
  EXPECT_EQ(Count("outbox WHERE parked = 1 AND attempts = 3"), 1);
  EXPECT_EQ(Count("outbox"), 2);
  EXPECT_THAT(*outbox.WaitingFor("a"), HasSubstr("this can't be done"));
  EXPECT_THAT(*outbox.WaitingFor("b"), IsEmpty());

  // A release that can do it starts.
  Outbox mended(db(), options);
  mended.Register("bad", Always());
  mended.Register("k", Always());
  mended.Start();
  EXPECT_THAT(settled_.WaitFor(3), ElementsAre("other key", "stuck", "behind"));
}

TEST_P(OutboxSuite, AKindThatNobodyDeliversWaits) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", Always());
  const OutboxMessage message = PutLeased(outbox, "a", "x");
  Outbox without(db(), Fast());
  EXPECT_FALSE(without.DeliverNow(message));
  EXPECT_THAT(*outbox.WaitingFor("a"), HasSubstr("UNIMPLEMENTED"));
  outbox.Start();
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("x"));
}

TEST_P(OutboxSuite, WhatASettlePutsIsDeliveredInTurn) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    return Outbox::Commit([this, m, &outbox](Tx& tx) {
      tx.AfterCommit([this, m] { settled_.Add(m.body); });
      if (m.body.size() < 6) outbox.Put(tx, m.key, m.kind, m.body + "x");
      return absl::OkStatus();
    });
  });
  outbox.Start();
  const std::string any_bytes("\0\xff\n", 3);
  Put(outbox, "a", any_bytes);
  EXPECT_THAT(settled_.WaitFor(4),
              ElementsAre(any_bytes, any_bytes + "x", any_bytes + "xx", any_bytes + "xxx"));
  outbox.Stop();
  EXPECT_EQ(Count("outbox"), 0);
}

TEST_P(OutboxSuite, ACallerDeliversItsOwnRow) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", Always());
  const OutboxMessage message = PutLeased(outbox, "a", "x");
  outbox.Register("k", [&](const OutboxMessage&) -> absl::StatusOr<Outbox::Commit> {
    return Outbox::Commit();  // nothing to record
  });
  EXPECT_TRUE(outbox.DeliverNow(message));
  EXPECT_EQ(Count("outbox"), 0);
}

TEST_P(OutboxSuite, ACallerDoesNotOvertakeOlderRowsOfTheKey) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", Always());
  Put(outbox, "a", "older");
  const OutboxMessage newer = PutLeased(outbox, "a", "newer");
  const OutboxMessage elsewhere = PutLeased(outbox, "b", "elsewhere");
  EXPECT_FALSE(outbox.DeliverNow(newer));
  EXPECT_TRUE(outbox.DeliverNow(elsewhere));
  EXPECT_THAT(delivered_.events(), ElementsAre("elsewhere"));
  // The lease is given back: the relay need not wait for its end.
  outbox.Start();
  EXPECT_THAT(settled_.WaitFor(3), ElementsAre("elsewhere", "older", "newer"));
}

TEST_P(OutboxSuite, WhatACallerCouldNotDeliverGoesToTheRelay) {
  Outbox outbox(db(), Fast());
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    if (m.attempts == 1) return absl::UnavailableError("not now");
    return Record(m);
  });
  outbox.Start();
  EXPECT_FALSE(outbox.DeliverNow(PutLeased(outbox, "a", "later")));
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("later"));
}

TEST_P(OutboxSuite, StopFinishesTheDeliveryUnderWay) {
  auto outbox = std::make_unique<Outbox>(db(), Fast());
  Journal release;
  outbox->Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    delivered_.Add(m.body);
    release.WaitFor(1);
    return Record(m);
  });
  outbox->Start();
  Put(*outbox, "a", "under way");
  delivered_.WaitFor(1);
  std::thread stopper([&] { outbox.reset(); });
  release.Add("go");
  stopper.join();
  EXPECT_EQ(Count("outcomes"), 1);
  EXPECT_EQ(Count("outbox"), 0);
}

}  // namespace
}  // namespace lingkaran
