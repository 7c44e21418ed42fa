#include "services/sponsorship/domain/ledger.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

std::string Name(absl::string_view noun, int64_t id, std::string_view name) {
  return absl::StrCat(noun, "/", id, "/", AbslView(name));
}

LedgerTransaction Move(std::string_view kind, int64_t pledge_id, std::string from, std::string to,
                       Rupiah amount, std::string_view reference) {
  return {std::string(kind),
          std::string(reference),
          pledge_id,
          {{std::move(from), -amount}, {std::move(to), amount}}};
}

void AddLine(LedgerTransaction& transaction, std::string account, Rupiah amount) {
  if (amount != Rupiah()) transaction.lines.push_back({std::move(account), amount});
}

}  // namespace

std::string PledgeAccount(int64_t pledge_id, std::string_view name) {
  return Name("pledge", pledge_id, name);
}

std::string SponsorAccount(int64_t sponsor_id, std::string_view name) {
  return Name("sponsor", sponsor_id, name);
}

std::string ContributionAccount(int64_t contribution_id, std::string_view name) {
  return Name("contribution", contribution_id, name);
}

absl::Status Check(const LedgerTransaction& transaction) {
  Rupiah sum;
  std::set<std::string> accounts;
  for (const Posting& line : transaction.lines) {
    sum += line.amount;
    if (line.amount == Rupiah() || !accounts.insert(line.account).second) {
      return LedgerFault(absl::StrCat("ledger: empty or double line on ", line.account));
    }
  }
  if (sum != Rupiah() || transaction.lines.size() < 2 || transaction.kind.empty()) {
    return LedgerFault(absl::StrCat("ledger: transaction \"", transaction.kind, "\" for ",
                                    transaction.reference, " is off by ", sum.amount()));
  }
  return absl::OkStatus();
}

LedgerTransaction Payment(int64_t pledge_id, int64_t sponsor_id, Rupiah applied, Rupiah credit,
                          std::string_view bank_reference) {
  LedgerTransaction transaction{"payment", std::string(bank_reference), pledge_id, {}};
  AddLine(transaction, kBankAccount, -(applied + credit));
  AddLine(transaction, PledgeAccount(pledge_id, "available"), applied);
  AddLine(transaction, SponsorAccount(sponsor_id, "credit"), credit);
  return transaction;
}

LedgerTransaction Reserve(int64_t pledge_id, Rupiah amount, std::string_view reference) {
  return Move("reserve", pledge_id, PledgeAccount(pledge_id, "available"),
              PledgeAccount(pledge_id, "reserved"), amount, reference);
}

LedgerTransaction Spend(int64_t pledge_id, Rupiah amount, std::string_view reference) {
  return Move("spend", pledge_id, PledgeAccount(pledge_id, "reserved"),
              PledgeAccount(pledge_id, "spent"), amount, reference);
}

LedgerTransaction Release(int64_t pledge_id, Rupiah amount, std::string_view reference) {
  return Move("release", pledge_id, PledgeAccount(pledge_id, "reserved"),
              PledgeAccount(pledge_id, "available"), amount, reference);
}

LedgerTransaction Revoke(int64_t pledge_id, Rupiah amount, std::string_view reference) {
  return Move("revoke", pledge_id, PledgeAccount(pledge_id, "spent"),
              PledgeAccount(pledge_id, "reserved"), amount, reference);
}

LedgerTransaction Cancel(int64_t pledge_id, int64_t sponsor_id, Rupiah amount) {
  return Move("cancel", pledge_id, PledgeAccount(pledge_id, "available"),
              SponsorAccount(sponsor_id, "credit"), amount, absl::StrCat("pledge/", pledge_id));
}

LedgerTransaction Refund(int64_t pledge_id, int64_t sponsor_id, Rupiah available, Rupiah credit,
                         std::string_view bank_reference) {
  LedgerTransaction transaction{"refund", std::string(bank_reference), pledge_id, {}};
  AddLine(transaction, PledgeAccount(pledge_id, "available"), -available);
  AddLine(transaction, PledgeAccount(pledge_id, "refunded"), available);
  AddLine(transaction, SponsorAccount(sponsor_id, "credit"), -credit);
  AddLine(transaction, SponsorAccount(sponsor_id, "refunded"), credit);
  return transaction;
}

LedgerTransaction ContributionPaid(int64_t contribution_id, Rupiah amount,
                                   std::string_view bank_reference) {
  return Move("payment", 0, kBankAccount, ContributionAccount(contribution_id, "reserved"), amount,
              bank_reference);
}

LedgerTransaction ContributionSpent(int64_t contribution_id, Rupiah amount) {
  return Move("spend", 0, ContributionAccount(contribution_id, "reserved"),
              ContributionAccount(contribution_id, "spent"), amount,
              absl::StrCat("contribution/", contribution_id));
}

LedgerTransaction ContributionUnused(int64_t contribution_id, Rupiah amount) {
  return Move("refund", 0, ContributionAccount(contribution_id, "reserved"),
              ContributionAccount(contribution_id, "unused"), amount,
              absl::StrCat("contribution/", contribution_id));
}

void Funds::Apply(int64_t pledge_id, std::string_view account, std::string_view kind,
                  Rupiah amount) {
  if (account == PledgeAccount(pledge_id, "available")) {
    available += amount;
    if (kind == "payment") received += amount;
    if (kind == "cancel") moved_to_credit -= amount;
  } else if (account == PledgeAccount(pledge_id, "reserved")) {
    reserved += amount;
  } else if (account == PledgeAccount(pledge_id, "spent")) {
    spent += amount;
  } else if (account == PledgeAccount(pledge_id, "refunded")) {
    refunded += amount;
  }
}

void Funds::Apply(const LedgerTransaction& transaction) {
  for (const Posting& line : transaction.lines) {
    Apply(transaction.pledge_id, line.account, transaction.kind, line.amount);
  }
}

Funds FundsFromEntries(int64_t pledge_id, const std::vector<EntrySum>& sums) {
  Funds funds;
  for (const EntrySum& sum : sums) funds.Apply(pledge_id, sum.account, sum.kind, sum.amount);
  return funds;
}

absl::Status Ledger::Post(const LedgerTransaction& transaction) {
  RETURN_IF_ERROR(Check(transaction));
  for (const Posting& line : transaction.lines) {
    if (line.account != kBankAccount && Balance(line.account) + line.amount < Rupiah()) {
      return Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
                   absl::StrCat("not enough money on ", line.account));
    }
  }
  for (const Posting& line : transaction.lines) balances_[line.account] += line.amount;
  return absl::OkStatus();
}

Rupiah Ledger::Balance(const std::string& account) const {
  auto it = balances_.find(account);
  return it == balances_.end() ? Rupiah() : it->second;
}

}  // namespace lingkaran::sponsorship
