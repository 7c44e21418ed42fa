// Coverage's change log, and the records that caches hold: what changed since a position, and what
// is true of the people it names.
//
// Positions commit in their order (store::NextPosition) and each write transaction leaves one row,
// so a replica that has applied all rows up to the head knows everything. As in store.h every
// function works in the transaction that it is given and throws as SOCI does.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "services/coverage/domain/booking.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::sql {
class Tx;
}

namespace lingkaran::coverage::store {

// ---- Writing ----

// A member as caches see it; `months` are those that stand, in any order.
MemberRecord MakeRecord(const Member& member, std::vector<PersonMonth> months, int64_t position);
// Ends every write transaction: the log's row for `position`, naming the members that it changed
// (maybe none), and their records as they are now. No worker twice.
void RecordChange(sql::Tx& tx, int64_t position, int64_t now_ms,
                  absl::Span<const MemberRecord> changed);

// ---- The log ----

// One write transaction.
struct Change {
  int64_t position = 0;
  int64_t record_ms = 0;
  std::vector<int64_t> worker_ids;  // in their order
};

struct LogHead {
  int64_t position = 0;       // of the last write
  int64_t recorded = 0;       // less if a program that does not record has written, see the schema
  int64_t recorded_from = 0;  // no hole in the log from here to `recorded`
  bool whole() const { return recorded == position; }
};
LogHead ReadLogHead(sql::Tx& tx);

// What was written after a position, oldest first, in one statement with the head of the log. Stops
// at the row that brings the people to `most_people` or after some hundred rows; `more` tells.
struct LogRows {
  LogHead head;
  std::vector<Change> changes;
  bool more = false;
};
LogRows ChangesAfter(sql::Tx& tx, int64_t position, size_t most_people);
// The newest writes, oldest first, without a hole up to the head, as many as name `most_people`.
std::vector<Change> LastChanges(sql::Tx& tx, const LogHead& head, size_t most_people);
// How many people the writes after a position name.
int64_t PeopleChangedAfter(sql::Tx& tx, int64_t position);
// Where the log begins: its first position, 0 while it has none.
int64_t FirstChange(sql::Tx& tx);

// ---- Records ----

// People of any keys, each once, by worker id, from the tables that hold the truth; keys that
// nobody has are left out. One statement, which sees one state: that of `position`.
struct RecordRows {
  int64_t position = 0;
  std::vector<MemberRecord> records;
};
RecordRows FindRecords(sql::Tx& tx, absl::Span<const PersonKey> keys);
RecordRows FindRecords(sql::Tx& tx, absl::Span<const int64_t> worker_ids);

// Every stored record of the snapshot, packed (member_record.h) and in base64url, in any order; at
// once and in constant memory, see sql/scan.h. False if `row` stopped it.
bool StreamRecords(sql::Tx& tx, absl::FunctionRef<bool(std::string_view record)> row);

// ---- Mending, after a program wrote that does not record ----

// The next `limit` members above `after`: those whose stored record is not the truth.
struct Differences {
  std::vector<MemberRecord> truth;
  int64_t last = 0;  // the last member looked at; `after` if there are none left
};
Differences CompareRecords(sql::Tx& tx, int64_t after, int limit);
// Writes the truth for those that differ, as the change of `position`; its time is that of the
// newest of their facts, 0 if nobody differs. The last member looked at, as above.
int64_t MendRecords(sql::Tx& tx, int64_t position, int64_t after, int limit);
// Says that the log is whole, if each write after `begun`, where the mending began, left a row.
// False if not: mend again.
bool FinishMending(sql::Tx& tx, int64_t begun);

}  // namespace lingkaran::coverage::store
