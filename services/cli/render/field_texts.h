// What the fields of the contracts are called on the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lingkaran::cli {

// "nomor surat usulan (--decree): tulis nomor surat, paling banyak 100 huruf" for the field of an
// INVALID_FIELD error, e.g. "decree_number", "person.nik" or "lines[2].worker_id". nullopt for a
// field that no option sets.
std::optional<std::string> FieldText(std::string_view path);

}  // namespace lingkaran::cli
