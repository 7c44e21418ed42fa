// lingkaran: the command line client of the suite.
#include <iostream>

#include "services/cli/session/command.h"

int main(int argc, char** argv) {
  return lingkaran::cli::RunCommandLine(argc, argv, std::cout, std::cerr);
}
