// Reads members from the database, one statement for a batch: the last reader of the chain.
#pragma once

#include <memory>

#include "common/sql/database.h"
#include "services/coverage/lookup/reader.h"

namespace lingkaran::coverage {

// `database` must outlive the reader. UNAVAILABLE/TOKEN_NOT_YET_APPLIED if the database itself is
// behind the position asked for (one that was restored). Counts each statement as event
// "check_statement".
std::unique_ptr<Reader> MakeStoreReader(sql::Database& database);

}  // namespace lingkaran::coverage
