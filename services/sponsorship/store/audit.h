// Sponsorship's accounts added anew, from their journal up: the ledger against the accounts, the
// accounts against what came in, the money against the seats, and the work under way against the
// outbox.
#pragma once

#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/sql/database.h"

namespace lingkaran::sponsorship {

// Reads everything in the snapshot of `tx`: findings and the total of every contribution and
// pledge, and unless `totals_only` what each pays for each worker. Throws as the stores do.
absl::StatusOr<AuditCounts> AuditBook(sql::Tx& tx, bool totals_only, AuditLines& lines);

}  // namespace lingkaran::sponsorship
