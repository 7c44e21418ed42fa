// The registry's tables, and SQL only: no rules. Every function runs in the caller's transaction
// and throws what SOCI throws; sql::Database turns that into a status. A violated constraint comes
// out as ALREADY_EXISTS (workers.nik_hash, workers.membership_number: one worker per NIK) or
// FAILED_PRECONDITION (the checks of schema/0001_registry.sql).
//
// "Lock..." also keeps others from changing the rows until the transaction ends: row locks on
// PostgreSQL, the one write transaction on SQLite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/registry/domain/batch.h"
#include "services/registry/domain/worker.h"

namespace lingkaran::sql {
class Tx;
}

namespace lingkaran::registry::store {

// -- agencies --
void InsertAgency(sql::Tx& tx, const Agency& agency);
std::optional<Agency> FindAgency(sql::Tx& tx, int64_t agency_id);
// By id, those after `after`.
std::vector<Agency> ListAgencies(sql::Tx& tx, int64_t after, int limit);

// -- batches --
void InsertBatch(sql::Tx& tx, const Batch& batch);
std::optional<Batch> FindBatch(sql::Tx& tx, int64_t batch_id);
std::optional<Batch> LockBatch(sql::Tx& tx, int64_t batch_id);
// Writes state, totals, senders and review; what was declared never changes.
void UpdateBatch(sql::Tx& tx, const Batch& batch);

// -- rows of batches --
// Those of `lines` that were sent before.
absl::flat_hash_map<int32_t, RowAnswer> FindRows(sql::Tx& tx, int64_t batch_id,
                                                 absl::Span<const int64_t> lines);
// By line, those after `after`; only of `status` if given.
std::vector<RowAnswer> ListRows(sql::Tx& tx, int64_t batch_id, std::optional<RowStatus> status,
                                int32_t after, int limit);
// `which` are indexes into `rows`.
void InsertRows(sql::Tx& tx, int64_t batch_id, absl::Span<const RowAnswer> rows,
                absl::Span<const size_t> which);

// -- workers --
// ALREADY_EXISTS if one of their NIKs or numbers is there.
void InsertWorkers(sql::Tx& tx, absl::Span<const Worker> workers);
// Writes all columns of workers that exist.
void UpdateWorkers(sql::Tx& tx, absl::Span<const Worker> workers);
// The same without personal, hash, region, occupation and sector: for enrolment in bulk.
void UpdateMemberships(sql::Tx& tx, absl::Span<const Worker> workers);

std::optional<Worker> FindWorker(sql::Tx& tx, int64_t worker_id);
std::optional<Worker> LockWorker(sql::Tx& tx, int64_t worker_id);
std::optional<Worker> FindByNumber(sql::Tx& tx, const std::string& membership_number);
std::optional<Worker> FindByNikHash(sql::Tx& tx, const NikHash& nik_hash);
// By id; personal is left out.
std::vector<Worker> LockWorkers(sql::Tx& tx, absl::Span<const int64_t> worker_ids);
// By NIK hash; personal is left out.
absl::flat_hash_map<NikHash, Worker> LockByNikHashes(sql::Tx& tx,
                                                     absl::Span<const NikHash> nik_hashes);
// Which of these numbers somebody has.
absl::flat_hash_set<std::string> TakenNumbers(sql::Tx& tx, absl::Span<const std::string> numbers);

struct WorkerFilter {
  std::optional<WorkerState> state;
  std::string region_code;  // this area and those in it; empty for all
  int64_t batch_id = 0;     // 0 for all
  int64_t after = 0;        // worker ids above
  int limit = 0;
};
// What a list of thousands shows of each.
struct ListedWorker {
  int64_t worker_id = 0;
  WorkerState state{};
  std::string membership_number;
  std::string region_code;
  Sector sector{};
  SealedPersonalData personal;
};
// By id.
std::vector<ListedWorker> ListWorkers(sql::Tx& tx, const WorkerFilter& filter);
// Moves the proposed workers of a batch to another state in one statement; how many. The refused
// give up the numbers that the list brought for members from elsewhere.
int64_t MoveProposed(sql::Tx& tx, int64_t batch_id, WorkerState to);

// -- cards --
void InsertCards(sql::Tx& tx, absl::Span<const Card> cards);
// The newest card of each, by worker.
absl::flat_hash_map<int64_t, Card> NewestCards(sql::Tx& tx, absl::Span<const int64_t> worker_ids);

// -- events: who did what --
struct Event {
  int64_t seq = 0;
  absl::Time time;
  std::string actor;
  std::string method;
  std::string subject;  // "batch/12", "worker/17"
  std::string note;     // sealed, context "events.note/<seq>"; empty if there is none
};
void InsertEvent(sql::Tx& tx, const Event& event);
void InsertReveal(sql::Tx& tx, int64_t seq, absl::Time time, const std::string& actor,
                  int64_t worker_id, const std::string& purpose);

}  // namespace lingkaran::registry::store
