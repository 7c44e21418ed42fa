// Schemas are brought up to date once and in order; what a release can't work with stops it.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sql_fixture.h"

namespace lingkaran::sql {
namespace {

using testing::HasSubstr;

class MigrateSuite : public DatabaseTest {};
LINGKARAN_ON_BOTH_DATABASES(MigrateSuite);

TEST_P(MigrateSuite, RunsEachStepOnceAndRecordsIt) {
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  EXPECT_EQ(Count(db(), "things"), 1);
  EXPECT_EQ(Count(db(), "schema_migrations WHERE record_time > 0 AND length(digest) = 64"), 2);
  const bool sqlite = db().dialect() == Dialect::kSqlite;
  const std::string mine = sqlite ? "only_here WHERE sqlite = 1" : "only_here WHERE postgres = 1";
  EXPECT_EQ(Count(db(), mine), 0);
}

TEST_P(MigrateSuite, GoesOnFromAnOlderDatabase) {
  ASSERT_TRUE(Migrate(db(), {Things()[0]}).ok());
  EXPECT_EQ(Count(db(), "schema_migrations"), 1);
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  EXPECT_EQ(Count(db(), "schema_migrations"), 2);
}

TEST_P(MigrateSuite, RefusesANewerDatabase) {
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  const absl::Status status = Migrate(db(), {Things()[0]});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer release"));
}

TEST_P(MigrateSuite, RefusesAChangedStep) {
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  std::vector<Migration> changed = Things();
  changed[0].text = "CREATE TABLE things (id BIGINT PRIMARY KEY);\n";
  const absl::Status status = Migrate(db(), changed);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0001_things"));
}

TEST_P(MigrateSuite, AStepThatFailsLeavesNothing) {
  std::vector<Migration> steps = {
      Things()[0],
      {2, "0002_broken", "CREATE TABLE half (id INT);\nINSERT INTO nowhere VALUES (1);\n"}};
  EXPECT_FALSE(Migrate(db(), steps).ok());
  EXPECT_EQ(Count(db(), "schema_migrations"), 1);
  steps[1].text = "CREATE TABLE half (id INT);\n";
  EXPECT_TRUE(Migrate(db(), steps).ok());
  EXPECT_EQ(Count(db(), "half"), 0);
}

TEST_P(MigrateSuite, RefusesFilesOutOfOrder) {
  EXPECT_EQ(Migrate(db(), {Things()[1], Things()[0]}).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_P(MigrateSuite, SeveralProcessesAtOnceAreOne) {
  constexpr int kProcesses = 4;
  std::vector<std::unique_ptr<Database>> pools;
  for (int i = 0; i < kProcesses; ++i) pools.push_back(OpenAgain());
  OnThreads(kProcesses, [&](int i) {
    const absl::Status status = Migrate(*pools[i], Things());
    EXPECT_TRUE(status.ok()) << status;
  });
  EXPECT_EQ(Count(db(), "schema_migrations"), 2);
  EXPECT_EQ(Count(db(), "things"), 1);
}

// ---- Expand, then contract ----

TEST(Migration, ItsNameSaysWhetherItExpands) {
  EXPECT_TRUE((Migration{3, "0003_expand_seats", ""}.expand()));
  for (const char* name : {"0003_seats", "0003_seats_expand_", "0003_expanded", "expand_", ""}) {
    EXPECT_FALSE((Migration{3, name, ""}.expand())) << name;
  }
}

// What a later release has more than Things().
const Migration kExpansion = {3, "0003_expand_colour",
                              "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT '';\n"};
const Migration kContraction = {4, "0004_no_amount", "ALTER TABLE things DROP COLUMN amount;\n"};

std::vector<Migration> With(std::vector<Migration> more) {
  std::vector<Migration> all = Things();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_P(MigrateSuite, TheReleaseBeforeWorksOnAnExpandedSchema) {
  ASSERT_TRUE(Migrate(db(), With({kExpansion})).ok());
  ASSERT_TRUE(Migrate(db(), With({kExpansion})).ok()) << "applied once";
  EXPECT_EQ(Count(db(), "schema_migrations"), 2);
  EXPECT_EQ(Count(db(), "schema_expansions WHERE record_time > 0 AND length(digest) = 64"), 1);
  EXPECT_EQ(Count(db(), "things WHERE colour = ''"), 1);

  const absl::Status older = Migrate(db(), Things());
  EXPECT_TRUE(older.ok()) << older;
  EXPECT_TRUE(db().Write([](Tx& tx) { return AddThing(tx, 2, "two", 7); }).ok());
  EXPECT_EQ(Count(db(), "schema_expansions"), 1) << "it stays what it is";
  EXPECT_TRUE(Migrate(db(), With({kExpansion, kContraction})).ok()) << "and the newer one goes on";
  EXPECT_EQ(Count(db(), "things WHERE colour = ''"), 2);
}

TEST_P(MigrateSuite, NoReleaseWorksOnASchemaThatTookAwayWhatItKnows) {
  ASSERT_TRUE(Migrate(db(), With({kExpansion, kContraction})).ok());
  for (const std::vector<Migration>& older : {Things(), With({kExpansion})}) {
    const absl::Status status = Migrate(db(), older);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("migration 4"));
  }
}

TEST_P(MigrateSuite, AnExpansionIsHeldToItsTextAndItsPlace) {
  ASSERT_TRUE(Migrate(db(), With({kExpansion})).ok());
  Migration changed = kExpansion;
  changed.text = "ALTER TABLE things ADD COLUMN hue TEXT;\n";
  const absl::Status status = Migrate(db(), With({changed}));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0003_expand_colour"));
  // A program that has other steps instead is no older release of this one.
  for (const Migration& rival : {Migration{3, "0003_other", "CREATE TABLE other (id INT);\n"},
                                 Migration{4, "0004_other", "CREATE TABLE other (id INT);\n"}}) {
    EXPECT_EQ(Migrate(db(), With({rival})).code(), absl::StatusCode::kFailedPrecondition)
        << rival.name;
  }
  // Nor is one that has a step to do before it.
  Migration late = kExpansion;
  late.number = 9;
  late.name = "0009_expand_late";
  late.text = "CREATE TABLE late (id INT);\n";
  ASSERT_TRUE(Migrate(db(), With({kExpansion, late})).ok());
  EXPECT_EQ(Migrate(db(), With({kExpansion, kContraction})).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Count(db(), "schema_migrations"), 2);
}

TEST_P(MigrateSuite, NumbersRunThroughBothKinds) {
  EXPECT_EQ(Migrate(db(), With({kContraction, kExpansion})).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Migrate(db(), Things()).ok());
  // The expansion comes first, or the contraction would fail.
  ASSERT_TRUE(Migrate(db(), With({kExpansion,
                                  {4, "0004_drop", "ALTER TABLE things DROP COLUMN colour;\n"}}))
                  .ok());
}

}  // namespace
}  // namespace lingkaran::sql
