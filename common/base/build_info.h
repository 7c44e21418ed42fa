// The release that this program was built from. Nothing here differs between two builds of one
// source with one compiler: no path, host or time.
#pragma once

#include <string>

namespace lingkaran {

struct BuildInfo {
  const char* version;     // "0.2.0", from project() in the top CMakeLists.txt
  const char* compiler;    // "GNU 12.2.0"
  const char* build_type;  // "Release"
};

const BuildInfo& Build();

// What `PROGRAM --version` prints: "lingkaran-coverage 0.2.0 (GNU 12.2.0, Release)".
std::string VersionLine(const std::string& program);

}  // namespace lingkaran
