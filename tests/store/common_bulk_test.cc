// Bulk rows, lists of keys, ids and idempotent requests on both databases.
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/idempotency.h"
#include "tests/support/gate.h"
#include "tests/support/test_database.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Pair;

const std::vector<Migration>& Schema() {
  static const std::vector<Migration> kSchema = {
      {1, "0001_all",
       "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT, amount BIGINT NOT NULL DEFAULT 5\n"
       "  CHECK (amount >= 0), small INT);\n"
       "CREATE TABLE sequences (noun TEXT PRIMARY KEY, next BIGINT NOT NULL);\n"
       "CREATE TABLE requests (request_id TEXT PRIMARY KEY, method TEXT NOT NULL,\n"
       "  fingerprint TEXT NOT NULL, reply TEXT NOT NULL, record_time BIGINT NOT NULL);\n"}};
  return kSchema;
}

// What text columns meet in practice, and what file formats trip over.
const std::vector<std::string>& Texts() {
  static const std::vector<std::string> kTexts = {
      "",
      " ",
      "Siti \"Aminah\" O'Neil",
      "tab\there",
      "line\nbreak\r\nhere",
      "back\\slash \\N \\. \\t",
      "\\.",
      "NULL",
      "{a,b}",
      "Jalan Kemuning №7 · 漢字 · 😀",
      "\x01\x1f\x7f",
      "a,b;c:d $1 ? %s",
      std::string(70'000, 'x') + "\n",
  };
  return kTexts;
}

class BulkSuite : public DatabaseTest {
 protected:
  BulkSuite() : DatabaseTest(Schema()) {}

  absl::Status Insert(const BulkRows& rows, std::string_view conflict = "") {
    return db().Write([&](Tx& tx) {
      rows.InsertInto(tx, "things", conflict);
      return absl::OkStatus();
    });
  }

  std::map<int64_t, std::optional<std::string>> Names() {
    return MustRead(db(), [&](Tx& tx) {
      std::map<int64_t, std::optional<std::string>> names;
      int64_t id = 0;
      std::string name;
      soci::indicator null;
      ForEach(
          tx, "SELECT id, name FROM things",
          [&] {
            names[id] = null == soci::i_null ? std::nullopt : std::optional<std::string>(name);
          },
          into(id), into(name, null));
      return names;
    });
  }

  int64_t Sum(const std::string& column) {
    return MustRead(db(), [&](Tx& tx) {
      int64_t sum = 0;
      tx.db() << "SELECT CAST(SUM(" << column << ") AS BIGINT) FROM things", into(sum);
      return sum;
    });
  }
};
LINGKARAN_ON_BOTH_DATABASES(BulkSuite);

TEST_P(BulkSuite, EveryTextAndNumberComesBackAsItWas) {
  BulkRows rows({"id", "name"});
  std::map<int64_t, std::optional<std::string>> expected;
  int64_t id = 0;
  for (const std::string& text : Texts()) {
    rows.Int(++id).Text(text).EndRow();
    expected[id] = text;
  }
  for (int64_t limit : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    rows.Int(limit).Null().EndRow();
    expected[limit] = std::nullopt;
  }
  ASSERT_TRUE(Insert(rows).ok());
  EXPECT_EQ(Names(), expected);
  EXPECT_EQ(Sum("amount"), 5 * static_cast<int64_t>(expected.size())) << "defaults apply";
}

TEST_P(BulkSuite, ConflictClausesDecideAboutEqualKeys) {
  BulkRows first({"id", "name"});
  first.Int(1).Text("old").EndRow();
  ASSERT_TRUE(Insert(first).ok());
  BulkRows second({"id", "name"});
  second.Int(1).Text("new").EndRow();
  second.Int(2).Null().EndRow();
  EXPECT_EQ(Insert(second).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Names(), ElementsAre(Pair(1, "old")));
  ASSERT_TRUE(Insert(second, "ON CONFLICT (id) DO NOTHING").ok());
  EXPECT_THAT(Names(), ElementsAre(Pair(1, "old"), Pair(2, std::nullopt)));
  ASSERT_TRUE(Insert(second, "ON CONFLICT (id) DO UPDATE SET name = excluded.name").ok());
  EXPECT_THAT(Names(), ElementsAre(Pair(1, "new"), Pair(2, std::nullopt)));
}

TEST_P(BulkSuite, UpdatesTouchOnlyTheirKeysAndColumns) {
  BulkRows rows({"id", "name", "amount"});
  for (int i = 1; i <= 4; ++i) rows.Int(i).Text("n" + std::to_string(i)).Int(10).EndRow();
  ASSERT_TRUE(Insert(rows).ok());
  BulkRows changes({"id", "name", "small"});
  changes.Int(2).Text("tab\t\\").Int(20).EndRow();
  changes.Int(3).Null().Int(30).EndRow();
  changes.Int(99).Text("nobody").Int(1).EndRow();
  BulkRows amounts({"id", "amount"});
  amounts.Int(4).Int(7).EndRow();
  ASSERT_TRUE(db().Write([&](Tx& tx) {
                    changes.Update(tx, "things");
                    amounts.Update(tx, "things");
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(Names(),
              ElementsAre(Pair(1, "n1"), Pair(2, "tab\t\\"), Pair(3, std::nullopt), Pair(4, "n4")));
  EXPECT_EQ(Sum("amount"), 37);
  EXPECT_EQ(Sum("small"), 50);
}

TEST_P(BulkSuite, AConstraintRefusesAllRowsAndTheConnectionGoesOn) {
  BulkRows rows({"id", "amount"});
  for (int i = 1; i <= 1000; ++i) rows.Int(i).Int(i == 900 ? -1 : 1).EndRow();
  EXPECT_EQ(Insert(rows).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(Insert(rows, "ON CONFLICT (id) DO NOTHING").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_P(BulkSuite, RefusesWhatIsNoTable) {
  BulkRows short_row({"id", "name"});
  short_row.Int(1).EndRow();
  EXPECT_EQ(Insert(short_row).code(), absl::StatusCode::kInternal);
  BulkRows nul({"id", "name"});
  nul.Int(1).Text(std::string_view("a\0b", 3)).EndRow();
  EXPECT_EQ(Insert(nul).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Insert(BulkRows({"id"})).code(), absl::StatusCode::kOk) << "no rows, nothing to do";
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_P(BulkSuite, ManyRowsInSeveralPieces) {
  BulkRows rows({"id", "name", "amount"});
  constexpr int kRows = 20'000;
  for (int i = 1; i <= kRows; ++i) rows.Int(i).Text(std::string(50, 'y')).Int(i).EndRow();
  EXPECT_EQ(rows.size(), static_cast<size_t>(kRows));
  ASSERT_TRUE(Insert(rows).ok());
  EXPECT_EQ(Sum("amount"), int64_t{kRows} * (kRows + 1) / 2);
}

TEST_P(BulkSuite, ListsFindTheirKeys) {
  BulkRows rows({"id", "name"});
  int64_t next = 0;
  for (const std::string& text : Texts()) rows.Int(++next).Text(text).EndRow();
  ASSERT_TRUE(Insert(rows).ok());
  auto by_ids = [&](const std::vector<int64_t>& wanted) {
    std::vector<int64_t> found;
    EXPECT_TRUE(db().Read([&](Tx& tx) {
                      int64_t id = 0;
                      const std::string list = IntList(tx, wanted);
                      ForEach(
                          tx,
                          "SELECT id FROM things WHERE " + InInts(tx, "id", "ids") + " ORDER BY id",
                          [&] { found.push_back(id); }, into(id), use(list, "ids"));
                      return absl::OkStatus();
                    })
                    .ok());
    return found;
  };
  auto by_names = [&](const std::vector<std::string>& wanted) {
    std::vector<std::string> found;
    EXPECT_TRUE(db().Read([&](Tx& tx) {
                      std::string name;
                      const std::string list = TextList(tx, wanted);
                      ForEach(
                          tx,
                          "SELECT name FROM things WHERE " + InTexts(tx, "name", "names") +
                              " ORDER BY id",
                          [&] { found.push_back(name); }, into(name), use(list, "names"));
                      return absl::OkStatus();
                    })
                    .ok());
    return found;
  };
  EXPECT_THAT(by_ids({3, 1, 77, 3, -5}), ElementsAre(1, 3));
  EXPECT_THAT(by_ids({}), IsEmpty());
  EXPECT_THAT(by_names(Texts()), ElementsAreArray(Texts()));
  EXPECT_THAT(by_names({"NULL", "not there", ""}), ElementsAre("", "NULL"));
  EXPECT_THAT(by_names({}), IsEmpty());
}

TEST_P(BulkSuite, IdsAreTakenOnce) {
  constexpr int kThreads = 8, kTimes = 20;
  std::mutex mutex;
  std::set<int64_t> taken;
  OnThreads(kThreads, [&](int t) {
    for (int n = 0; n < kTimes; ++n) {
      const int64_t first = MustWrite(db(), [&](Tx& tx) { return NextIds(tx, "thing", 1 + t); });
      std::lock_guard<std::mutex> lock(mutex);
      for (int64_t id = first; id < first + 1 + t; ++id) {
        EXPECT_TRUE(taken.insert(id).second) << id;
      }
    }
  });
  EXPECT_EQ(*taken.begin(), 1);
  EXPECT_EQ(*taken.rbegin(), static_cast<int64_t>(taken.size())) << "no gaps without failures";
}

TEST_P(BulkSuite, IdsOfAFailedTransactionComeAgain) {
  EXPECT_FALSE(db().Write([](Tx& tx) {
                     EXPECT_EQ(NextIds(tx, "thing", 10), 1);
                     return absl::InternalError("no");
                   })
                   .ok());
  EXPECT_TRUE(db().Write([](Tx& tx) {
                    EXPECT_EQ(NextIds(tx, "thing", 3), 1);
                    EXPECT_EQ(NextIds(tx, "thing", 1), 4);
                    EXPECT_EQ(NextIds(tx, "other", 1), 1);
                    return absl::OkStatus();
                  })
                  .ok());
}

// ---- Idempotency ----

class RequestSuite : public BulkSuite {
 protected:
  // One effect: a row. The reply tells which run made it.
  absl::StatusOr<std::string> Run(const RequestKey& key) {
    return Once(db(), key, now_, [&](Tx& tx) -> absl::StatusOr<std::string> {
      const int64_t id = NextIds(tx, "thing", 1);
      tx.db() << "INSERT INTO things (id) VALUES (:id)", use(id, "id");
      return std::string("reply\0", 6) + std::to_string(id);
    });
  }

  absl::Time now_ = absl::FromUnixSeconds(1'573'000'000);
  const RequestKey key_{"r-1", "Service/Method", "digest"};
};
LINGKARAN_ON_BOTH_DATABASES(RequestSuite);

TEST_P(RequestSuite, TheSameRequestHasOneEffectAndOneAnswer) {
  const auto first = Run(key_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*first, std::string("reply\0", 6) + "1");
  EXPECT_EQ(*Run(key_), *first);
  EXPECT_EQ(Names().size(), 1u);
  EXPECT_NE(*Run({"r-2", key_.method, key_.fingerprint}), *first);
  EXPECT_EQ(Names().size(), 2u);
}

TEST_P(RequestSuite, AnotherRequestUnderTheSameIdIsRefused) {
  ASSERT_TRUE(Run(key_).ok());
  for (const RequestKey& other : {RequestKey{"r-1", "Service/Method", "other digest"},
                                  RequestKey{"r-1", "Service/Other", "digest"}}) {
    const absl::Status status = Run(other).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(ReasonOf(status), Reason::kRequestIdReused);
  }
  EXPECT_EQ(Names().size(), 1u);
}

TEST_P(RequestSuite, RepliesAreFoundAndForgotten) {
  ASSERT_TRUE(Run(key_).ok());
  now_ += absl::Hours(24);
  ASSERT_TRUE(Run({"r-2", "m", "f"}).ok());
  auto found = [&](const std::string& id) {
    bool applied = false;
    EXPECT_TRUE(db().Read([&](Tx& tx) -> absl::Status {
                      applied = WasApplied(tx, id);
                      ASSIGN_OR_RETURN(const auto reply, FindReply(tx, {id, "m", "f"}));
                      EXPECT_EQ(reply.has_value(), applied);
                      return absl::OkStatus();
                    })
                    .ok());
    return applied;
  };
  EXPECT_TRUE(found("r-2"));
  EXPECT_FALSE(found("r-3"));
  EXPECT_EQ(*ForgetRequests(db(), now_), 1);
  EXPECT_FALSE(found("r-1"));
  EXPECT_TRUE(found("r-2"));
  EXPECT_EQ(*ForgetRequests(db(), now_), 0);
}

}  // namespace
}  // namespace lingkaran::sql
