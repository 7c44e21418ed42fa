// The registry's audit: lists and their control totals, numbers that only one person may have, and
// the members that coverage must know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/sql/database.h"

namespace lingkaran::registry::store {

// The workers of whom a row of the outbox tells coverage, by its body; DATA_LOSS if it can't be
// read.
using WorkersOfRow = absl::FunctionRef<absl::StatusOr<std::vector<int64_t>>(const std::string&)>;

// Reads everything in the snapshot of `tx` and puts findings and, unless `totals_only`, members
// into `lines`. Registry has no money, so it has no totals and no workers' lines. Throws as the
// store does.
absl::StatusOr<AuditCounts> AuditBook(sql::Tx& tx, bool totals_only, WorkersOfRow workers_of,
                                      AuditLines& lines);

}  // namespace lingkaran::registry::store
