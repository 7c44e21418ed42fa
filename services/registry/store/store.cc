#include "services/registry/store/store.h"

#include <soci/soci.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/string_views.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "services/registry/store/codec.h"

namespace lingkaran::registry::store {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;

constexpr char kAgencyColumns[] = "agency_id, name, kind, region_code, create_time";

constexpr char kBatchColumns[] =
    "batch_id, agency_id, kind, decree_number, decree_day, declared_rows, state, list_day, "
    "accepted_rows, rejected_rows, duplicate_rows, warned_rows, senders, reviewed_by, "
    "review_time, review_reason, working_attested, healthy_attested, attested_by, attested_day, "
    "document, create_time";

constexpr char kRowColumns[] = "line, status, worker_id, other_line, findings, content";

std::string JoinSenders(const Batch& batch) { return absl::StrJoin(batch.senders, "\n"); }

std::optional<Batch> ReadBatch(sql::Tx& tx, int64_t batch_id, const std::string& lock) {
  Batch batch;
  int kind = 0;
  int state = 0;
  int working = 0;
  int healthy = 0;
  int64_t review_time = 0;
  int64_t create_time = 0;
  std::string senders;
  Evidence& evidence = batch.evidence;
  tx.db() << "SELECT " << kBatchColumns << " FROM batches WHERE batch_id = :id" << lock,
      into(batch.batch_id), into(batch.agency_id), into(kind), into(batch.decree_number),
      into(batch.decree_day), into(batch.declared_rows), into(state), into(batch.list_day),
      into(batch.accepted_rows), into(batch.rejected_rows), into(batch.duplicate_rows),
      into(batch.warned_rows), into(senders), into(batch.reviewed_by), into(review_time),
      into(batch.review_reason), into(working), into(healthy), into(evidence.attested_by),
      into(evidence.attested_day), into(evidence.document), into(create_time), use(batch_id, "id");
  if (!tx.db().got_data()) return std::nullopt;
  batch.kind = static_cast<BatchKind>(kind);
  batch.state = static_cast<BatchState>(state);
  batch.senders = absl::StrSplit(senders, '\n', absl::SkipEmpty());
  batch.review_time = absl::FromUnixMillis(review_time);
  batch.create_time = absl::FromUnixMillis(create_time);
  evidence.working_attested = working != 0;
  evidence.healthy_attested = healthy != 0;
  return batch;
}

// Reads rows of batch_rows; `rest` follows WHERE.
template <typename... Uses>
void ReadRows(sql::Tx& tx, std::string_view rest, absl::FunctionRef<void(RowAnswer&&)> take,
              Uses... uses) {
  RowAnswer row;
  int status = 0;
  std::string findings;
  ForEach(
      tx, absl::StrCat("SELECT ", kRowColumns, " FROM batch_rows WHERE ", AbslView(rest)),
      [&] {
        row.status = static_cast<RowStatus>(status);
        row.findings = UnpackFindings(findings);
        take(RowAnswer(row));
      },
      into(row.line), into(status), into(row.worker_id), into(row.other_line), into(findings),
      into(row.content), uses...);
}

}  // namespace

void InsertAgency(sql::Tx& tx, const Agency& agency) {
  const int kind = static_cast<int>(agency.kind);
  const int64_t create_time = absl::ToUnixMillis(agency.create_time);
  tx.db() << "INSERT INTO agencies (" << kAgencyColumns << ") VALUES (:id, :name, :kind, :region, "
          << ":time)",
      use(agency.agency_id, "id"), use(agency.name, "name"), use(kind, "kind"),
      use(agency.region_code, "region"), use(create_time, "time");
}

std::optional<Agency> FindAgency(sql::Tx& tx, int64_t agency_id) {
  std::vector<Agency> found = ListAgencies(tx, agency_id - 1, 1);
  if (found.empty() || found[0].agency_id != agency_id) return std::nullopt;
  return std::move(found[0]);
}

std::vector<Agency> ListAgencies(sql::Tx& tx, int64_t after, int limit) {
  std::vector<Agency> agencies;
  Agency agency;
  int kind = 0;
  int64_t create_time = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT ", kAgencyColumns,
                   " FROM agencies WHERE agency_id > :after ORDER BY agency_id LIMIT ", limit),
      [&] {
        agency.kind = static_cast<AgencyKind>(kind);
        agency.create_time = absl::FromUnixMillis(create_time);
        agencies.push_back(agency);
      },
      into(agency.agency_id), into(agency.name), into(kind), into(agency.region_code),
      into(create_time), use(after, "after"));
  return agencies;
}

void InsertBatch(sql::Tx& tx, const Batch& batch) {
  const int kind = static_cast<int>(batch.kind);
  const int state = static_cast<int>(batch.state);
  const std::string senders = JoinSenders(batch);
  const int64_t create_time = absl::ToUnixMillis(batch.create_time);
  tx.db() << "INSERT INTO batches (" << kBatchColumns
          << ") VALUES (:id, :agency, :kind, :decree, :decree_day, :declared, :state, :list_day, "
             "0, 0, 0, 0, :senders, '', 0, '', 0, 0, '', 0, '', :time)",
      use(batch.batch_id, "id"), use(batch.agency_id, "agency"), use(kind, "kind"),
      use(batch.decree_number, "decree"), use(batch.decree_day, "decree_day"),
      use(batch.declared_rows, "declared"), use(state, "state"), use(batch.list_day, "list_day"),
      use(senders, "senders"), use(create_time, "time");
}

std::optional<Batch> FindBatch(sql::Tx& tx, int64_t batch_id) {
  return ReadBatch(tx, batch_id, "");
}

std::optional<Batch> LockBatch(sql::Tx& tx, int64_t batch_id) {
  return ReadBatch(tx, batch_id, sql::ForUpdate(tx));
}

void UpdateBatch(sql::Tx& tx, const Batch& batch) {
  const int state = static_cast<int>(batch.state);
  const std::string senders = JoinSenders(batch);
  const int64_t review_time = absl::ToUnixMillis(batch.review_time);
  const int working = batch.evidence.working_attested;
  const int healthy = batch.evidence.healthy_attested;
  tx.db() << "UPDATE batches SET state = :state, accepted_rows = :accepted, "
             "rejected_rows = :rejected, duplicate_rows = :duplicate, warned_rows = :warned, "
             "senders = :senders, reviewed_by = :reviewer, review_time = :review_time, "
             "review_reason = :reason, working_attested = :working, healthy_attested = :healthy, "
             "attested_by = :attested_by, attested_day = :attested_day, document = :document "
             "WHERE batch_id = :id",
      use(state, "state"), use(batch.accepted_rows, "accepted"),
      use(batch.rejected_rows, "rejected"), use(batch.duplicate_rows, "duplicate"),
      use(batch.warned_rows, "warned"), use(senders, "senders"), use(batch.reviewed_by, "reviewer"),
      use(review_time, "review_time"), use(batch.review_reason, "reason"), use(working, "working"),
      use(healthy, "healthy"), use(batch.evidence.attested_by, "attested_by"),
      use(batch.evidence.attested_day, "attested_day"), use(batch.evidence.document, "document"),
      use(batch.batch_id, "id");
}

absl::flat_hash_map<int32_t, RowAnswer> FindRows(sql::Tx& tx, int64_t batch_id,
                                                 absl::Span<const int64_t> lines) {
  absl::flat_hash_map<int32_t, RowAnswer> found;
  if (lines.empty()) return found;
  // The range keeps the look-up to a piece of the primary key: a chunk's lines lie close together.
  const auto [first, last] = std::minmax_element(lines.begin(), lines.end());
  const std::string list = sql::IntList(tx, lines);
  ReadRows(
      tx,
      "batch_id = :id AND line BETWEEN :first AND :last AND " + sql::InInts(tx, "line", "lines"),
      [&](RowAnswer&& row) { found.emplace(row.line, std::move(row)); }, use(batch_id, "id"),
      use(*first, "first"), use(*last, "last"), use(list, "lines"));
  return found;
}

std::vector<RowAnswer> ListRows(sql::Tx& tx, int64_t batch_id, std::optional<RowStatus> status,
                                int32_t after, int limit) {
  std::vector<RowAnswer> rows;
  std::string where = "batch_id = :id AND line > :after";
  if (status) absl::StrAppend(&where, " AND status = ", static_cast<int>(*status));
  ReadRows(
      tx, absl::StrCat(where, " ORDER BY line LIMIT ", limit),
      [&](RowAnswer&& row) { rows.push_back(std::move(row)); }, use(batch_id, "id"),
      use(after, "after"));
  return rows;
}

void InsertRows(sql::Tx& tx, int64_t batch_id, absl::Span<const RowAnswer> rows,
                absl::Span<const size_t> which) {
  if (which.empty()) return;
  sql::BulkRows bulk(absl::StrSplit(absl::StrCat("batch_id, ", kRowColumns), ", "));
  for (const size_t index : which) {
    const RowAnswer& row = rows[index];
    bulk.Int(batch_id).Int(row.line).Int(static_cast<int>(row.status)).Int(row.worker_id);
    bulk.Int(row.other_line).Text(PackFindings(row.findings)).Text(row.content).EndRow();
  }
  bulk.InsertInto(tx, "batch_rows");
}

void InsertEvent(sql::Tx& tx, const Event& event) {
  const int64_t time = absl::ToUnixMillis(event.time);
  tx.db() << "INSERT INTO events (seq, time, actor, method, subject, note) "
             "VALUES (:seq, :time, :actor, :method, :subject, :note)",
      use(event.seq, "seq"), use(time, "time"), use(event.actor, "actor"),
      use(event.method, "method"), use(event.subject, "subject"), use(event.note, "note");
}

void InsertReveal(sql::Tx& tx, int64_t seq, absl::Time time, const std::string& actor,
                  int64_t worker_id, const std::string& purpose) {
  const int64_t millis = absl::ToUnixMillis(time);
  tx.db() << "INSERT INTO reveals (seq, time, actor, worker_id, purpose) "
             "VALUES (:seq, :time, :actor, :worker, :purpose)",
      use(seq, "seq"), use(millis, "time"), use(actor, "actor"), use(worker_id, "worker"),
      use(purpose, "purpose");
}

}  // namespace lingkaran::registry::store
