#include "services/coverage/store/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "common/sql/idempotency.h"

namespace lingkaran::coverage::store {
namespace {

using soci::indicator;
using soci::into;
using soci::use;
using sql::ForEach;
using sql::InInts;
using sql::IntList;

int32_t Number(const std::optional<Day>& day) { return day ? DayNumber(*day) : 0; }

// Last day of somebody's part, for SQL that counts and pages: 99991231 if open.
int32_t UntilNumber(const Member& member) {
  const Day until = member.UntilDay();
  return until == (Day::max)() ? 99991231 : DayNumber(until);
}

// Columns of one person-month, as they come from SELECT kMonthColumns.
constexpr char kMonthColumns[] =
    "worker_id, programme, month, first_day, last_day, amount, wage_base, sector, payer_class, "
    "pledge_id, contribution_id, record_time, booked_position, revoke_time, revoked_position, "
    "revoke_reason";

std::vector<PersonMonth> SelectMonths(sql::Tx& tx, const std::string& where,
                                      const std::string& parameter) {
  PersonMonth row;
  int32_t programme = 0, month = 0, first_day = 0, last_day = 0, sector = 0, payer = 0;
  int64_t amount = 0, wage_base = 0;
  std::vector<PersonMonth> out;
  ForEach(
      tx, absl::StrCat("SELECT ", kMonthColumns, " FROM person_months WHERE ", where),
      [&] {
        row.programme = static_cast<Programme>(programme);
        row.month = ToMonth(month);
        row.first_day = ToDay(first_day);
        row.last_day = ToDay(last_day);
        row.amount = Rupiah(amount);
        row.wage_base = Rupiah(wage_base);
        row.sector = static_cast<Sector>(sector);
        row.source.payer = static_cast<PayerClass>(payer);
        out.push_back(row);
      },
      into(row.worker_id), into(programme), into(month), into(first_day), into(last_day),
      into(amount), into(wage_base), into(sector), into(payer), into(row.source.pledge_id),
      into(row.source.contribution_id), into(row.record_ms), into(row.booked_position),
      into(row.revoke_ms), into(row.revoked_position), into(row.revoke_reason),
      use(parameter, "parameter"));
  return out;
}

void NotePledgeWorkers(sql::Tx& tx, absl::Span<const PersonMonth> months) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (const PersonMonth& month : months) {
    if (month.source.pledge_id != 0) {
      pairs.emplace_back(month.source.pledge_id, month.worker_id);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  sql::BulkRows rows({"pledge_id", "worker_id"});
  for (const auto& [pledge, worker] : pairs) rows.Int(pledge).Int(worker).EndRow();
  rows.InsertInto(tx, "pledge_workers", "ON CONFLICT (pledge_id, worker_id) DO NOTHING");
}

}  // namespace

int64_t Epoch(sql::Tx& tx, int64_t now_us) {
  tx.db() << "UPDATE log_position SET epoch = :now, position = :now, recorded = :now, "
             "recorded_from = :now WHERE epoch = 0",
      use(now_us, "now");
  int64_t epoch = 0;
  tx.db() << "SELECT epoch FROM log_position WHERE one = 1", into(epoch);
  return epoch;
}

int64_t NextPosition(sql::Tx& tx) {
  int64_t position = 0;
  tx.db() << "UPDATE log_position SET position = position + 1, recorded = CASE WHEN recorded = "
             "position THEN position + 1 ELSE recorded END WHERE one = 1 RETURNING position",
      into(position);
  return position;
}

int64_t Position(sql::Tx& tx) {
  int64_t position = 0;
  tx.db() << "SELECT position FROM log_position WHERE one = 1", into(position);
  return position;
}

absl::Status CheckApplied(sql::Tx& tx, int64_t demanded,
                          absl::Span<const std::string> owed_requests, int64_t position) {
  bool applied = position >= demanded;
  for (const std::string& id : owed_requests) applied = applied && sql::WasApplied(tx, id);
  if (applied) return absl::OkStatus();
  return TokenNotYetApplied();
}

std::vector<Member> FindMembers(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  std::vector<Member> out;
  const std::string list = IntList(tx, worker_ids);
  Member row;
  int32_t sector = 0, death = 0, withdraw = 0;
  indicator has_number = soci::i_ok;
  ForEach(
      tx,
      absl::StrCat(
          "SELECT worker_id, nik_hash, membership_number, region_code, utc_offset, sector, "
          "death_day, withdraw_day, version, position, record_time FROM members WHERE ",
          InInts(tx, "worker_id", "ids"), " ORDER BY worker_id"),
      [&] {
        if (has_number == soci::i_null) row.membership_number.clear();
        row.sector = static_cast<Sector>(sector);
        row.death_day = ToOptionalDay(death);
        row.withdraw_day = ToOptionalDay(withdraw);
        out.push_back(row);
      },
      into(row.worker_id), into(row.nik_hash), into(row.membership_number, has_number),
      into(row.region_code), into(row.utc_offset_hours), into(sector), into(death), into(withdraw),
      into(row.version), into(row.position), into(row.record_ms), use(list, "ids"));
  return out;
}

namespace {

sql::BulkRows MemberRows(absl::Span<const Member> members, int64_t position) {
  sql::BulkRows rows({"worker_id", "nik_hash", "membership_number", "region_code", "utc_offset",
                      "sector", "death_day", "withdraw_day", "until_day", "version", "position",
                      "record_time"});
  for (const Member& member : members) {
    rows.Int(member.worker_id).Text(member.nik_hash);
    member.membership_number.empty() ? rows.Null() : rows.Text(member.membership_number);
    rows.Text(member.region_code)
        .Int(member.utc_offset_hours)
        .Int(static_cast<int>(member.sector))
        .Int(Number(member.death_day))
        .Int(Number(member.withdraw_day))
        .Int(UntilNumber(member))
        .Int(member.version)
        .Int(position)
        .Int(member.record_ms)
        .EndRow();
  }
  return rows;
}

}  // namespace

void InsertMembers(sql::Tx& tx, absl::Span<const Member> members, int64_t position) {
  MemberRows(members, position).InsertInto(tx, "members");
}

void ReplaceMembers(sql::Tx& tx, absl::Span<const Member> members, int64_t position) {
  if (members.empty()) return;
  constexpr char kHistory[] =
      "worker_id, version, region_code, utc_offset, sector, death_day, withdraw_day, position, "
      "record_time";
  std::vector<int64_t> ids;
  for (const Member& member : members) ids.push_back(member.worker_id);
  const std::string list = IntList(tx, ids);
  tx.db() << absl::StrCat("INSERT INTO member_history (", kHistory, ") SELECT ", kHistory,
                          " FROM members WHERE ", InInts(tx, "worker_id", "ids")),
      use(list, "ids");
  MemberRows(members, position).Update(tx, "members");
}

std::optional<Member> MemberKnownAt(sql::Tx& tx, int64_t worker_id, int64_t instant_ms) {
  std::optional<Member> out;
  Member row;
  row.worker_id = worker_id;
  int32_t sector = 0, death = 0, withdraw = 0;
  constexpr char kColumns[] =
      "version, region_code, utc_offset, sector, death_day, withdraw_day, position, record_time";
  ForEach(
      tx,
      absl::StrCat("SELECT ", kColumns, " FROM (SELECT ", kColumns,
                   " FROM members WHERE worker_id = :id UNION ALL SELECT ", kColumns,
                   " FROM member_history WHERE worker_id = :id) AS known "
                   "WHERE record_time <= :instant ORDER BY version DESC LIMIT 1"),
      [&] {
        row.sector = static_cast<Sector>(sector);
        row.death_day = ToOptionalDay(death);
        row.withdraw_day = ToOptionalDay(withdraw);
        out = row;
      },
      into(row.version), into(row.region_code), into(row.utc_offset_hours), into(sector),
      into(death), into(withdraw), into(row.position), into(row.record_ms), use(worker_id, "id"),
      use(instant_ms, "instant"));
  return out;
}

std::vector<PersonMonth> StandingMonths(sql::Tx& tx, absl::Span<const int64_t> worker_ids) {
  return SelectMonths(
      tx,
      absl::StrCat("revoked_position = 0 AND ", InInts(tx, "worker_id", "parameter"),
                   " ORDER BY worker_id, programme, month"),
      IntList(tx, worker_ids));
}

std::vector<PersonMonth> AllMonths(sql::Tx& tx, int64_t worker_id) {
  return SelectMonths(tx,
                      absl::StrCat(InInts(tx, "worker_id", "parameter"),
                                   " ORDER BY programme, month, booked_position"),
                      IntList(tx, {worker_id}));
}

void InsertMonths(sql::Tx& tx, absl::Span<const PersonMonth> months) {
  sql::BulkRows rows({"worker_id", "programme", "month", "revoked_position", "first_day",
                      "last_day", "amount", "wage_base", "sector", "payer_class", "pledge_id",
                      "contribution_id", "record_time", "booked_position", "revoke_time",
                      "revoke_reason"});
  for (const PersonMonth& month : months) {
    rows.Int(month.worker_id)
        .Int(static_cast<int>(month.programme))
        .Int(MonthNumber(month.month))
        .Int(month.revoked_position)
        .Int(DayNumber(month.first_day))
        .Int(DayNumber(month.last_day))
        .Int(month.amount.amount())
        .Int(month.wage_base.amount())
        .Int(static_cast<int>(month.sector))
        .Int(static_cast<int>(month.source.payer))
        .Int(month.source.pledge_id)
        .Int(month.source.contribution_id)
        .Int(month.record_ms)
        .Int(month.booked_position)
        .Int(month.revoke_ms)
        .Text(month.revoke_reason)
        .EndRow();
  }
  rows.InsertInto(tx, "person_months");
  NotePledgeWorkers(tx, months);
}

void RevokeMonths(sql::Tx& tx, absl::Span<const int64_t> worker_ids, const Funding& source,
                  int32_t from_month, int64_t position, int64_t now_ms, const std::string& reason) {
  const std::string list = IntList(tx, worker_ids);
  tx.db() << absl::StrCat(
      "UPDATE person_months SET revoked_position = :position, revoke_time = :now, "
      "revoke_reason = :reason WHERE revoked_position = 0 AND month >= :month "
      "AND (CAST(:pledge AS BIGINT) = 0 OR pledge_id = :pledge) "
      "AND (CAST(:contribution AS BIGINT) = 0 OR contribution_id = :contribution) AND ",
      InInts(tx, "worker_id", "ids")),
      use(position, "position"), use(now_ms, "now"), use(reason, "reason"),
      use(from_month, "month"), use(source.pledge_id, "pledge"),
      use(source.contribution_id, "contribution"), use(list, "ids");
}

std::vector<int64_t> WorkersAfter(sql::Tx& tx, int64_t pledge_id, int64_t after, int limit) {
  std::vector<int64_t> out;
  int64_t worker = 0;
  const std::string table = pledge_id == 0 ? "members WHERE CAST(:pledge AS BIGINT) = 0"
                                           : "pledge_workers WHERE pledge_id = :pledge";
  ForEach(
      tx,
      absl::StrCat("SELECT worker_id FROM ", table,
                   " AND worker_id > :after ORDER BY worker_id LIMIT :limit"),
      [&] { out.push_back(worker); }, into(worker), use(pledge_id, "pledge"), use(after, "after"),
      use(limit, "limit"));
  return out;
}

Statistics CountCovered(sql::Tx& tx, Day day, const std::string& region, int64_t pledge_id) {
  const int32_t number = DayNumber(day);
  const std::string inside = absl::StrCat(region, ".%");
  std::string where = "(:region = '' OR m.region_code = :region OR m.region_code LIKE :inside) ";
  if (pledge_id != 0) {
    where +=
        "AND p.worker_id IN (SELECT worker_id FROM pledge_workers WHERE pledge_id = :pledge) "
        "AND p.pledge_id = :pledge ";
  } else {
    where += "AND CAST(:pledge AS BIGINT) = 0 ";
  }
  const std::string from = absl::StrCat(
      " FROM person_months p JOIN members m ON m.worker_id = p.worker_id WHERE ", where);
  Statistics out;
  CoveredCount row;
  int32_t programme = 0, payer = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT p.programme, p.payer_class, COUNT(DISTINCT p.worker_id)", from,
                   "AND p.revoked_position = 0 AND p.first_day <= :day AND p.last_day >= :day "
                   "AND m.until_day >= :day GROUP BY p.programme, p.payer_class "
                   "ORDER BY p.programme, p.payer_class"),
      [&] {
        row.programme = static_cast<Programme>(programme);
        row.payer = static_cast<PayerClass>(payer);
        out.counts.push_back(row);
      },
      into(programme), into(payer), into(row.workers), use(region, "region"), use(inside, "inside"),
      use(pledge_id, "pledge"), use(number, "day"));
  tx.db() << absl::StrCat(
      "SELECT COUNT(CASE WHEN p.revoked_position = 0 THEN 1 END), "
      "CAST(COALESCE(SUM(CASE WHEN p.revoked_position = 0 THEN p.amount END), "
      "0) AS BIGINT), COUNT(CASE WHEN p.revoked_position <> 0 THEN 1 END)",
      from),
      into(out.person_months), into(out.amount), into(out.revoked), use(region, "region"),
      use(inside, "inside"), use(pledge_id, "pledge");
  return out;
}

}  // namespace lingkaran::coverage::store
