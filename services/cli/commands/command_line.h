// The whole command line: every noun, the flags of all commands, exit codes.
#pragma once

#include <ostream>

namespace lingkaran::cli {

// Parses and runs a command line; gives the exit code.
int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace lingkaran::cli
