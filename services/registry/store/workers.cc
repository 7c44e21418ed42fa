#include <soci/soci.h>

#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "services/registry/store/store.h"

namespace lingkaran::registry::store {
namespace {

using soci::indicator;
using soci::into;
using soci::use;
using sql::ForEach;

// Everything but personal, which most statements have no use for.
constexpr char kColumns[] =
    "worker_id, nik_hash, state, membership_number, region_code, occupation, sector, agency_id, "
    "batch_id, line, pledge_id, death_day, withdraw_day, withdraw_reason, version, create_time, "
    "enrol_time";

constexpr char kCardColumns[] = "worker_id, issue, membership_number, issue_time, issued_by";

std::vector<std::string> Names(const std::string& columns) { return absl::StrSplit(columns, ", "); }

// Workers that meet `where`, by id.
template <typename... Uses>
std::vector<Worker> Select(sql::Tx& tx, const std::string& where, bool lock, Uses... uses) {
  std::vector<Worker> workers;
  Worker worker;
  std::string hash;
  int state = 0, sector = 0;
  int64_t create_time = 0, enrol_time = 0;
  indicator has_number = soci::i_ok;
  ForEach(
      tx,
      absl::StrCat("SELECT ", kColumns, " FROM workers WHERE ", where, " ORDER BY worker_id",
                   lock ? sql::ForUpdate(tx) : ""),
      [&] {
        const absl::StatusOr<NikHash> nik_hash = HashFromText(hash);
        if (!nik_hash.ok()) throw std::runtime_error("a worker's nik_hash can't be read");
        worker.nik_hash = *nik_hash;
        worker.state = static_cast<WorkerState>(state);
        if (has_number == soci::i_null) worker.membership_number.clear();
        worker.sector = static_cast<Sector>(sector);
        worker.create_time = absl::FromUnixMillis(create_time);
        worker.enrol_time = absl::FromUnixMillis(enrol_time);
        workers.push_back(worker);
      },
      into(worker.worker_id), into(hash), into(state), into(worker.membership_number, has_number),
      into(worker.region_code), into(worker.occupation), into(sector), into(worker.agency_id),
      into(worker.batch_id), into(worker.line), into(worker.pledge_id), into(worker.death_day),
      into(worker.withdraw_day), into(worker.withdraw_reason), into(worker.version),
      into(create_time), into(enrol_time), uses...);
  return workers;
}

// One worker with personal.
template <typename Parameter>
std::optional<Worker> SelectOne(sql::Tx& tx, const std::string& column, const Parameter& parameter,
                                bool lock = false) {
  std::vector<Worker> found = Select(tx, column + " = :key", lock, use(parameter, "key"));
  if (found.empty()) return std::nullopt;
  Worker worker = std::move(found[0]);
  std::string sealed;
  tx.db() << "SELECT personal FROM workers WHERE worker_id = :id", into(sealed),
      use(worker.worker_id, "id");
  worker.personal = SealedPersonalData(std::move(sealed));
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
  sql::BulkRows bulk(Names(absl::StrCat(kColumns, ", personal")));
  for (const Worker& worker : workers) {
    bulk.Int(worker.worker_id).Text(HashText(worker.nik_hash)).Int(static_cast<int>(worker.state));
    AddNumber(bulk, worker);
    bulk.Text(worker.region_code).Text(worker.occupation).Int(static_cast<int>(worker.sector));
    bulk.Int(worker.agency_id).Int(worker.batch_id).Int(worker.line);
    bulk.Int(worker.pledge_id).Int(worker.death_day).Int(worker.withdraw_day);
    bulk.Text(worker.withdraw_reason).Int(worker.version);
    bulk.Int(absl::ToUnixMillis(worker.create_time)).Int(absl::ToUnixMillis(worker.enrol_time));
    bulk.Text(worker.personal.text()).EndRow();
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
  return SelectOne(tx, "worker_id", worker_id);
}

std::optional<Worker> LockWorker(sql::Tx& tx, int64_t worker_id) {
  return SelectOne(tx, "worker_id", worker_id, /*lock=*/true);
}

std::optional<Worker> FindByNumber(sql::Tx& tx, const std::string& membership_number) {
  return SelectOne(tx, "membership_number", membership_number);
}

std::optional<Worker> FindByNikHash(sql::Tx& tx, const NikHash& nik_hash) {
  return SelectOne(tx, "nik_hash", HashText(nik_hash));
}

std::vector<Worker> LockWorkers(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  if (worker_ids.empty()) return {};
  const std::string list = sql::IntList(tx, worker_ids);
  return Select(tx, sql::InInts(tx, "worker_id", "ids"), /*lock=*/true, use(list, "ids"));
}

absl::flat_hash_map<NikHash, Worker> LockByNikHashes(sql::Tx& tx,
                                                     absl::Span<const NikHash> nik_hashes) {
  absl::flat_hash_map<NikHash, Worker> found;
  if (nik_hashes.empty()) return found;
  std::vector<std::string> texts;
  texts.reserve(nik_hashes.size());
  for (const NikHash& hash : nik_hashes) texts.push_back(HashText(hash));
  const std::string list = sql::TextList(tx, texts);
  for (Worker& worker :
       Select(tx, sql::InTexts(tx, "nik_hash", "hashes"), /*lock=*/true, use(list, "hashes"))) {
    const NikHash key = worker.nik_hash;
    found.emplace(key, std::move(worker));
  }
  return found;
}

absl::flat_hash_set<std::string> TakenNumbers(sql::Tx& tx, absl::Span<const std::string> numbers) {
  absl::flat_hash_set<std::string> taken;
  if (numbers.empty()) return taken;
  std::string number;
  const std::string list = sql::TextList(tx, numbers);
  ForEach(
      tx,
      "SELECT membership_number FROM workers WHERE " +
          sql::InTexts(tx, "membership_number", "numbers"),
      [&] { taken.insert(number); }, into(number), use(list, "numbers"));
  return taken;
}

std::vector<ListedWorker> ListWorkers(sql::Tx& tx, const WorkerFilter& filter) {
  std::string where = "worker_id > :after";
  if (filter.state) absl::StrAppend(&where, " AND state = ", static_cast<int>(*filter.state));
  if (filter.batch_id != 0) absl::StrAppend(&where, " AND batch_id = ", filter.batch_id);
  // Always there, so that every form binds the same parameters; '%' matches all.
  absl::StrAppend(&where, " AND (region_code = :region OR region_code LIKE :inside)");
  const std::string inside = filter.region_code.empty() ? "%" : filter.region_code + ".%";
  std::vector<ListedWorker> workers;
  workers.reserve(filter.limit);
  ListedWorker worker;
  int state = 0, sector = 0;
  std::string sealed;
  ForEach(
      tx,
      absl::StrCat("SELECT worker_id, state, COALESCE(membership_number, ''), region_code, sector, "
                   "personal FROM workers WHERE ",
                   where, " ORDER BY worker_id LIMIT ", filter.limit),
      [&] {
        worker.state = static_cast<WorkerState>(state);
        worker.sector = static_cast<Sector>(sector);
        worker.personal = SealedPersonalData(sealed);
        workers.push_back(worker);
      },
      into(worker.worker_id), into(state), into(worker.membership_number), into(worker.region_code),
      into(sector), into(sealed), use(filter.after, "after"), use(filter.region_code, "region"),
      use(inside, "inside"));
  return workers;
}

int64_t MoveProposed(sql::Tx& tx, int64_t batch_id, WorkerState to) {
  const char* const number = to == WorkerState::kRefused
                                 ? "CASE WHEN enrol_time = 0 THEN NULL ELSE membership_number END"
                                 : "membership_number";
  soci::statement update = (tx.db().prepare << "UPDATE workers SET state = " << static_cast<int>(to)
                                            << ", version = version + 1, membership_number = "
                                            << number << " WHERE batch_id = :batch AND state = "
                                            << static_cast<int>(WorkerState::kProposed),
                            use(batch_id, "batch"));
  update.execute(true);
  return update.get_affected_rows();
}

void InsertCards(sql::Tx& tx, absl::Span<const Card> cards) {
  if (cards.empty()) return;
  sql::BulkRows bulk(Names(kCardColumns));
  for (const Card& card : cards) {
    bulk.Int(card.worker_id).Int(card.issue).Text(card.membership_number);
    bulk.Int(absl::ToUnixMillis(card.issue_time)).Text(card.issued_by).EndRow();
  }
  bulk.InsertInto(tx, "cards");
}

absl::flat_hash_map<int64_t, Card> NewestCards(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  absl::flat_hash_map<int64_t, Card> cards;
  if (worker_ids.empty()) return cards;
  Card card;
  int64_t issue_time = 0;
  const std::string list = sql::IntList(tx, worker_ids);
  ForEach(
      tx,
      absl::StrCat("SELECT ", kCardColumns, " FROM cards c WHERE ",
                   sql::InInts(tx, "worker_id", "ids"),
                   " AND issue = (SELECT MAX(issue) FROM cards d WHERE d.worker_id = c.worker_id)"),
      [&] {
        card.issue_time = absl::FromUnixMillis(issue_time);
        cards[card.worker_id] = card;
      },
      into(card.worker_id), into(card.issue), into(card.membership_number), into(issue_time),
      into(card.issued_by), use(list, "ids"));
  return cards;
}

}  // namespace lingkaran::registry::store
