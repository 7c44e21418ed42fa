// The registry's audit: lists and their control totals, numbers that only one person may have, and
// the members that coverage must know.
#pragma once

#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/sql/database.h"

namespace lingkaran::registry::store {

// Reads everything in the snapshot of `tx` and puts findings and, unless `totals_only`, members
// into `lines`. Registry has no money, so it has no totals and no workers' lines. Throws as the
// store does.
absl::StatusOr<AuditCounts> AuditBook(sql::Tx& tx, bool totals_only, AuditLines& lines);

}  // namespace lingkaran::registry::store
