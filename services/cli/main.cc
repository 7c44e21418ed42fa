// lingkaran: the command line client of the suite.
#include <iostream>

#include "services/cli/commands/command_line.h"

int main(int argc, char** argv) {
  return lingkaran::cli::RunCommandLine(argc, argv, std::cout, std::cerr);
}
