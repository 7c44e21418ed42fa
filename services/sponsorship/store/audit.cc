#include "services/sponsorship/store/audit.h"

#include <soci/soci.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/cursor.h"
#include "services/sponsorship/domain/audit_rules.h"
#include "services/sponsorship/store/audit_work.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::ForEachInPortions;
using sql::Tx;

// Sources, and workers of a source, that are in memory at once.
constexpr int kPledges = 200;
constexpr int kContributions = 50;
constexpr int kWorkers = 5'000;

// Every transfer that was recorded, in or back, is in the journal, and nothing else came from the
// bank.
absl::Status AuditReceipts(Tx& tx, AuditLines& lines) {
  int64_t id = 0, amount = 0, posted = 0;
  RETURN_IF_ERROR(ForEachInPortions(
      tx,
      "SELECT r.receipt_id, r.amount, CAST(COALESCE(e.total, 0) AS BIGINT) FROM receipts r "
      "LEFT JOIN (SELECT reference, "
      "SUM(CASE WHEN account = 'bank' THEN -amount ELSE amount END) AS total FROM ledger_entries "
      "WHERE account = 'bank' OR (kind = 'refund' AND account LIKE '%/refunded') "
      "GROUP BY reference) e ON e.reference = r.bank_reference "
      "WHERE r.amount <> COALESCE(e.total, 0) ORDER BY r.receipt_id",
      [&] {
        return lines.Finding(
            absl::StrCat("receipt ", id, ": amount says ", amount, ", the journal ", posted));
      },
      into(id), into(amount), into(posted)));
  return ForEachInPortions(
      tx,
      "SELECT e.transaction_id, -e.amount FROM ledger_entries e WHERE e.account = 'bank' "
      "AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.bank_reference = e.reference) "
      "ORDER BY e.transaction_id",
      [&] {
        return lines.Finding(absl::StrCat("ledger: transaction ", id, " takes ", amount,
                                          " from the bank, and there is no receipt"));
      },
      into(id), into(amount));
}

// Adds what the tables say of the pledges (`first`, `last`] to what is kept of them.
struct PledgeAudits {
  std::map<int64_t, PledgeAudit> pledges;
  std::map<int64_t, int64_t> last_transaction;
};
PledgeAudits ReadPledgeAudits(Tx& tx, int64_t first, int64_t last) {
  PledgeAudits out;
  int64_t pledge = 0, amount = 0, count = 0, held = 0;
  int paid_to = 0, open = 0;
  EntrySum sum;
  ForEach(
      tx,
      "SELECT pledge_id, account, kind, CAST(SUM(amount) AS BIGINT), MAX(transaction_id) "
      "FROM ledger_entries WHERE pledge_id > :first AND pledge_id <= :last "
      "GROUP BY pledge_id, account, kind ORDER BY pledge_id, account, kind",
      [&] {
        sum.amount = Rupiah(amount);
        out.pledges[pledge].entries.push_back(sum);
        int64_t& newest = out.last_transaction[pledge];
        newest = std::max(newest, count);
      },
      into(pledge), into(sum.account), into(sum.kind), into(amount), into(count),
      use(first, "first"), use(last, "last"));
  ForEach(
      tx,
      "SELECT pledge_id, CAST(SUM(applied) AS BIGINT) FROM receipts WHERE kind = 'payment' AND "
      "pledge_id > :first "
      "AND pledge_id <= :last GROUP BY pledge_id ORDER BY pledge_id",
      [&] { out.pledges[pledge].receipts = Rupiah(amount); }, into(pledge), into(amount),
      use(first, "first"), use(last, "last"));
  ForEach(
      tx,
      "SELECT pledge_id, paid_to, is_open, COUNT(*), COUNT(CASE WHEN worker_id <> 0 THEN 1 END) "
      "FROM seats WHERE pledge_id > :first AND pledge_id <= :last "
      "GROUP BY pledge_id, paid_to, is_open ORDER BY pledge_id, paid_to, is_open",
      [&] {
        out.pledges[pledge].seats.push_back({paid_to, open != 0, count, held});
      },
      into(pledge), into(paid_to), into(open), into(count), into(held), use(first, "first"),
      use(last, "last"));
  return out;
}

absl::Status AuditPledge(const PledgeRow& pledge, PledgeAudits& read, WorkUnderWay& work,
                         AuditLines& lines) {
  const int64_t id = pledge.pledge_id;
  PledgeAudit& audit = read.pledges[id];
  audit.pledge_id = id;
  audit.funds = pledge.funds;
  audit.seats_filled = pledge.seats_filled;
  audit.waiting = std::move(work.waiting[id]);
  for (const std::string& fault : PledgeFaults(audit, pledge.schedule)) {
    RETURN_IF_ERROR(lines.Finding(fault));
  }
  AuditTotal total;
  total.pledge_id = id;
  total.received = pledge.funds.received.amount();
  total.available = pledge.funds.available.amount();
  total.reserved = pledge.funds.reserved.amount();
  total.refunded = pledge.funds.refunded.amount();
  total.moved_to_credit = pledge.funds.moved_to_credit.amount();
  total.spent = pledge.funds.spent.amount();
  total.person_months = PersonMonths(audit.seats);
  total.under_way = total.reserved != 0 || work.pledges.contains(id);
  total.last_transaction = read.last_transaction[id];
  return lines.Total(total);
}

// Goes through all pledges, so many at a time, by id.
absl::Status ForPledges(Tx& tx,
                        absl::FunctionRef<absl::Status(const std::vector<PledgeRow>&)> some) {
  for (int64_t after = 0;;) {
    ASSIGN_OR_RETURN(const std::vector<PledgeRow> pledges, ListPledges(tx, 0, after, kPledges));
    if (pledges.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(some(pledges));
    after = pledges.back().pledge_id;
  }
}

// Money and seats of pledges that are not there.
absl::Status ReportStrays(const PledgeAudits& read, AuditLines& lines) {
  for (const auto& [id, audit] : read.pledges) {
    RETURN_IF_ERROR(
        lines.Finding(absl::StrCat("pledge ", id, ": is not there, but has money or seats")));
  }
  return absl::OkStatus();
}

absl::Status AuditPledges(Tx& tx, WorkUnderWay& work, AuditLines& lines) {
  int64_t after = 0;
  const auto audit = [&](const std::vector<PledgeRow>& pledges) -> absl::Status {
    PledgeAudits read = ReadPledgeAudits(tx, after, pledges.back().pledge_id);
    after = pledges.back().pledge_id;
    for (const PledgeRow& pledge : pledges) {
      RETURN_IF_ERROR(AuditPledge(pledge, read, work, lines));
      read.pledges.erase(pledge.pledge_id);
    }
    return ReportStrays(read, lines);
  };
  RETURN_IF_ERROR(ForPledges(tx, audit));
  return ReportStrays(ReadPledgeAudits(tx, after, std::numeric_limits<int64_t>::max()), lines);
}

// Cuts of the seats of the pledges (`first`, `last`], by pledge.
std::map<int64_t, std::vector<SeatCut>> ReadCuts(Tx& tx, int64_t first, int64_t last) {
  std::map<int64_t, std::vector<SeatCut>> cuts;
  int64_t pledge = 0;
  SeatCut cut;
  // State 0 has not been taken back yet; without a seat number it was refused at once.
  ForEach(
      tx,
      "SELECT pledge_id, seat_number, worker_id, cut_index FROM replacement_lines "
      "WHERE pledge_id > :first AND pledge_id <= :last AND seat_number > 0 AND state <> 0 "
      "ORDER BY pledge_id, seat_number, replacement_id, line",
      [&] { cuts[pledge].push_back(cut); }, into(pledge), into(cut.seat_number),
      into(cut.worker_id), into(cut.at), use(first, "first"), use(last, "last"));
  return cuts;
}

// A seat and who holds it.
struct Seat {
  int number = 0;
  Holding holding;
};

std::vector<Seat> SeatsAfter(Tx& tx, int64_t pledge_id, int64_t after) {
  std::vector<Seat> seats;
  Seat seat;
  // "worker_id <> 0" lets the partial index be used, which is in this order.
  ForEach(
      tx,
      "SELECT seat_number, worker_id, from_index, paid_to FROM seats WHERE pledge_id = :pledge "
      "AND worker_id <> 0 AND worker_id > :after ORDER BY worker_id LIMIT :limit",
      [&] { seats.push_back(seat); }, into(seat.number), into(seat.holding.worker_id),
      into(seat.holding.from), into(seat.holding.to), use(pledge_id, "pledge"), use(after, "after"),
      use(kWorkers, "limit"));
  return seats;
}

// Puts out what the pledge pays for each worker: those who hold its seats and those who did.
class PledgeWorkers {
 public:
  PledgeWorkers(int64_t pledge_id, const PriceSchedule& schedule, Kept kept, AuditLines& lines)
      : pledge_id_(pledge_id), months_(schedule), kept_(std::move(kept)), lines_(lines) {}

  absl::Status Add(const Seat& seat) {
    const auto cut = kept_.first_index.find(seat.number);
    const int from = cut == kept_.first_index.end() ? 0 : cut->second;
    if (seat.holding.from != from) {
      RETURN_IF_ERROR(lines_.Finding(absl::StrCat("pledge ", pledge_id_, ": the holder of seat ",
                                                  seat.number, " begins at ", seat.holding.from,
                                                  ", the one before ended at ", from)));
    }
    RETURN_IF_ERROR(PutBefore(seat.holding.worker_id));
    std::vector<Holding> holdings{seat.holding};
    for (;
         next_ < kept_.holdings.size() && kept_.holdings[next_].worker_id == seat.holding.worker_id;
         ++next_) {
      holdings.push_back(kept_.holdings[next_]);
    }
    return Put(holdings);
  }

  // The former holders that are left.
  absl::Status Finish() { return PutBefore(std::numeric_limits<int64_t>::max()); }

 private:
  absl::Status PutBefore(int64_t worker_id) {
    while (next_ < kept_.holdings.size() && kept_.holdings[next_].worker_id < worker_id) {
      const int64_t former = kept_.holdings[next_].worker_id;
      std::vector<Holding> holdings;
      for (; next_ < kept_.holdings.size() && kept_.holdings[next_].worker_id == former; ++next_) {
        holdings.push_back(kept_.holdings[next_]);
      }
      RETURN_IF_ERROR(Put(holdings));
    }
    return absl::OkStatus();
  }

  absl::Status Put(const std::vector<Holding>& holdings) {
    AuditWorker worker{holdings.front().worker_id, pledge_id_, 0, months_.Of(holdings)};
    if (worker.months.empty()) return absl::OkStatus();
    const auto same = [](const AuditMonth& a, const AuditMonth& b) {
      return a.programme == b.programme && a.month == b.month;
    };
    const auto twice = std::adjacent_find(worker.months.begin(), worker.months.end(), same);
    if (twice != worker.months.end()) {
      RETURN_IF_ERROR(
          lines_.Finding(absl::StrCat("pledge ", pledge_id_, ": pays month ", twice->month,
                                      " twice for worker ", worker.worker_id)));
    }
    return lines_.Worker(worker);
  }

  const int64_t pledge_id_;
  const MonthsByProgramme months_;
  const Kept kept_;
  AuditLines& lines_;
  size_t next_ = 0;  // of kept_.holdings
};

absl::Status PutPledgeWorkers(Tx& tx, AuditLines& lines) {
  int64_t first = 0;
  return ForPledges(tx, [&](const std::vector<PledgeRow>& pledges) -> absl::Status {
    std::map<int64_t, std::vector<SeatCut>> cuts = ReadCuts(tx, first, pledges.back().pledge_id);
    first = pledges.back().pledge_id;
    for (const PledgeRow& pledge : pledges) {
      PledgeWorkers workers(pledge.pledge_id, pledge.schedule, KeptAfter(cuts[pledge.pledge_id]),
                            lines);
      for (int64_t after = 0;;) {
        const std::vector<Seat> seats = SeatsAfter(tx, pledge.pledge_id, after);
        for (const Seat& seat : seats) RETURN_IF_ERROR(workers.Add(seat));
        if (seats.size() < kWorkers) break;
        after = seats.back().holding.worker_id;
      }
      RETURN_IF_ERROR(workers.Finish());
    }
    return absl::OkStatus();
  });
}

// A contribution with its lines and the balances of its accounts.
struct ContributionAudit {
  int64_t id = 0;
  int64_t amount = 0;
  int64_t unused = 0;
  bool done = false;
  std::map<std::string, int64_t> balances;                 // "reserved", "spent", "unused"
  std::vector<std::pair<int64_t, PriceSchedule>> covered;  // by worker
};

absl::StatusOr<std::vector<ContributionAudit>> ContributionsAfter(Tx& tx, int64_t after) {
  std::vector<ContributionAudit> contributions;
  ContributionAudit contribution;
  int state = 0;
  ForEach(
      tx,
      "SELECT contribution_id, amount, unused, state FROM contributions "
      "WHERE contribution_id > :after ORDER BY contribution_id LIMIT :limit",
      [&] {
        contribution.done = state != 0;
        contributions.push_back(contribution);
      },
      into(contribution.id), into(contribution.amount), into(contribution.unused), into(state),
      use(after, "after"), use(kContributions, "limit"));
  if (contributions.empty()) return contributions;

  std::map<int64_t, ContributionAudit*> by_id;
  std::map<std::string, int64_t*> accounts;
  std::vector<std::string> names;
  for (ContributionAudit& each : contributions) {
    by_id[each.id] = &each;
    for (const char* name : {"reserved", "spent", "unused"}) {
      names.push_back(ContributionAccount(each.id, name));
      accounts[names.back()] = &each.balances[name];
    }
  }
  const std::string list = sql::TextList(tx, names);
  std::string account;
  int64_t balance = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT account, balance FROM accounts WHERE ",
                   sql::InTexts(tx, "account", "names")),
      [&] { *accounts[account] = balance; }, into(account), into(balance), use(list, "names"));

  absl::Status status;
  int64_t id = 0, worker = 0;
  std::string schedule;
  ForEach(
      tx,
      "SELECT contribution_id, worker_id, schedule FROM contribution_lines "
      "WHERE contribution_id > :after AND contribution_id <= :last AND code = 0 "
      "ORDER BY contribution_id, worker_id",
      [&] {
        absl::StatusOr<PriceSchedule> months = PriceSchedule::Parse(schedule);
        if (!months.ok()) {
          status = months.status();
        } else if (const auto place = by_id.find(id); place != by_id.end() && place->second->done) {
          place->second->covered.emplace_back(worker, *std::move(months));
        }
      },
      into(id), into(worker), into(schedule), use(after, "after"),
      use(contributions.back().id, "last"));
  RETURN_IF_ERROR(status);
  return contributions;
}

// Goes through all contributions, by id.
absl::Status ForContributions(Tx& tx,
                              absl::FunctionRef<absl::Status(const ContributionAudit&)> each) {
  for (int64_t after = 0;;) {
    ASSIGN_OR_RETURN(const std::vector<ContributionAudit> contributions,
                     ContributionsAfter(tx, after));
    if (contributions.empty()) return absl::OkStatus();
    for (const ContributionAudit& contribution : contributions) RETURN_IF_ERROR(each(contribution));
    after = contributions.back().id;
  }
}

absl::Status AuditContribution(const ContributionAudit& contribution, AuditLines& lines) {
  AuditTotal total;
  total.contribution_id = contribution.id;
  total.received = contribution.amount;
  total.reserved = contribution.balances.at("reserved");
  total.spent = contribution.balances.at("spent");
  total.refunded = contribution.balances.at("unused");
  total.under_way = !contribution.done;
  int64_t price = 0;
  for (const auto& [worker, schedule] : contribution.covered) {
    price += schedule.PerSeat().amount();
    total.person_months += schedule.size();
  }
  const auto compare = [&](absl::string_view what, int64_t says, int64_t should) {
    return says == should
               ? absl::OkStatus()
               : lines.Finding(absl::StrCat("contribution ", contribution.id, ": account ", what,
                                            " says ", says, ", its lines ", should));
  };
  RETURN_IF_ERROR(compare("reserved", total.reserved, contribution.done ? 0 : contribution.amount));
  RETURN_IF_ERROR(compare("spent", total.spent, price));
  RETURN_IF_ERROR(
      compare("unused", total.refunded, contribution.done ? contribution.amount - price : 0));
  RETURN_IF_ERROR(compare("unused", total.refunded, contribution.unused));
  return lines.Total(total);
}

absl::Status PutContributionWorkers(const ContributionAudit& contribution, AuditLines& lines) {
  for (const auto& [worker, schedule] : contribution.covered) {
    const Holding all{worker, 0, schedule.size()};
    RETURN_IF_ERROR(
        lines.Worker({worker, 0, contribution.id, MonthsByProgramme(schedule).Of({&all, 1})}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AuditCounts> AuditBook(Tx& tx, bool totals_only, AuditLines& lines) {
  AuditCounts counts;
  tx.db() << "SELECT COUNT(*) FROM ledger_entries", into(counts.entries);
  RETURN_IF_ERROR(AuditLedger(tx, [&](const std::string& fault) { return lines.Finding(fault); }));
  RETURN_IF_ERROR(AuditReceipts(tx, lines));
  ASSIGN_OR_RETURN(WorkUnderWay work, AuditWork(tx, lines));
  counts.owed = work.rows;
  RETURN_IF_ERROR(ForContributions(tx, [&](const ContributionAudit& contribution) {
    return AuditContribution(contribution, lines);
  }));
  RETURN_IF_ERROR(AuditPledges(tx, work, lines));
  if (totals_only) return counts;
  RETURN_IF_ERROR(ForContributions(tx, [&](const ContributionAudit& contribution) {
    return PutContributionWorkers(contribution, lines);
  }));
  RETURN_IF_ERROR(PutPledgeWorkers(tx, lines));
  return counts;
}

}  // namespace lingkaran::sponsorship
