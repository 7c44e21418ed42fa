// Audit of coverage's tables: person-months that stand, added up by payer and worker, and the rules
// that no constraint can hold.
#pragma once

#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/sql/database.h"

namespace lingkaran::coverage::store {

// Reads everything in the snapshot of `tx`: findings and totals, and unless `totals_only` what each
// source pays for each worker, and the members. Throws as the store does.
absl::StatusOr<AuditCounts> AuditBook(sql::Tx& tx, bool totals_only, AuditLines& lines);

}  // namespace lingkaran::coverage::store
