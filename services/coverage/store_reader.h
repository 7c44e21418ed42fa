// The last link: SQL, one statement for a batch of keys. It is always right.
#pragma once

#include <memory>

#include "common/sql/database.h"
#include "services/coverage/reader.h"

namespace lingkaran::coverage {

// `database` must outlive the reader. UNAVAILABLE/TOKEN_NOT_YET_APPLIED if the database itself is
// behind the position asked for (a replica, or one that was restored).
std::unique_ptr<Reader> MakeStoreReader(sql::Database& database);

}  // namespace lingkaran::coverage
