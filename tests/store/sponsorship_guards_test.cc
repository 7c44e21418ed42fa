// The last line of defence of sponsorship's money: what the tables themselves refuse, whatever
// program writes, and what is refused before it comes to that.
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/sponsorship/domain/ledger.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "sponsorship_schema.h"
#include "tests/support/test_database.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

constexpr int64_t kPledge = 7;

class SponsorshipGuards : public DatabaseTest {
 protected:
  SponsorshipGuards() : DatabaseTest(Schema()) {
    EXPECT_TRUE(db().Write([](Tx& tx) {
                      OpenAccounts(tx, kPledge,
                                   {PledgeAccount(kPledge, "available"),
                                    PledgeAccount(kPledge, "reserved")});
                      return absl::OkStatus();
                    })
                    .ok());
  }

  absl::Status Write(const std::string& statement) {
    return db().Write([&](Tx& tx) {
      tx.db() << statement;
      return absl::OkStatus();
    });
  }
};
LINGKARAN_ON_BOTH_DATABASES(SponsorshipGuards);

TEST_P(SponsorshipGuards, TheTableItselfLetsNoAccountFallBelowZeroButTheBank) {
  EXPECT_TRUE(Write("UPDATE accounts SET balance = 5 WHERE account = 'pledge/7/available'").ok());
  EXPECT_TRUE(Write("UPDATE accounts SET balance = -5 WHERE account = 'bank'").ok());
  const absl::Status refused =
      Write("UPDATE accounts SET balance = balance - 6 WHERE account = 'pledge/7/available'");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
}

TEST_P(SponsorshipGuards, WhoAsksForTooMuchHearsWhatThereIs) {
  ASSERT_TRUE(Write("UPDATE accounts SET balance = 5 WHERE account = 'pledge/7/available'").ok());
  const absl::Status refused = db().Write([](Tx& tx) {
    return Post(tx, Reserve(kPledge, Rupiah(6), "allocation/1"), absl::FromUnixSeconds(0));
  });
  EXPECT_EQ(ReasonOf(refused), Reason::kFundsExhausted) << refused;
}

}  // namespace
}  // namespace lingkaran::sponsorship
