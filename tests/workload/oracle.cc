#include "tests/workload/oracle.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::workload {
namespace {

constexpr char kRegistry[] = "registry";
constexpr char kCoverage[] = "coverage";
constexpr char kSponsorship[] = "sponsorship";

template <typename... Columns>
using Rows = std::vector<std::tuple<Columns...>>;

class Oracle {
 public:
  Oracle(const Deployment& deployment, const Facts& facts)
      : deployment_(deployment), facts_(facts) {}

  void CheckLedger();
  void CheckTransfers();
  void CheckNothingUnderWay();
  void CheckMoneyAndCover();
  void CheckSeats();
  void CheckAcknowledged();
  void CheckPledges();
  void CheckPeople();

 private:
  // A worker as registry and coverage know the same: version, day of death, of withdrawal, number.
  using Person = std::tuple<int64_t, int, int, std::string>;

  template <typename... What>
  void Lost(const What&... what) {
    deployment_.report(Fault::kLost, absl::StrCat(what...));
  }
  template <typename... What>
  void Doubled(const What&... what) {
    deployment_.report(Fault::kDoubled, absl::StrCat(what...));
  }

  template <typename... Columns>
  Rows<Columns...> Select(const std::string& service, const std::string& query) {
    Rows<Columns...> rows;
    std::tuple<Columns...> row;
    const absl::Status status = deployment_.database(service).Read([&](sql::Tx& tx) {
      rows.clear();
      std::apply(
          [&](auto&... column) {
            sql::ForEach(
                tx, query, [&] { rows.push_back(row); }, soci::into(column)...);
          },
          row);
      return absl::OkStatus();
    });
    if (!status.ok()) {
      deployment_.report(Fault::kOther, "the oracle can't read: " + status.ToString());
    }
    return rows;
  }
  // Nothing may come out of the query, a text and a number.
  void None(const std::string& service, const std::string& what, const std::string& query,
            Fault fault = Fault::kOther) {
    for (const auto& [text, number] : Select<std::string, int64_t>(service, query)) {
      deployment_.report(fault, absl::StrCat(service, ": ", what, ": ", text, " ", number));
    }
  }
  void Compare(const std::string& what, const Effects& effects, int64_t Effect::*number,
               const std::string& service, const std::string& query);
  std::map<int64_t, Person> People(const std::string& service, const std::string& table);

  const Deployment& deployment_;
  const Facts& facts_;
};

// Each acknowledged key is there once, with its number; an uncertain one at most once; nothing else
// is there.
void Oracle::Compare(const std::string& what, const Effects& effects, int64_t Effect::*number,
                     const std::string& service, const std::string& query) {
  std::set<std::string> seen;
  for (const auto& [key, value] : Select<std::string, int64_t>(service, query)) {
    const auto expected = effects.find(key);
    if (expected == effects.end()) {
      Doubled(what, " ", key, " is there and nobody asked for it");
    } else if (expected->second.acknowledged && value != expected->second.*number) {
      Lost(what, " ", key, " is ", value, ", acknowledged was ", expected->second.*number);
    }
    if (!seen.insert(key).second) Doubled(what, " ", key, " is there twice");
  }
  for (const auto& [key, effect] : effects) {
    if (effect.acknowledged && !seen.contains(key)) {
      Lost(what, " ", key, " was acknowledged and is lost");
    }
  }
}

void Oracle::CheckAcknowledged() {
  Compare("agency", facts_.agencies, &Effect::id, kRegistry,
          "SELECT name, agency_id FROM agencies ORDER BY agency_id");
  Compare("list", facts_.batches, &Effect::id, kRegistry,
          "SELECT decree_number, batch_id FROM batches ORDER BY batch_id");
  Compare("sponsor", facts_.sponsors, &Effect::id, kSponsorship,
          "SELECT name, sponsor_id FROM sponsors ORDER BY sponsor_id");
  Compare("pledge", facts_.pledges, &Effect::id, kSponsorship,
          "SELECT CAST(max_income AS TEXT), pledge_id FROM pledges ORDER BY pledge_id");
  Compare("allocation", facts_.allocations, &Effect::id, kSponsorship,
          "SELECT seed, allocation_id FROM allocations WHERE seed <> '' ORDER BY allocation_id");
  const auto receipts = [&](const std::string& kind, const Effects& effects) {
    Compare(kind, effects, &Effect::amount, kSponsorship,
            absl::StrCat("SELECT bank_reference, amount FROM receipts WHERE kind = '", kind,
                         "' ORDER BY receipt_id"));
  };
  receipts("payment", facts_.payments);
  receipts("refund", facts_.refunds);
  receipts("contribution", facts_.contributions);
  std::set<int64_t> allocations;
  for (const auto& [id] : Select<int64_t>(kSponsorship, "SELECT allocation_id FROM allocations")) {
    allocations.insert(id);
  }
  for (const int64_t id : facts_.named) {
    if (!allocations.contains(id)) Lost("allocation ", id, " to named workers is not there");
  }
}

void Oracle::CheckLedger() {
  None(kSponsorship, "a transaction does not sum to zero",
       "SELECT MIN(kind), transaction_id FROM ledger_entries GROUP BY transaction_id "
       "HAVING SUM(amount) <> 0");
  None(kSponsorship, "an account is not the sum of its entries",
       "SELECT a.account, a.balance FROM accounts a LEFT JOIN (SELECT account, SUM(amount) AS "
       "total FROM ledger_entries GROUP BY account) e ON e.account = a.account "
       "WHERE a.balance <> COALESCE(e.total, 0)");
}

// The journal has each transfer once, and the bank's account is what came in less what went back.
void Oracle::CheckTransfers() {
  None(kSponsorship, "a transfer and its journal differ",
       "SELECT r.bank_reference, r.amount FROM receipts r LEFT JOIN (SELECT reference, kind, "
       "SUM(ABS(amount)) / 2 AS total FROM ledger_entries GROUP BY reference, kind) e "
       "ON e.reference = r.bank_reference AND e.kind = CASE r.kind WHEN 'refund' THEN 'refund' "
       "ELSE 'payment' END WHERE r.amount <> COALESCE(e.total, 0)");
  None(kSponsorship, "the bank's account and the transfers in differ",
       "SELECT a.account, a.balance FROM accounts a WHERE a.account = 'bank' AND a.balance + "
       "(SELECT COALESCE(SUM(amount), 0) FROM receipts WHERE kind <> 'refund') <> 0");
}

void Oracle::CheckNothingUnderWay() {
  const std::string owed = "SELECT kind || ' ' || last_error, seq FROM outbox";
  None(kRegistry, "is owed", owed);
  None(kSponsorship, "is owed", owed);
  None(kSponsorship, "an allocation runs or counts wrongly",
       "SELECT seed, allocation_id FROM allocations WHERE state = 1 OR steps_under_way <> 0 OR "
       "slots_under_way <> 0 OR end_time = 0");
  None(kSponsorship, "a replacement runs",
       "SELECT reason, replacement_id FROM replacement_lines WHERE state <> 2");
  None(kSponsorship, "a contribution runs",
       "SELECT bank_reference, contribution_id FROM contributions WHERE state = 0");
  None(kSponsorship, "a seat is being worked on",
       "SELECT CAST(seat_number AS TEXT), pledge_id FROM seats WHERE busy <> 0");
  None(kSponsorship, "money is reserved",
       "SELECT account, balance FROM accounts WHERE account LIKE '%/reserved' AND balance <> 0");
  // But for tombstones: requests that ResolveRequest found not to have come yet.
  for (const char* service : {kRegistry, kCoverage, kSponsorship}) {
    None(service, "a request has no answer",
         "SELECT method, record_time FROM requests WHERE reply = '' AND fingerprint <> "
         "'abandoned'");
  }
}

// What the ledger says was spent by each source, and what coverage holds.
void Oracle::CheckMoneyAndCover() {
  std::map<std::string, int64_t> spent, covered;
  for (const auto& [account, amount] : Select<std::string, int64_t>(
           kSponsorship,
           "SELECT account, CAST(SUM(amount) AS BIGINT) FROM ledger_entries WHERE account LIKE "
           "'%/spent' GROUP BY account ORDER BY account")) {
    if (amount != 0) spent[account] = amount;
  }
  for (const auto& [account, amount] : Select<std::string, int64_t>(
           kCoverage,
           "SELECT CASE WHEN pledge_id <> 0 THEN 'pledge/' || pledge_id ELSE 'contribution/' || "
           "contribution_id END || '/spent', CAST(SUM(amount) AS BIGINT) FROM person_months "
           "WHERE revoked_position = 0 GROUP BY pledge_id, contribution_id "
           "ORDER BY pledge_id, contribution_id")) {
    covered[account] = amount;
  }
  for (const auto& [account, amount] : spent) {
    if (covered[account] < amount) {
      Lost(account, ": ", amount, " rupiah spent, ", covered[account], " rupiah of cover");
    }
  }
  for (const auto& [account, amount] : covered) {
    if (spent[account] < amount) {
      Doubled(account, ": ", amount, " rupiah of cover, ", spent[account], " rupiah spent");
    }
  }
}

// Exactly the person-months that the holders of seats have are standing in coverage for them.
void Oracle::CheckSeats() {
  // Pledge, worker, programme and month, with the price.
  std::map<std::tuple<int64_t, int64_t, int, int>, int64_t> standing;
  for (const auto& [pledge, worker, programme, month, amount] :
       Select<int64_t, int64_t, int, int, int64_t>(
           kCoverage,
           "SELECT pledge_id, worker_id, programme, month, amount FROM person_months "
           "WHERE revoked_position = 0 AND pledge_id <> 0")) {
    standing[{pledge, worker, programme, month}] = amount;
  }
  for (const auto& [text, pledge, worker, from, to] :
       Select<std::string, int64_t, int64_t, int, int>(
           kSponsorship,
           "SELECT p.schedule, s.pledge_id, s.worker_id, s.from_index, s.paid_to FROM seats s "
           "JOIN pledges p ON p.pledge_id = s.pledge_id WHERE s.worker_id <> 0 "
           "ORDER BY s.pledge_id, s.seat_number")) {
    const auto schedule = sponsorship::PriceSchedule::Parse(text);
    if (!schedule.ok()) return deployment_.report(Fault::kOther, "prices can't be read: " + text);
    for (int i = from; i < to; ++i) {
      const sponsorship::SeatMonth& month = schedule->at(i);
      const auto found =
          standing.find({pledge, worker, static_cast<int>(month.programme), month.month});
      if (found == standing.end() || found->second != month.price.amount()) {
        Lost("worker ", worker, " of pledge ", pledge, " is paid for ", month.month,
             " and not covered");
      }
    }
  }
  None(kCoverage, "a worker has a month twice",
       "SELECT worker_id || '/' || month, CAST(COUNT(*) AS BIGINT) FROM person_months "
       "WHERE revoked_position = 0 GROUP BY worker_id, programme, month HAVING COUNT(*) > 1",
       Fault::kDoubled);
}

// The money of every pledge, to the rupiah: with CheckLedger that of its sponsor, too.
void Oracle::CheckPledges() {
  for (const auto& [id, cancelled, received, credit, refunded] :
       Select<int64_t, int, int64_t, int64_t, int64_t>(
           kSponsorship,
           "SELECT p.pledge_id, p.cancelled, "
           "CAST(COALESCE(SUM(CASE WHEN e.kind = 'payment' AND e.account LIKE 'pledge/%' "
           "THEN e.amount END), 0) AS BIGINT), "
           "CAST(COALESCE(SUM(CASE WHEN e.kind = 'payment' AND e.account LIKE 'sponsor/%' "
           "THEN e.amount END), 0) AS BIGINT), "
           "CAST(COALESCE(SUM(CASE WHEN e.kind = 'refund' AND e.account LIKE '%/refunded' "
           "THEN e.amount END), 0) AS BIGINT) "
           "FROM pledges p LEFT JOIN ledger_entries e ON e.pledge_id = p.pledge_id "
           "GROUP BY p.pledge_id, p.cancelled ORDER BY p.pledge_id")) {
    const auto known = facts_.money.find(id);
    if (known == facts_.money.end()) continue;  // CheckAcknowledged looks for those
    const PledgeFacts& told = known->second;
    const auto compare = [&, id = id](const char* what, int64_t is, int64_t was) {
      if (is < was) Lost("pledge ", id, ", ", what, ": ", is, ", acknowledged was ", was);
      if (is > was && !told.uncertain) {
        Doubled("pledge ", id, ", ", what, ": ", is, ", acknowledged was ", was);
      }
    };
    compare("received", received, told.received);
    compare("credit", credit, told.credit);
    compare("refunded", refunded, told.refunded);
    compare("cancelled", cancelled, told.cancelled);
  }
}

std::map<int64_t, Oracle::Person> Oracle::People(const std::string& service,
                                                 const std::string& table) {
  std::map<int64_t, Person> people;
  for (const auto& [id, version, death, withdrawal, number] :
       Select<int64_t, int64_t, int, int, std::string>(
           service, absl::StrCat("SELECT worker_id, version, death_day, withdraw_day, "
                                 "COALESCE(membership_number, '') FROM ",
                                 table, " ORDER BY worker_id"))) {
    people[id] = {version, death, withdrawal, number};
  }
  return people;
}

void Oracle::CheckPeople() {
  std::map<int64_t, Person> people = People(kRegistry, "workers");
  for (const int64_t id : facts_.accepted) {
    if (!people.contains(id)) Lost("worker ", id, " was accepted and is not there");
  }
  if (static_cast<int>(facts_.accepted.size()) != facts_.people) {
    Lost(facts_.accepted.size(), " workers were accepted, on the lists are ", facts_.people);
  }
  for (const auto& [id, person] : people) {
    if (!facts_.accepted.contains(id)) Doubled("worker ", id, " is there and was never accepted");
  }
  for (const auto& [id, death] : facts_.deaths) {
    if (std::get<1>(people[id]) != death.day) Lost("the death of ", id, " is lost");
  }
  for (const int64_t id : facts_.withdrawn) {
    const auto& [version, death, withdrawal, number] = people[id];
    if (withdrawal == 0 && death == 0) Lost("the withdrawal of ", id, " is lost");
  }
  for (const auto& [id, version] : facts_.versions) {
    if (std::get<0>(people[id]) < version) {
      Lost("version ", version, " of worker ", id, " is lost");
    }
  }
  for (const auto& [id, number] : facts_.members) {
    if (std::get<3>(people[id]) != number) Lost("the number of worker ", id, " is lost");
  }
  for (const auto& [id, member] : People(kCoverage, "members")) {
    if (member != people[id]) {
      Lost("coverage knows version ", std::get<0>(member), " of member ", id, ", registry ",
           std::get<0>(people[id]));
    }
  }
}

}  // namespace

void CheckLedger(const Deployment& deployment) { Oracle(deployment, Facts()).CheckLedger(); }

void CheckEnd(const Deployment& deployment, const Facts& facts) {
  Oracle oracle(deployment, facts);
  oracle.CheckLedger();
  oracle.CheckTransfers();
  oracle.CheckNothingUnderWay();
  oracle.CheckMoneyAndCover();
  oracle.CheckSeats();
  oracle.CheckAcknowledged();
  oracle.CheckPledges();
  oracle.CheckPeople();
}

}  // namespace lingkaran::workload
