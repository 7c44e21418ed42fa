#include "tests/simulation/oracle.h"

#include <map>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/coverage/store/audit.h"
#include "services/registry/workflow/member_sync.h"
#include "services/sponsorship/domain/pledge.h"
#include "services/sponsorship/store/audit.h"

namespace lingkaran::simulation {
namespace {

using soci::into;
using sql::ForEach;
using sql::Tx;

// One column of numbers and one of text, by the text.
using Rows = std::vector<std::pair<std::string, int64_t>>;

Rows Select(World& world, int place, const std::string& query) {
  Rows rows;
  const absl::Status status = world.database(place).Read([&](Tx& tx) {
    rows.clear();
    std::string text;
    int64_t number = 0;
    ForEach(
        tx, query, [&] { rows.emplace_back(text, number); }, into(text), into(number));
    return absl::OkStatus();
  });
  if (!status.ok()) world.Violation(absl::StrCat("the oracle can't read: ", status.ToString()));
  return rows;
}

// Nothing may come out of the query.
void None(World& world, int place, const std::string& what, const std::string& query) {
  for (const auto& [text, number] : Select(world, place, query)) {
    world.Violation(absl::StrCat(NameOf(place), ": ", what, ": ", text, " ", number));
  }
}

// Each acknowledged key is there once, with its number if it has one; a given-up one at most once;
// nothing else is there.
void Compare(World& world, const std::string& what, const std::map<std::string, Expected>& book,
             const Rows& rows, int64_t Expected::*number) {
  std::map<std::string, int> seen;
  for (const auto& [key, value] : rows) {
    const auto expected = book.find(key);
    if (expected == book.end()) {
      world.Violation(absl::StrCat(what, " ", key, " is there and nobody asked for it"));
    } else if (expected->second.acknowledged && value != expected->second.*number) {
      world.Violation(absl::StrCat(what, " ", key, " is ", value, ", acknowledged was ",
                                   expected->second.*number));
    }
    if (++seen[key] > 1) world.Violation(absl::StrCat(what, " ", key, " is there twice"));
  }
  for (const auto& [key, expected] : book) {
    if (expected.acknowledged && !seen.contains(key)) {
      world.Violation(absl::StrCat(what, " ", key, " was acknowledged and is lost"));
    }
  }
}

void CheckAcknowledged(World& world, const Ledger& ledger) {
  Compare(world, "agency", ledger.agencies,
          Select(world, kRegistry, "SELECT name, agency_id FROM agencies ORDER BY agency_id"),
          &Expected::id);
  Compare(world, "list", ledger.batches,
          Select(world, kRegistry, "SELECT decree_number, batch_id FROM batches ORDER BY batch_id"),
          &Expected::id);
  Compare(world, "sponsor", ledger.sponsors,
          Select(world, kSponsorship, "SELECT name, sponsor_id FROM sponsors ORDER BY sponsor_id"),
          &Expected::id);
  Compare(world, "pledge", ledger.pledges,
          Select(world, kSponsorship,
                 "SELECT CAST(max_income AS TEXT), pledge_id FROM pledges ORDER BY pledge_id"),
          &Expected::id);
  Compare(world, "allocation", ledger.allocations,
          Select(world, kSponsorship,
                 "SELECT seed, allocation_id FROM allocations WHERE seed <> '' "
                 "ORDER BY allocation_id"),
          &Expected::id);
  const auto receipts = [&](const char* kind) {
    return Select(world, kSponsorship,
                  absl::StrCat("SELECT bank_reference, amount FROM receipts WHERE kind = '", kind,
                               "' ORDER BY receipt_id"));
  };
  Compare(world, "payment", ledger.payments, receipts("payment"), &Expected::amount);
  Compare(world, "refund", ledger.refunds, receipts("refund"), &Expected::amount);
  Compare(world, "contribution", ledger.contributions, receipts("contribution"), &Expected::amount);
}

// The journal has each transfer once, and the bank's account is what came in less what went back.
void CheckTransfers(World& world) {
  None(world, kSponsorship, "a transfer and its journal differ",
       "SELECT r.bank_reference, r.amount FROM receipts r WHERE r.amount <> (SELECT "
       "COALESCE(SUM(ABS(e.amount)), 0) / 2 FROM ledger_entries e WHERE e.reference = "
       "r.bank_reference AND e.kind = CASE r.kind WHEN 'refund' THEN 'refund' ELSE 'payment' END)");
  None(world, kSponsorship, "the bank's account and the transfers in differ",
       "SELECT a.account, a.balance FROM accounts a WHERE a.account = 'bank' AND a.balance + "
       "(SELECT COALESCE(SUM(amount), 0) FROM receipts WHERE kind <> 'refund') <> 0");
}

void CheckNothingUnderWay(World& world) {
  None(world, kRegistry, "is owed", "SELECT kind || ' ' || last_error, seq FROM outbox");
  None(world, kSponsorship, "is owed", "SELECT kind || ' ' || last_error, seq FROM outbox");
  None(world, kSponsorship, "an allocation runs or counts wrongly",
       "SELECT seed, allocation_id FROM allocations WHERE state = 1 OR steps_under_way <> 0 OR "
       "slots_under_way <> 0 OR end_time = 0");
  None(world, kSponsorship, "a replacement runs",
       "SELECT reason, replacement_id FROM replacement_lines WHERE state <> 2");
  None(world, kSponsorship, "a contribution runs",
       "SELECT bank_reference, contribution_id FROM contributions WHERE state = 0");
  None(world, kSponsorship, "a seat is being worked on",
       "SELECT CAST(seat_number AS TEXT), pledge_id FROM seats WHERE busy <> 0");
  None(world, kSponsorship, "money is reserved",
       "SELECT account, balance FROM accounts WHERE account LIKE '%/reserved' AND balance <> 0");
  for (int place = 0; place < kServices; ++place) {
    None(world, place, "a request has no answer",
         "SELECT method, record_time FROM requests WHERE reply = ''");
  }
}

// What the ledger says was spent by each source, and what coverage holds.
void CheckMoneyAndCover(World& world) {
  std::map<std::string, int64_t> spent;
  for (const auto& [account, amount] :
       Select(world, kSponsorship,
              "SELECT account, CAST(SUM(amount) AS BIGINT) FROM ledger_entries WHERE account LIKE "
              "'%/spent' GROUP BY account ORDER BY account")) {
    if (amount != 0) spent[account] = amount;
  }
  std::map<std::string, int64_t> covered;
  for (const auto& [account, amount] :
       Select(world, kCoverage,
              "SELECT CASE WHEN pledge_id <> 0 THEN 'pledge/' || pledge_id ELSE 'contribution/' || "
              "contribution_id END || '/spent', CAST(SUM(amount) AS BIGINT) FROM person_months "
              "WHERE revoked_position = 0 GROUP BY pledge_id, contribution_id "
              "ORDER BY pledge_id, contribution_id")) {
    covered[account] = amount;
  }
  for (const auto& [account, amount] : spent) {
    if (covered[account] != amount) {
      world.Violation(absl::StrCat(account, ": ", amount, " rupiah spent, ", covered[account],
                                   " rupiah of cover"));
    }
  }
  for (const auto& [account, amount] : covered) {
    if (spent[account] != amount) {
      world.Violation(absl::StrCat(account, ": ", amount, " rupiah of cover, ", spent[account],
                                   " rupiah spent"));
    }
  }
}

// (pledge, worker, programme, month) with its price.
using Months = std::map<std::tuple<int64_t, int64_t, int, int32_t>, int64_t>;

// Exactly the person-months that the holders of seats have are standing in coverage for them.
void CheckSeats(World& world) {
  struct Seat {
    std::string schedule;
    int64_t pledge = 0;
    int64_t worker = 0;
    int from = 0;
    int to = 0;
  };
  std::vector<Seat> seats;
  Seat seat;
  world.database(kSponsorship)
      .Read([&](Tx& tx) {
        ForEach(
            tx,
            "SELECT p.schedule, s.pledge_id, s.worker_id, s.from_index, s.paid_to FROM seats s "
            "JOIN pledges p ON p.pledge_id = s.pledge_id WHERE s.worker_id <> 0 "
            "ORDER BY s.pledge_id, s.seat_number",
            [&] { seats.push_back(seat); }, into(seat.schedule), into(seat.pledge),
            into(seat.worker), into(seat.from), into(seat.to));
        return absl::OkStatus();
      })
      .IgnoreError();
  Months standing;
  world.database(kCoverage)
      .Read([&](Tx& tx) {
        int64_t pledge = 0, worker = 0, amount = 0;
        int programme = 0, month = 0;
        ForEach(
            tx,
            "SELECT pledge_id, worker_id, programme, month, amount FROM person_months "
            "WHERE revoked_position = 0 AND pledge_id <> 0",
            [&] {
              standing[{pledge, worker, programme, month}] = amount;
            },
            into(pledge), into(worker), into(programme), into(month), into(amount));
        return absl::OkStatus();
      })
      .IgnoreError();
  for (const Seat& held : seats) {
    const auto schedule = sponsorship::PriceSchedule::Parse(held.schedule);
    if (!schedule.ok()) return world.Violation("a pledge's prices can't be read");
    for (int i = held.from; i < held.to; ++i) {
      const sponsorship::SeatMonth& month = schedule->at(i);
      const auto found =
          standing.find({held.pledge, held.worker, static_cast<int>(month.programme), month.month});
      if (found == standing.end() || found->second != month.price.amount()) {
        world.Violation(absl::StrCat("worker ", held.worker, " of pledge ", held.pledge,
                                     " is paid for ", month.month, " and not covered"));
      }
    }
  }
  None(world, kCoverage, "a worker has a month twice",
       "SELECT worker_id || '/' || month, CAST(COUNT(*) AS BIGINT) FROM person_months "
       "WHERE revoked_position = 0 GROUP BY worker_id, programme, month HAVING COUNT(*) > 1");
}

void CheckPeople(World& world, const Ledger& ledger) {
  struct Worker {
    int64_t version = 0;
    int32_t death = 0;
    int32_t withdrawn = 0;
    std::string number;
  };
  std::map<int64_t, Worker> people;
  Worker worker;
  int64_t id = 0;
  soci::indicator has_number = soci::i_ok;
  world.database(kRegistry)
      .Read([&](Tx& tx) {
        ForEach(
            tx,
            "SELECT worker_id, version, death_day, withdraw_day, membership_number FROM workers",
            [&] {
              if (has_number != soci::i_ok) worker.number.clear();
              people[id] = worker;
            },
            into(id), into(worker.version), into(worker.death), into(worker.withdrawn),
            into(worker.number, has_number));
        return absl::OkStatus();
      })
      .IgnoreError();
  for (const auto& [who, day] : ledger.deaths) {
    if (people[who].death != day) world.Violation(absl::StrCat("the death of ", who, " is lost"));
  }
  for (const int64_t who : ledger.withdrawn) {
    if (people[who].withdrawn == 0 && people[who].death == 0) {
      world.Violation(absl::StrCat("the withdrawal of ", who, " is lost"));
    }
  }
  for (const auto& [who, version] : ledger.versions) {
    if (people[who].version < version) {
      world.Violation(absl::StrCat("version ", version, " of worker ", who, " is lost"));
    }
  }
  for (const auto& [who, number] : ledger.members) {
    if (people[who].number != number) world.Violation(absl::StrCat(who, " lost his number"));
  }
  world.database(kCoverage)
      .Read([&](Tx& tx) {
        ForEach(
            tx,
            "SELECT worker_id, version, death_day, withdraw_day, membership_number FROM members",
            [&] {
              const Worker& known = people[id];
              if (known.version != worker.version || known.death != worker.death ||
                  known.withdrawn != worker.withdrawn || known.number != worker.number) {
                world.Violation(absl::StrCat("coverage knows version ", worker.version,
                                             " of member ", id, ", registry ", known.version));
              }
            },
            into(id), into(worker.version), into(worker.death), into(worker.withdrawn),
            into(worker.number, has_number));
        return absl::OkStatus();
      })
      .IgnoreError();
}

void CheckPledges(World& world, const Ledger& ledger) {
  std::set<int64_t> cancelled;
  for (const auto& [code, id] :
       Select(world, kSponsorship,
              "SELECT payment_code, pledge_id FROM pledges WHERE cancelled = 1")) {
    cancelled.insert(id);
  }
  for (const int64_t id : ledger.cancelled) {
    if (!cancelled.contains(id)) {
      world.Violation(absl::StrCat("the cancellation of pledge ", id, " is lost"));
    }
  }
}

// What the services' own audits say, and whether they say the same.
class Lines final : public AuditLines {
 public:
  Lines(World& world, int place) : world_(world), place_(place) {}
  absl::Status Finding(const std::string& text) override {
    world_.Violation(absl::StrCat("audit of ", NameOf(place_), ": ", text));
    return absl::OkStatus();
  }
  absl::Status Total(const AuditTotal& total) override {
    if (total.spent == 0 && total.person_months == 0) return absl::OkStatus();
    lines_[absl::StrCat("pledge ", total.pledge_id, " contribution ", total.contribution_id)] =
        absl::StrCat(total.spent, " rupiah for ", total.person_months, " person-months");
    return absl::OkStatus();
  }
  absl::Status Worker(const AuditWorker& worker) override {
    std::string& line =
        lines_[absl::StrCat("worker ", worker.worker_id, " pledge ", worker.pledge_id,
                            " contribution ", worker.contribution_id)];
    for (const AuditMonth& month : worker.months) {
      absl::StrAppend(&line, " ", month.programme, "/", month.month, "/", month.amount);
    }
    return absl::OkStatus();
  }
  absl::Status Member(const AuditMember&) override { return absl::OkStatus(); }

  const std::map<std::string, std::string>& lines() const { return lines_; }

 private:
  World& world_;
  const int place_;
  std::map<std::string, std::string> lines_;
};

template <typename Audit>
void RunAudit(World& world, int place, Audit audit, Lines& lines) {
  const absl::Status status =
      world.database(place).Read([&](Tx& tx) { return audit(tx, false, lines).status(); });
  if (!status.ok()) world.Violation(absl::StrCat("an audit fails: ", status.ToString()));
}

void CheckAudits(World& world) {
  Lines people(world, kRegistry);
  Lines cover(world, kCoverage);
  Lines money(world, kSponsorship);
  RunAudit(world, kRegistry, registry::AuditBook, people);
  RunAudit(world, kCoverage, coverage::store::AuditBook, cover);
  RunAudit(world, kSponsorship, sponsorship::AuditBook, money);
  for (const auto& [what, value] : money.lines()) {
    const auto other = cover.lines().find(what);
    if (other == cover.lines().end() || other->second != value) {
      world.Violation(absl::StrCat("audits differ on ", what, ": sponsorship ", value,
                                   ", coverage ",
                                   other == cover.lines().end() ? "nothing" : other->second));
    }
  }
  for (const auto& [what, value] : cover.lines()) {
    if (!money.lines().contains(what)) {
      world.Violation(
          absl::StrCat("audits differ on ", what, ": sponsorship nothing, coverage ", value));
    }
  }
}

}  // namespace

void CheckLedger(World& world) {
  None(world, kSponsorship, "a transaction does not sum to zero",
       "SELECT MIN(kind), transaction_id FROM ledger_entries GROUP BY transaction_id "
       "HAVING SUM(amount) <> 0");
  None(world, kSponsorship, "an account is not the sum of its entries",
       "SELECT a.account, a.balance FROM accounts a WHERE a.balance <> (SELECT "
       "COALESCE(SUM(e.amount), 0) FROM ledger_entries e WHERE e.account = a.account)");
}

void CheckEnd(World& world, const Ledger& ledger) {
  CheckLedger(world);
  CheckTransfers(world);
  CheckNothingUnderWay(world);
  CheckMoneyAndCover(world);
  CheckSeats(world);
  CheckAcknowledged(world, ledger);
  CheckPledges(world, ledger);
  CheckPeople(world, ledger);
  CheckAudits(world);
}

}  // namespace lingkaran::simulation
