#include "services/coverage/store/change_log.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "common/sql/scan.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage::store {
namespace {

using soci::indicator;
using soci::into;
using soci::use;
using sql::ForEach;

// The log's form of ids, see the schema.
std::string EncodeIds(absl::Span<const int64_t> sorted) {
  std::string out;
  int64_t before = 0;
  for (int64_t id : sorted) {
    absl::StrAppend(&out, out.empty() ? "" : " ", id - before);
    before = id;
  }
  return out;
}

std::vector<int64_t> DecodeIds(const std::string& text) {
  std::vector<int64_t> out;
  int64_t id = 0;
  for (absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    int64_t distance = 0;
    if (!absl::SimpleAtoi(part, &distance)) throw std::runtime_error("change_log can't be read");
    out.push_back(id += distance);
  }
  return out;
}

NikHash ReadHash(const std::string& text) {
  const absl::StatusOr<NikHash> hash = HashFromText(text);
  if (!hash.ok()) throw std::runtime_error("members has a hash that is none");
  return *hash;
}

// A row of a statement about changes, as it comes.
struct ChangeRow {
  Change change;
  int64_t people = 0;
  std::string ids;
  indicator has_row = soci::i_ok, has_time = soci::i_ok, has_people = soci::i_ok,
            has_ids = soci::i_ok;

  Change Read() const { return {change.position, change.record_ms, DecodeIds(ids)}; }
};

// Rows that one statement reads: few enough to hold, whatever they name.
constexpr int kMostRows = 200;

}  // namespace

MemberRecord MakeRecord(const Member& member, std::vector<PersonMonth> months, int64_t position) {
  std::sort(months.begin(), months.end(), [](const PersonMonth& a, const PersonMonth& b) {
    return std::pair(a.programme, a.month) < std::pair(b.programme, b.month);
  });
  MemberRecord record;
  record.nik_hash = ReadHash(member.nik_hash);
  record.membership_number = member.membership_number;
  record.facts.worker_id = member.worker_id;
  record.facts.known = true;
  record.facts.position = position;
  record.facts.utc_offset_hours = member.utc_offset_hours;
  record.facts.death_day = member.death_day;
  record.facts.withdraw_day = member.withdraw_day;
  record.facts.runs = ToRuns(months);
  return record;
}

void RecordChange(sql::Tx& tx, int64_t position, int64_t now_ms,
                  absl::Span<const MemberRecord> changed) {
  std::vector<int64_t> ids;
  sql::BulkRows records({"worker_id", "position", "record"});
  for (const MemberRecord& record : changed) {
    ids.push_back(record.facts.worker_id);
    records.Int(ids.back()).Int(position).Text(Base64Url(Pack(record))).EndRow();
  }
  std::sort(ids.begin(), ids.end());
  const std::string list = EncodeIds(ids);
  const auto people = static_cast<int64_t>(ids.size());
  tx.db() << "INSERT INTO change_log (position, record_time, people, worker_ids) "
             "VALUES (:position, :now, :people, :ids)",
      use(position, "position"), use(now_ms, "now"), use(people, "people"), use(list, "ids");
  records.InsertInto(tx, "member_records",
                     "ON CONFLICT (worker_id) DO UPDATE SET position = excluded.position, "
                     "record = excluded.record");
}

LogHead ReadLogHead(sql::Tx& tx) {
  LogHead head;
  tx.db() << "SELECT position, recorded, recorded_from FROM log_position WHERE one = 1",
      into(head.position), into(head.recorded), into(head.recorded_from);
  return head;
}

LogRows ChangesAfter(sql::Tx& tx, int64_t position, size_t most_people) {
  LogRows out;
  ChangeRow row;
  size_t people = 0;
  int rows = 0;
  // The head comes with every row, and alone if there are none.
  ForEach(
      tx,
      absl::StrCat("SELECT l.position, l.recorded, l.recorded_from, c.position, c.record_time, "
                   "c.people, c.worker_ids FROM log_position l LEFT JOIN change_log c "
                   "ON c.position > :after WHERE l.one = 1 ORDER BY c.position LIMIT ",
                   kMostRows),
      [&] {
        if (row.has_row == soci::i_null) return;
        out.more = ++rows == kMostRows;
        if (people >= most_people) {
          out.more = true;
          return;
        }
        people += static_cast<size_t>(row.people);
        out.changes.push_back(row.Read());
      },
      into(out.head.position), into(out.head.recorded), into(out.head.recorded_from),
      into(row.change.position, row.has_row), into(row.change.record_ms, row.has_time),
      into(row.people, row.has_people), into(row.ids, row.has_ids), use(position, "after"));
  return out;
}

std::vector<Change> LastChanges(sql::Tx& tx, const LogHead& head, size_t most_people) {
  std::vector<Change> out;
  size_t people = 0;
  int64_t next = head.position;  // the row that has to come
  bool goes_on = true;
  while (goes_on) {
    ChangeRow row;
    int rows = 0;
    const int64_t from = next;
    ForEach(
        tx,
        absl::StrCat("SELECT position, record_time, people, worker_ids FROM change_log "
                     "WHERE position <= :from AND position > :least "
                     "ORDER BY position DESC LIMIT ",
                     kMostRows),
        [&] {
          ++rows;
          goes_on = goes_on && row.change.position == next && people < most_people;
          if (!goes_on) return;
          people += static_cast<size_t>(row.people);
          --next;
          out.push_back(row.Read());
        },
        into(row.change.position), into(row.change.record_ms), into(row.people), into(row.ids),
        use(from, "from"), use(head.recorded_from, "least"));
    goes_on = goes_on && rows == kMostRows;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

int64_t PeopleChangedAfter(sql::Tx& tx, int64_t position) {
  int64_t people = 0;
  tx.db() << "SELECT CAST(COALESCE(SUM(people), 0) AS BIGINT) FROM change_log "
             "WHERE position > :after",
      use(position, "after"), into(people);
  return people;
}

int64_t FirstChange(sql::Tx& tx) {
  int64_t first = 0;
  tx.db() << "SELECT COALESCE(MIN(position), 0) FROM change_log", into(first);
  return first;
}

RecordRows FindRecords(sql::Tx& tx, absl::Span<const PersonKey> keys) {
  std::vector<int64_t> ids;
  std::vector<std::string> hashes, numbers;
  for (const PersonKey& key : keys) {
    if (key.kind == PersonKey::Kind::kWorker) ids.push_back(key.worker_id);
    if (key.kind == PersonKey::Kind::kNik) hashes.push_back(HashText(key.nik_hash));
    if (key.kind == PersonKey::Kind::kNumber) numbers.push_back(key.number);
  }
  const std::string id_list = sql::IntList(tx, ids);
  const std::string hash_list = sql::TextList(tx, hashes);
  const std::string number_list = sql::TextList(tx, numbers);
  const auto members = [](const std::string& where) {
    return absl::StrCat(
        "SELECT worker_id, nik_hash, membership_number, utc_offset, death_day, withdraw_day "
        "FROM members WHERE ",
        where);
  };

  RecordRows out;
  Member member;
  PersonMonth month;
  std::vector<PersonMonth> months;
  int32_t death = 0, withdraw = 0, programme = 0, number = 0, first_day = 0, last_day = 0;
  indicator has_member = soci::i_ok, has_hash = soci::i_ok, has_number = soci::i_ok,
            has_offset = soci::i_ok, has_death = soci::i_ok, has_withdraw = soci::i_ok,
            has_programme = soci::i_ok, has_month = soci::i_ok, has_first = soci::i_ok,
            has_last = soci::i_ok;
  const auto finish = [&] {
    if (!out.records.empty()) out.records.back().facts.runs = ToRuns(months);
    months.clear();
  };
  // The position comes with every row, and alone if nobody is found.
  ForEach(
      tx,
      absl::StrCat("SELECT l.position, m.worker_id, m.nik_hash, m.membership_number, m.utc_offset, "
                   "m.death_day, m.withdraw_day, p.programme, p.month, p.first_day, p.last_day "
                   "FROM log_position l LEFT JOIN (",
                   members(sql::InInts(tx, "worker_id", "ids")), " UNION ",
                   members(sql::InTexts(tx, "nik_hash", "hashes")), " UNION ",
                   members(sql::InTexts(tx, "membership_number", "numbers")),
                   ") m ON 1 = 1 LEFT JOIN person_months p ON p.worker_id = m.worker_id "
                   "AND p.revoked_position = 0 WHERE l.one = 1 "
                   "ORDER BY m.worker_id, p.programme, p.month"),
      [&] {
        if (has_member == soci::i_null) return;
        if (out.records.empty() || out.records.back().facts.worker_id != member.worker_id) {
          finish();
          if (has_number == soci::i_null) member.membership_number.clear();
          member.death_day = ToOptionalDay(death);
          member.withdraw_day = ToOptionalDay(withdraw);
          out.records.push_back(MakeRecord(member, {}, out.position));
        }
        if (has_month == soci::i_null) return;
        month.programme = static_cast<Programme>(programme);
        month.month = ToMonth(number);
        month.first_day = ToDay(first_day);
        month.last_day = ToDay(last_day);
        months.push_back(month);
      },
      into(out.position), into(member.worker_id, has_member), into(member.nik_hash, has_hash),
      into(member.membership_number, has_number), into(member.utc_offset_hours, has_offset),
      into(death, has_death), into(withdraw, has_withdraw), into(programme, has_programme),
      into(number, has_month), into(first_day, has_first), into(last_day, has_last),
      use(id_list, "ids"), use(hash_list, "hashes"), use(number_list, "numbers"));
  finish();
  return out;
}

RecordRows FindRecords(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  std::vector<PersonKey> keys;
  keys.reserve(worker_ids.size());
  for (int64_t id : worker_ids) keys.push_back(PersonKey::OfWorker(id));
  return FindRecords(tx, keys);
}

bool StreamRecords(sql::Tx& tx, absl::FunctionRef<bool(std::string_view record)> row) {
  bool all = true;
  sql::ForEachRaw(tx, "SELECT record FROM member_records",
                  [&](const sql::RawRow& raw) { return all = row(raw.Text(0)); });
  return all;
}

namespace {

// The stored form of each worker's record, by worker id.
std::vector<std::pair<int64_t, std::string>> StoredRecords(sql::Tx& tx,
                                                           absl::Span<const int64_t> ids) {
  std::vector<std::pair<int64_t, std::string>> out;
  std::pair<int64_t, std::string> row;
  const std::string list = sql::IntList(tx, ids);
  ForEach(
      tx,
      absl::StrCat("SELECT worker_id, record FROM member_records WHERE ",
                   sql::InInts(tx, "worker_id", "ids"), " ORDER BY worker_id"),
      [&] { out.push_back(row); }, into(row.first), into(row.second), use(list, "ids"));
  return out;
}

// When the newest fact about any of the people was recorded.
int64_t NewestFactMs(sql::Tx& tx, absl::Span<const MemberRecord> people) {
  std::vector<int64_t> ids;
  for (const MemberRecord& record : people) ids.push_back(record.facts.worker_id);
  const std::string list = sql::IntList(tx, ids);
  const std::string in = sql::InInts(tx, "worker_id", "ids");
  int64_t newest = 0;
  tx.db() << absl::StrCat(
      "SELECT COALESCE(MAX(t), 0) FROM (SELECT record_time AS t FROM members "
      "WHERE ",
      in, " UNION ALL SELECT record_time AS t FROM person_months WHERE ", in,
      " UNION ALL SELECT revoke_time AS t FROM person_months WHERE ", in, ") facts"),
      use(list, "ids"), into(newest);
  return newest;
}

}  // namespace

Differences CompareRecords(sql::Tx& tx, int64_t after, int limit) {
  const std::vector<int64_t> ids = WorkersAfter(tx, /*pledge_id=*/0, after, limit);
  const auto stored = StoredRecords(tx, ids);
  Differences out;
  out.last = ids.empty() ? after : ids.back();
  auto known = stored.begin();
  for (MemberRecord& truth : FindRecords(tx, ids).records) {
    const int64_t id = truth.facts.worker_id;
    while (known != stored.end() && known->first < id) ++known;
    const bool same =
        known != stored.end() && known->first == id && known->second == Base64Url(Pack(truth));
    if (!same) out.truth.push_back(std::move(truth));
  }
  return out;
}

int64_t MendRecords(sql::Tx& tx, int64_t position, int64_t after, int limit) {
  const Differences found = CompareRecords(tx, after, limit);
  RecordChange(tx, position, found.truth.empty() ? 0 : NewestFactMs(tx, found.truth), found.truth);
  return found.last;
}

bool FinishMending(sql::Tx& tx, int64_t begun) {
  int64_t holes = 0;
  tx.db() << "SELECT l.position - CAST(:begun AS BIGINT) - (SELECT COUNT(*) FROM change_log c "
             "WHERE c.position > :begun) FROM log_position l WHERE l.one = 1",
      use(begun, "begun"), into(holes);
  if (holes != 0) return false;
  tx.db() << "UPDATE log_position SET recorded = position, recorded_from = :begun WHERE one = 1",
      use(begun, "begun");
  return true;
}

}  // namespace lingkaran::coverage::store
