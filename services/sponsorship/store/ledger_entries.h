// The stored ledger. Entries are only ever added; accounts hold their sums.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/ledger.h"

namespace lingkaran::sponsorship {

// Opens accounts with nothing on them.
void OpenAccounts(sql::Tx& tx, int64_t pledge_id, const std::vector<std::string>& accounts);

// Writes the transaction and moves the balances, in SQL and in `funds` (of the transaction's
// pledge; null if the caller does not go on with them). INTERNAL if Check fails or an account is
// not open; FAILED_PRECONDITION/FUNDS_EXHAUSTED if a balance but the bank's would fall below zero.
// The CHECK of the table would not let it happen either. After an error the SQL transaction must
// end.
absl::Status Post(sql::Tx& tx, const LedgerTransaction& transaction, absl::Time now,
                  Funds* funds = nullptr);

// 0 for an account that is not open.
Rupiah Balance(sql::Tx& tx, const std::string& account);

// One line of a statement.
struct EntryRow {
  int64_t transaction_id = 0;
  int line = 0;
  std::string account;
  Rupiah amount;
  std::string kind;
  std::string reference;
  int64_t post_time = 0;
};
// All lines of a pledge's transactions, oldest first, after (transaction_id, line).
std::vector<EntryRow> ListEntries(sql::Tx& tx, int64_t pledge_id, int64_t after_transaction,
                                  int after_line, int limit);
// The sums of a pledge's entries by account and kind.
std::vector<EntrySum> SumEntries(sql::Tx& tx, int64_t pledge_id);

// Adds the whole journal anew and puts into `fault` what does not close: a transaction that does
// not sum to zero, an account that is not the sum of its entries, entries of an account that is not
// open. An error of `fault` ends it and is returned.
absl::Status AuditLedger(sql::Tx& tx, absl::FunctionRef<absl::Status(const std::string&)> fault);
// INTERNAL with the first fault.
absl::Status AuditLedger(sql::Tx& tx);

}  // namespace lingkaran::sponsorship
