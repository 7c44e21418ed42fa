// A nation as coverage's own SQLite database.
#pragma once

#include <cstdint>
#include <string>

namespace lingkaran::bench {

// Path of the database of people 1 to `members` in `directory`. Made if it is not there, in one
// pass, through SQLite's own interface: the schema is what the service's migrations make, rows and
// indexes are those that its own writes would leave. One that is there is taken if it was made by
// the same version of the generator for the same schema. `service` is the program whose schema it
// gets; `keys` a key file with NationKeys(). Prints how far it is; ends the program if it fails.
std::string NationFile(const std::string& directory, int64_t members, const std::string& service,
                       const std::string& keys);

}  // namespace lingkaran::bench
