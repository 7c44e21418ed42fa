// The double-entry ledger: what every kind of money movement looks like. Pure; the store writes
// what is made here, after Check.
//
// A transaction is a list of lines that sum to zero. An amount above 0 comes into the account, one
// below 0 leaves it. Accounts:
//   bank                     the outside world where money comes from: the only one below zero
//   pledge/N/available       received and free to allocate
//   pledge/N/reserved        set aside for person-months that are being activated
//   pledge/N/spent           became person-months that stand
//   pledge/N/refunded        went back to the sponsor
//   sponsor/N/credit         kept for the sponsor: paid too much, or left over by a cancellation
//   sponsor/N/refunded       credit that went back
//   contribution/N/reserved  paid by PayContribution, being activated
//   contribution/N/spent     became person-months
//   contribution/N/unused    bought nothing, goes back to the payer
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/money.h"

namespace lingkaran::sponsorship {

inline constexpr char kBankAccount[] = "bank";
// `name` is "available", "reserved", "spent" or "refunded".
std::string PledgeAccount(int64_t pledge_id, std::string_view name);
// `name` is "credit" or "refunded".
std::string SponsorAccount(int64_t sponsor_id, std::string_view name);
// `name` is "reserved", "spent" or "unused".
std::string ContributionAccount(int64_t contribution_id, std::string_view name);

// One line of a transaction.
struct Posting {
  std::string account;
  Rupiah amount;
};

// One movement of money.
struct LedgerTransaction {
  std::string kind;       // "payment", "reserve", "spend", "release", "revoke", "refund", "cancel"
  std::string reference;  // bank reference, "allocation/3", "replacement/1", ...
  int64_t pledge_id = 0;  // whose statement shows it; 0 if none
  std::vector<Posting> lines;
};

// OK if the lines sum to zero, name each account once, and none is zero; INTERNAL otherwise: such a
// transaction is a bug and never written.
absl::Status Check(const LedgerTransaction& transaction);

// Money came in: `applied` to the pledge, `credit` to its sponsor.
LedgerTransaction Payment(int64_t pledge_id, int64_t sponsor_id, Rupiah applied, Rupiah credit,
                          std::string_view bank_reference);
// available -> reserved: person-months are about to be activated.
LedgerTransaction Reserve(int64_t pledge_id, Rupiah amount, std::string_view reference);
// reserved -> spent: they stand.
LedgerTransaction Spend(int64_t pledge_id, Rupiah amount, std::string_view reference);
// reserved -> available: they were refused, or the reservation ended.
LedgerTransaction Release(int64_t pledge_id, Rupiah amount, std::string_view reference);
// spent -> reserved: person-months were taken back and will pay for a newcomer.
LedgerTransaction Revoke(int64_t pledge_id, Rupiah amount, std::string_view reference);
// available -> the sponsor's credit: the pledge ended.
LedgerTransaction Cancel(int64_t pledge_id, int64_t sponsor_id, Rupiah amount);
// Back to the sponsor: `available` of the pledge and `credit` that the pledge left.
LedgerTransaction Refund(int64_t pledge_id, int64_t sponsor_id, Rupiah available, Rupiah credit,
                         std::string_view bank_reference);
// Money of a contribution came in, became person-months, bought nothing.
LedgerTransaction ContributionPaid(int64_t contribution_id, Rupiah amount,
                                   std::string_view bank_reference);
LedgerTransaction ContributionSpent(int64_t contribution_id, Rupiah amount);
LedgerTransaction ContributionUnused(int64_t contribution_id, Rupiah amount);

// Where the money of a pledge is. received = available + reserved + spent + refunded +
// moved_to_credit.
struct Funds {
  Rupiah received;         // on the invoice, without what went to credit at once
  Rupiah available;        //
  Rupiah reserved;         //
  Rupiah spent;            //
  Rupiah refunded;         //
  Rupiah moved_to_credit;  // by cancellation

  bool Closes() const {
    return received == available + reserved + spent + refunded + moved_to_credit;
  }
  // What a line of the pledge's ledger does to them; nothing if it is on another account.
  void Apply(int64_t pledge_id, std::string_view account, std::string_view kind, Rupiah amount);
  void Apply(const LedgerTransaction& transaction);
  friend bool operator==(const Funds&, const Funds&) = default;
};

// The sum of a pledge's entries of one account and one kind of transaction.
struct EntrySum {
  std::string account;
  std::string kind;
  Rupiah amount;
};

// Counts the funds of a pledge anew from its entries.
Funds FundsFromEntries(int64_t pledge_id, const std::vector<EntrySum>& sums);

// A ledger in memory: the reference that tests hold the stored one against.
class Ledger {
 public:
  // Posts the transaction; INTERNAL if Check fails, FAILED_PRECONDITION/FUNDS_EXHAUSTED if an
  // account but the bank's would fall below zero. Nothing changes on an error.
  absl::Status Post(const LedgerTransaction& transaction);
  Rupiah Balance(const std::string& account) const;
  const std::map<std::string, Rupiah>& balances() const { return balances_; }

 private:
  std::map<std::string, Rupiah> balances_;
};

}  // namespace lingkaran::sponsorship
