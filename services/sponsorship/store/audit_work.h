// Work under way, as the outbox holds it, against what the tables say is under way.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/audit_rules.h"

namespace lingkaran::sponsorship {

// What waits, by pledge.
struct WorkUnderWay {
  int64_t rows = 0;                                  // of the outbox
  std::map<int64_t, std::vector<SetAside>> waiting;  // money is set aside for it
  std::set<int64_t> pledges;                         // that something is at work on
};

// Reads the outbox and reports allocations, replacements and contributions that run without a row
// that would take them on, or whose counters are not those of their rows; seats that are kept busy
// by work that has ended; and counts of allocations and replacements that are not those of their
// lines and of the journal.
absl::StatusOr<WorkUnderWay> AuditWork(sql::Tx& tx, AuditLines& lines);

}  // namespace lingkaran::sponsorship
