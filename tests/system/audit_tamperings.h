// Cells that somebody changes behind the services' backs after the story of AuditFixture.
#pragma once

#include <string>
#include <vector>

namespace lingkaran {

// What is changed and where, and what must be said of it. In all texts $1 is who left a seat, $2
// who pays alone and holds one, $3 a seat that is paid in full, $4 an id that nobody has.
struct Tampering {
  const char* service;
  std::vector<std::string> spoil;
  const char* said;
  // How it is put right again where that is more than the rows as they were.
  std::vector<std::string> mend = {};
};

// Each check of every audit, and each kind of difference, has one.
const std::vector<Tampering>& Tamperings();

}  // namespace lingkaran
