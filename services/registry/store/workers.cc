#include <soci/soci.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "services/registry/store/store.h"

namespace lingkaran::registry::store {
namespace {

using soci::into;
using soci::use;

// Everything but personal, which most statements have no use for.
constexpr char kColumns[] =
    "worker_id, nik_hash, state, COALESCE(membership_number, '') AS membership_number, "
    "region_code, occupation, sector, agency_id, batch_id, line, pledge_id, death_day, "
    "withdraw_day, withdraw_reason, version, create_time, enrol_time";

// SOCI's SQLite backend finds nothing into vectors of one element.
size_t VectorSize(size_t rows) { return std::max<size_t>(rows, 2); }

// Vectors of the columns of some workers.
struct Columns {
  explicit Columns(size_t n)
      : id(n),
        nik_hash(n),
        state(n),
        number(n),
        region(n),
        occupation(n),
        sector(n),
        agency(n),
        batch(n),
        line(n),
        pledge(n),
        death(n),
        withdraw(n),
        reason(n),
        version(n),
        create(n),
        enrol(n) {}

  Worker At(size_t i) {
    Worker worker;
    worker.worker_id = id[i];
    worker.nik_hash = std::move(nik_hash[i]);
    worker.state = static_cast<WorkerState>(state[i]);
    worker.membership_number = std::move(number[i]);
    worker.region_code = std::move(region[i]);
    worker.occupation = std::move(occupation[i]);
    worker.sector = static_cast<Sector>(sector[i]);
    worker.agency_id = agency[i];
    worker.batch_id = batch[i];
    worker.line = line[i];
    worker.pledge_id = pledge[i];
    worker.death_day = death[i];
    worker.withdraw_day = withdraw[i];
    worker.withdraw_reason = std::move(reason[i]);
    worker.version = version[i];
    worker.create_time = absl::FromUnixMillis(create[i]);
    worker.enrol_time = absl::FromUnixMillis(enrol[i]);
    return worker;
  }

  std::vector<int64_t> id;
  std::vector<std::string> nik_hash;
  std::vector<int> state;
  std::vector<std::string> number, region, occupation;
  std::vector<int> sector;
  std::vector<int64_t> agency, batch;
  std::vector<int> line;
  std::vector<int64_t> pledge;
  std::vector<int> death, withdraw;
  std::vector<std::string> reason;
  std::vector<int64_t> version, create, enrol;
};

// Workers that meet `where`, which has one parameter; at most `most`, by id.
template <typename Parameter>
std::vector<Worker> Select(sql::Tx& tx, const std::string& where, const Parameter& parameter,
                           const std::string& name, size_t most, bool lock) {
  Columns c(VectorSize(most));
  soci::statement select =
      (tx.db().prepare << "SELECT " << kColumns << " FROM workers WHERE " << where
                       << " ORDER BY worker_id" << (lock ? sql::ForUpdate(tx) : ""),
       into(c.id), into(c.nik_hash), into(c.state), into(c.number), into(c.region),
       into(c.occupation), into(c.sector), into(c.agency), into(c.batch), into(c.line),
       into(c.pledge), into(c.death), into(c.withdraw), into(c.reason), into(c.version),
       into(c.create), into(c.enrol), use(parameter, name));
  std::vector<Worker> workers;
  if (!select.execute(true)) return workers;
  workers.reserve(c.id.size());
  for (size_t i = 0; i < c.id.size(); ++i) workers.push_back(c.At(i));
  return workers;
}

// One worker with personal.
template <typename Parameter>
std::optional<Worker> SelectOne(sql::Tx& tx, const std::string& column, const Parameter& parameter,
                                bool lock) {
  std::vector<Worker> found = Select(tx, column + " = :key", parameter, "key", 1, lock);
  if (found.empty()) return std::nullopt;
  Worker worker = std::move(found[0]);
  tx.db() << "SELECT personal FROM workers WHERE worker_id = :id", into(worker.personal),
      use(worker.worker_id, "id");
  return worker;
}

void AddNumber(sql::BulkRows& bulk, const Worker& worker) {
  if (worker.membership_number.empty()) {
    bulk.Null();
  } else {
    bulk.Text(worker.membership_number);
  }
}

sql::BulkRows AllColumns(absl::Span<const Worker> workers) {
  sql::BulkRows bulk({"worker_id", "nik_hash", "state", "membership_number", "region_code",
                      "occupation", "sector", "personal", "agency_id", "batch_id", "line",
                      "pledge_id", "death_day", "withdraw_day", "withdraw_reason", "version",
                      "create_time", "enrol_time"});
  for (const Worker& worker : workers) {
    bulk.Int(worker.worker_id).Text(worker.nik_hash).Int(static_cast<int>(worker.state));
    AddNumber(bulk, worker);
    bulk.Text(worker.region_code).Text(worker.occupation).Int(static_cast<int>(worker.sector));
    bulk.Text(worker.personal).Int(worker.agency_id).Int(worker.batch_id).Int(worker.line);
    bulk.Int(worker.pledge_id).Int(worker.death_day).Int(worker.withdraw_day);
    bulk.Text(worker.withdraw_reason).Int(worker.version);
    bulk.Int(absl::ToUnixMillis(worker.create_time));
    bulk.Int(absl::ToUnixMillis(worker.enrol_time)).EndRow();
  }
  return bulk;
}

}  // namespace

void InsertWorkers(sql::Tx& tx, absl::Span<const Worker> workers) {
  if (!workers.empty()) AllColumns(workers).InsertInto(tx, "workers");
}

void UpdateWorkers(sql::Tx& tx, absl::Span<const Worker> workers) {
  if (!workers.empty()) AllColumns(workers).Update(tx, "workers");
}

void UpdateMemberships(sql::Tx& tx, absl::Span<const Worker> workers) {
  if (workers.empty()) return;
  sql::BulkRows bulk({"worker_id", "state", "membership_number", "pledge_id", "withdraw_day",
                      "withdraw_reason", "version", "enrol_time"});
  for (const Worker& worker : workers) {
    bulk.Int(worker.worker_id).Int(static_cast<int>(worker.state));
    AddNumber(bulk, worker);
    bulk.Int(worker.pledge_id).Int(worker.withdraw_day).Text(worker.withdraw_reason);
    bulk.Int(worker.version).Int(absl::ToUnixMillis(worker.enrol_time)).EndRow();
  }
  bulk.Update(tx, "workers");
}

std::optional<Worker> FindWorker(sql::Tx& tx, int64_t worker_id) {
  return SelectOne(tx, "worker_id", worker_id, /*lock=*/false);
}

std::optional<Worker> LockWorker(sql::Tx& tx, int64_t worker_id) {
  return SelectOne(tx, "worker_id", worker_id, /*lock=*/true);
}

std::optional<Worker> FindByNumber(sql::Tx& tx, const std::string& membership_number) {
  return SelectOne(tx, "membership_number", membership_number, /*lock=*/false);
}

std::optional<Worker> FindByNikHash(sql::Tx& tx, const std::string& nik_hash) {
  return SelectOne(tx, "nik_hash", nik_hash, /*lock=*/false);
}

std::vector<Worker> LockWorkers(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  if (worker_ids.empty()) return {};
  return Select(tx, sql::InInts(tx, "worker_id", "ids"), sql::IntList(tx, worker_ids), "ids",
                worker_ids.size(), /*lock=*/true);
}

absl::flat_hash_map<std::string, Worker> LockByNikHashes(sql::Tx& tx,
                                                         absl::Span<const std::string> nik_hashes) {
  absl::flat_hash_map<std::string, Worker> found;
  if (nik_hashes.empty()) return found;
  for (Worker& worker : Select(tx, sql::InTexts(tx, "nik_hash", "hashes"),
                               sql::TextList(tx, nik_hashes), "hashes", nik_hashes.size(),
                               /*lock=*/true)) {
    std::string key = worker.nik_hash;
    found.emplace(std::move(key), std::move(worker));
  }
  return found;
}

absl::flat_hash_set<std::string> TakenNumbers(sql::Tx& tx, absl::Span<const std::string> numbers) {
  absl::flat_hash_set<std::string> taken;
  if (numbers.empty()) return taken;
  std::vector<std::string> found(VectorSize(numbers.size()));
  const std::string list = sql::TextList(tx, numbers);
  soci::statement select = (tx.db().prepare << "SELECT membership_number FROM workers WHERE "
                                            << sql::InTexts(tx, "membership_number", "numbers"),
                            into(found), use(list, "numbers"));
  if (select.execute(true)) taken.insert(found.begin(), found.end());
  return taken;
}

WorkerColumns ListWorkers(sql::Tx& tx, const WorkerFilter& filter) {
  const size_t n = VectorSize(static_cast<size_t>(filter.limit));
  WorkerColumns c{std::vector<int64_t>(n),     std::vector<int>(n), std::vector<std::string>(n),
                  std::vector<std::string>(n), std::vector<int>(n), std::vector<std::string>(n)};
  std::string where = "worker_id > :after";
  if (filter.state) absl::StrAppend(&where, " AND state = ", static_cast<int>(*filter.state));
  if (filter.batch_id != 0) absl::StrAppend(&where, " AND batch_id = ", filter.batch_id);
  // Always there, so that every form binds the same parameters; '%' matches all.
  absl::StrAppend(&where, " AND (region_code = :region OR region_code LIKE :inside)");
  const std::string inside = filter.region_code.empty() ? "%" : filter.region_code + ".%";
  soci::statement select =
      (tx.db().prepare << "SELECT worker_id, state, COALESCE(membership_number, ''), region_code, "
                          "sector, personal FROM workers WHERE "
                       << where << " ORDER BY worker_id LIMIT " << filter.limit,
       into(c.worker_id), into(c.state), into(c.membership_number), into(c.region_code),
       into(c.sector), into(c.personal), use(filter.after, "after"),
       use(filter.region_code, "region"), use(inside, "inside"));
  if (!select.execute(true)) return {};
  return c;
}

namespace {

int64_t SetProposed(sql::Tx& tx, int64_t batch_id, WorkerState to, const std::string& also) {
  soci::statement update = (tx.db().prepare << "UPDATE workers SET state = " << static_cast<int>(to)
                                            << ", version = version + 1" << also
                                            << " WHERE batch_id = :batch AND state = "
                                            << static_cast<int>(WorkerState::kProposed),
                            use(batch_id, "batch"));
  update.execute(true);
  return update.get_affected_rows();
}

}  // namespace

int64_t MoveProposed(sql::Tx& tx, int64_t batch_id, WorkerState to) {
  return SetProposed(tx, batch_id, to, "");
}

int64_t RefuseProposed(sql::Tx& tx, int64_t batch_id) {
  return SetProposed(tx, batch_id, WorkerState::kRefused,
                     ", membership_number = CASE WHEN enrol_time = 0 THEN NULL "
                     "ELSE membership_number END");
}

void InsertCards(sql::Tx& tx, absl::Span<const Card> cards) {
  if (cards.empty()) return;
  sql::BulkRows bulk({"worker_id", "issue", "membership_number", "issue_time", "issued_by"});
  for (const Card& card : cards) {
    bulk.Int(card.worker_id).Int(card.issue).Text(card.membership_number);
    bulk.Int(absl::ToUnixMillis(card.issue_time)).Text(card.issued_by).EndRow();
  }
  bulk.InsertInto(tx, "cards");
}

absl::flat_hash_map<int64_t, Card> NewestCards(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  absl::flat_hash_map<int64_t, Card> cards;
  if (worker_ids.empty()) return cards;
  const size_t n = VectorSize(worker_ids.size());
  std::vector<int64_t> id(n);
  std::vector<int> issue(n);
  std::vector<std::string> number(n);
  std::vector<int64_t> time(n);
  std::vector<std::string> by(n);
  const std::string list = sql::IntList(tx, worker_ids);
  soci::statement select =
      (tx.db().prepare << "SELECT worker_id, issue, membership_number, issue_time, issued_by "
                          "FROM cards c WHERE "
                       << sql::InInts(tx, "worker_id", "ids")
                       << " AND issue = (SELECT MAX(issue) FROM cards d "
                          "WHERE d.worker_id = c.worker_id)",
       into(id), into(issue), into(number), into(time), into(by), use(list, "ids"));
  if (!select.execute(true)) return cards;
  for (size_t i = 0; i < id.size(); ++i) {
    cards[id[i]] = {id[i], std::move(number[i]), issue[i], absl::FromUnixMillis(time[i]),
                    std::move(by[i])};
  }
  return cards;
}

}  // namespace lingkaran::registry::store
