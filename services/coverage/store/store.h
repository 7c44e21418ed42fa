// Coverage's tables: SQL only, no rules. One text for SQLite and PostgreSQL. The change log and
// what caches are filled from are in change_log.h.
//
// Every function works in the transaction that it is given and throws as SOCI does; sql::Database
// makes a Status of it. Batches cost one statement, whatever their size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "services/coverage/domain/booking.h"

namespace lingkaran::sql {
class Tx;
}

namespace lingkaran::coverage::store {

// Days from their numbers in the tables, unchecked: they were days when they went in.
inline Day ToDay(int32_t number) { return Day(number / 10000, number / 100 % 100, number % 100); }
inline Month ToMonth(int32_t number) { return Month(number / 100, number % 100); }
inline std::optional<Day> ToOptionalDay(int32_t number) {
  if (number == 0) return std::nullopt;
  return ToDay(number);
}

// Which database this is. The first caller sets it, and the position with it, to `now_us`
// (microseconds since 1970), so that positions of a new database are above those of an older one.
int64_t Epoch(sql::Tx& tx, int64_t now_us);
// Counts the change log's position up and gives it. Call first in every write transaction: its row
// lock makes writes commit in the order of their positions. RecordChange (change_log.h) must follow
// in the same transaction, whatever it changed.
int64_t NextPosition(sql::Tx& tx);
// The position that this transaction sees.
int64_t Position(sql::Tx& tx);
// OK if the database that `tx` sees has what a consistency token names: `demanded` is not beyond
// `position`, and the requests that others owed coverage were applied.
// UNAVAILABLE/TOKEN_NOT_YET_APPLIED otherwise.
absl::Status CheckApplied(sql::Tx& tx, int64_t demanded,
                          absl::Span<const std::string> owed_requests, int64_t position);

// Members of the ids that there are, by worker id.
std::vector<Member> FindMembers(sql::Tx& tx, absl::Span<const int64_t> worker_ids);
// New members. A NIK hash or number that another member has breaks a unique index.
void InsertMembers(sql::Tx& tx, absl::Span<const Member> members, int64_t position);
// Newer versions of members that there are; what they replace is kept in the history.
void ReplaceMembers(sql::Tx& tx, absl::Span<const Member> members, int64_t position);
// The member as recorded at the instant; nullopt if not known yet. No hash, no number.
std::optional<Member> MemberKnownAt(sql::Tx& tx, int64_t worker_id, int64_t instant_ms);

// Person-months that stand, by worker, programme and month.
std::vector<PersonMonth> StandingMonths(sql::Tx& tx, absl::Span<const int64_t> worker_ids);
// All person-months of a worker, revoked ones too, by programme, month and time of booking.
std::vector<PersonMonth> AllMonths(sql::Tx& tx, int64_t worker_id);
// Books. A person-month that stands already breaks the primary key: ALREADY_EXISTS.
void InsertMonths(sql::Tx& tx, absl::Span<const PersonMonth> months);
// Takes back what `source` (its pledge and contribution, each if not 0) paid for the workers from a
// month on; 0 for all.
void RevokeMonths(sql::Tx& tx, absl::Span<const int64_t> worker_ids, const Funding& source,
                  int32_t from_month, int64_t position, int64_t now_ms, const std::string& reason);

// Ids above `after` in their order, at most `limit`: of members for whom the pledge ever paid, or
// of all if it is 0.
std::vector<int64_t> WorkersAfter(sql::Tx& tx, int64_t pledge_id, int64_t after, int limit);

// How many are covered on a day.
struct CoveredCount {
  Programme programme = Programme::kUnspecified;
  PayerClass payer = PayerClass::kUnspecified;
  int64_t workers = 0;
};
struct Statistics {
  std::vector<CoveredCount> counts;  // by programme and payer class
  int64_t person_months = 0;         // standing, whatever the day
  int64_t amount = 0;                // their sum
  int64_t revoked = 0;
};
// `region` and all in it, empty for everywhere; `pledge_id` 0 for all. Counts in SQL who has a paid
// day; Decide (domain/eligibility.h) answers for a person, with the arrears rule on top.
Statistics CountCovered(sql::Tx& tx, Day day, const std::string& region, int64_t pledge_id);

}  // namespace lingkaran::coverage::store
