// lingkaran-coverage: knows time. Its flags: lingkaran-coverage --help.
#include "common/server/service_main.h"
#include "services/coverage/app.h"

int main(int argc, char** argv) {
  return lingkaran::RunService<lingkaran::coverage::CoverageApp>(
      "coverage", "rules, person-months, who is covered on which day, and why", argc, argv);
}
