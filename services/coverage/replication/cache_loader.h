// Background work of the log follower: filling the near cache from the database, and mending the
// records that it is filled from.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/sql/database.h"
#include "services/coverage/cache/near_cache.h"

namespace lingkaran::coverage {

// Streams all stored records into the near cache, in one snapshot, while it answers and changes
// come in. CANCELLED as soon as `goes_on` says no; other errors are the store's.
absl::Status LoadAll(sql::Database& database, NearCache& near, absl::FunctionRef<bool()> goes_on);

// Makes the stored records equal to the truth and the log whole, after a program wrote that does
// not record; does nothing if it is whole. Short transactions, so writes go on between them. While
// such a program goes on writing, this does not come to an end: it begins again. Any number of
// processes may do it at once. CANCELLED as above.
absl::Status MendAll(sql::Database& database, absl::FunctionRef<bool()> goes_on);

}  // namespace lingkaran::coverage
