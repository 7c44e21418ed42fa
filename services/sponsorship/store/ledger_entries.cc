#include "services/sponsorship/store/ledger_entries.h"

#include <soci/soci.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/cursor.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::ForEachInPortions;
using sql::Tx;

void OpenAccounts(Tx& tx, int64_t pledge_id, const std::vector<std::string>& accounts) {
  for (const std::string& account : accounts) {
    tx.db() << "INSERT INTO accounts (account, pledge_id, balance) VALUES (:account, :pledge, 0)",
        use(account, "account"), use(pledge_id, "pledge");
  }
}

namespace {

// Why a line could not be written.
absl::Status NotMoved(Tx& tx, const Posting& line) {
  int64_t balance = 0;
  tx.db() << "SELECT balance FROM accounts WHERE account = :account", into(balance),
      use(line.account, "account");
  if (!tx.db().got_data()) {
    return absl::InternalError(absl::StrCat("ledger: no account ", line.account));
  }
  return AccountOverdrawn(line.account, Rupiah(balance));
}

}  // namespace

absl::Status Post(Tx& tx, const LedgerTransaction& transaction, absl::Time now, Funds* funds) {
  RETURN_IF_ERROR(Check(transaction));
  // In the order of names, so that two transactions never wait for each other crosswise.
  std::vector<Posting> lines = transaction.lines;
  std::sort(lines.begin(), lines.end(),
            [](const Posting& a, const Posting& b) { return a.account < b.account; });
  for (const Posting& line : lines) {
    const int64_t amount = line.amount.amount();
    int64_t balance = 0;
    tx.db() << "UPDATE accounts SET balance = balance + :amount WHERE account = :account "
               "AND (balance + :amount >= 0 OR account = 'bank') RETURNING balance",
        use(amount, "amount"), use(line.account, "account"), into(balance);
    if (!tx.db().got_data()) return NotMoved(tx, line);
  }
  const int64_t id = sql::NextIds(tx, "ledger", 1);
  const int64_t time = absl::ToUnixMillis(now);
  int number = 0;
  for (const Posting& line : transaction.lines) {
    const int64_t amount = line.amount.amount();
    ++number;
    tx.db()
        << "INSERT INTO ledger_entries (transaction_id, line, account, pledge_id, amount, kind, "
           "reference, post_time) VALUES (:id, :line, :account, :pledge, :amount, :kind, "
           ":reference, :time)",
        use(id, "id"), use(number, "line"), use(line.account, "account"),
        use(transaction.pledge_id, "pledge"), use(amount, "amount"), use(transaction.kind, "kind"),
        use(transaction.reference, "reference"), use(time, "time");
  }
  if (funds != nullptr) funds->Apply(transaction);
  return absl::OkStatus();
}

Rupiah Balance(Tx& tx, const std::string& account) {
  int64_t balance = 0;
  tx.db() << "SELECT balance FROM accounts WHERE account = :account", into(balance),
      use(account, "account");
  return Rupiah(tx.db().got_data() ? balance : 0);
}

std::vector<EntryRow> ListEntries(Tx& tx, int64_t pledge_id, int64_t after_transaction,
                                  int after_line, int limit) {
  std::vector<EntryRow> entries;
  EntryRow e;
  int64_t amount = 0;
  ForEach(
      tx,
      "SELECT transaction_id, line, account, amount, kind, reference, post_time "
      "FROM ledger_entries WHERE pledge_id = :pledge AND (transaction_id, line) > (:after, :line) "
      "ORDER BY transaction_id, line LIMIT :limit",
      [&] {
        e.amount = Rupiah(amount);
        entries.push_back(e);
      },
      into(e.transaction_id), into(e.line), into(e.account), into(amount), into(e.kind),
      into(e.reference), into(e.post_time), use(pledge_id, "pledge"),
      use(after_transaction, "after"), use(after_line, "line"), use(limit, "limit"));
  return entries;
}

std::vector<EntrySum> SumEntries(Tx& tx, int64_t pledge_id) {
  std::vector<EntrySum> sums;
  EntrySum sum;
  int64_t amount = 0;
  ForEach(
      tx,
      "SELECT account, kind, CAST(SUM(amount) AS BIGINT) FROM ledger_entries "
      "WHERE pledge_id = :pledge GROUP BY account, kind ORDER BY account, kind",
      [&] {
        sum.amount = Rupiah(amount);
        sums.push_back(sum);
      },
      into(sum.account), into(sum.kind), into(amount), use(pledge_id, "pledge"));
  return sums;
}

absl::Status AuditLedger(Tx& tx, absl::FunctionRef<absl::Status(const std::string&)> fault) {
  int64_t id = 0;
  int64_t off = 0;
  RETURN_IF_ERROR(ForEachInPortions(
      tx,
      "SELECT transaction_id, CAST(SUM(amount) AS BIGINT) FROM ledger_entries "
      "GROUP BY transaction_id HAVING SUM(amount) <> 0 ORDER BY transaction_id",
      [&] { return fault(absl::StrCat("ledger: transaction ", id, " is off by ", off)); }, into(id),
      into(off)));
  std::string account;
  RETURN_IF_ERROR(ForEachInPortions(
      tx,
      "SELECT a.account, a.balance - CAST(COALESCE(e.total, 0) AS BIGINT) FROM accounts a "
      "LEFT JOIN (SELECT account, SUM(amount) AS total FROM ledger_entries GROUP BY account) "
      "e ON e.account = a.account WHERE a.balance <> COALESCE(e.total, 0) ORDER BY a.account",
      [&] { return fault(absl::StrCat("ledger: account ", account, " is off by ", off)); },
      into(account), into(off)));
  return ForEachInPortions(
      tx,
      "SELECT e.account, CAST(SUM(e.amount) AS BIGINT) FROM ledger_entries e "
      "WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.account = e.account) "
      "GROUP BY e.account ORDER BY e.account",
      [&] {
        return fault(
            absl::StrCat("ledger: entries of ", off, " are on ", account, ", which is not open"));
      },
      into(account), into(off));
}

absl::Status AuditLedger(Tx& tx) {
  return AuditLedger(tx, [](const std::string& fault) { return absl::InternalError(fault); });
}

}  // namespace lingkaran::sponsorship
