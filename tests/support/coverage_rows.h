// People and paid months as coverage's tables hold them, and writes to them as its service and as
// an older release of it do.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/database.h"
#include "services/coverage/domain/months_by_worker.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"
#include "tests/support/test_database.h"

namespace lingkaran::coverage {

inline constexpr int64_t kRowsMs = 1'573'099'200'000;  // 7 November 2019

inline NikHash HashOfWorker(int64_t id) {
  NikHash hash{};
  for (size_t i = 0; i < 8; ++i) hash[i] = static_cast<unsigned char>(id >> (8 * i));
  return hash;
}

inline Member MemberRow(int64_t id) {
  Member member;
  member.worker_id = id;
  member.nik_hash = HashText(HashOfWorker(id));
  member.membership_number = absl::StrCat("19", 1'000'000 + id);
  member.region_code = "33.72";
  member.version = 1;
  member.record_ms = kRowsMs;
  return member;
}

inline PersonMonth MonthRow(int64_t worker, Month month, Programme programme = Programme::kJkk) {
  PersonMonth paid;
  paid.worker_id = worker;
  paid.programme = programme;
  paid.month = month;
  paid.first_day = Day(month);
  paid.last_day = LastDayOf(month);
  paid.amount = Rupiah(10'000);
  paid.wage_base = Rupiah(1'000'000);
  paid.sector = Sector::kOther;
  paid.source = {PayerClass::kCsr, 5, 0};
  paid.record_ms = kRowsMs;
  return paid;
}

// The records of some workers as the tables say, as of `position`.
inline std::vector<MemberRecord> TruthOf(sql::Tx& tx, absl::Span<const int64_t> ids,
                                         int64_t position) {
  const MonthsByWorker months(store::StandingMonths(tx, ids));
  std::vector<MemberRecord> out;
  for (const Member& member : store::FindMembers(tx, ids)) {
    const auto own = months.Of(member.worker_id);
    out.push_back(store::MakeRecord(member, {own.begin(), own.end()}, position));
  }
  return out;
}

// One write transaction as the service makes it: new members, and months for workers.
struct Written {
  int64_t position = 0;
  std::vector<MemberRecord> changed;
};
inline Written WriteRows(sql::Database& database, const std::vector<Member>& members,
                         const std::vector<PersonMonth>& months) {
  return MustWrite(database, [&](sql::Tx& tx) {
    Written out{.position = store::NextPosition(tx), .changed = {}};
    std::vector<int64_t> ids;
    for (const Member& member : members) ids.push_back(member.worker_id);
    for (const PersonMonth& month : months) ids.push_back(month.worker_id);
    store::InsertMembers(tx, members, out.position);
    std::vector<PersonMonth> booked = months;
    for (PersonMonth& month : booked) month.booked_position = out.position;
    store::InsertMonths(tx, booked);
    out.changed = TruthOf(tx, ids, out.position);
    store::RecordChange(tx, out.position, kRowsMs, out.changed);
    return out;
  });
}

// The same by a release that knows neither the log nor the records.
inline void WriteAsOlderRelease(sql::Database& database, const std::vector<Member>& members,
                                const std::vector<PersonMonth>& months) {
  MustWrite(database, [&](sql::Tx& tx) {
    int64_t position = 0;
    tx.db() << "UPDATE log_position SET position = position + 1 WHERE one = 1 RETURNING position",
        soci::into(position);
    store::InsertMembers(tx, members, position);
    std::vector<PersonMonth> booked = months;
    for (PersonMonth& month : booked) month.booked_position = position;
    store::InsertMonths(tx, booked);
    return position;
  });
}

inline int64_t EpochOf(sql::Database& database) {
  return MustWrite(database, [](sql::Tx& tx) { return store::Epoch(tx, 1'000'000); });
}

}  // namespace lingkaran::coverage
