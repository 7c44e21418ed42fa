// lingkaran-registry: knows people. Its flags: lingkaran-registry --help.
#include "common/server/service_main.h"
#include "services/registry/app.h"

int main(int argc, char** argv) {
  return lingkaran::RunService<lingkaran::registry::RegistryApp>(
      "registry", "agencies, lists of candidates, workers and cards", argc, argv);
}
