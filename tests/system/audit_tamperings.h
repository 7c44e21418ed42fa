// Cells that somebody changes behind the services' backs after the story of AuditFixture.
#pragma once

#include <string>
#include <vector>

namespace lingkaran {

// What is changed and where, what must be said of it, and how it is put right again. In all texts
// $1 is who left a seat, $2 who pays alone and holds one, $3 a seat that is paid in full, $4 an
// id that nobody has.
struct Tampering {
  const char* service;
  std::vector<std::string> spoil;
  const char* said;
  std::vector<std::string> mend;
};

// Each check of every audit, and each kind of difference, has one.
const std::vector<Tampering>& Tamperings();

}  // namespace lingkaran
