// Prints the contracts as text, for tests/contract/refresh.
#include <iostream>

#include "tests/contract/descriptors.h"

int main() {
  const lingkaran::contract::Contracts contracts(LINGKARAN_DESCRIPTORS);
  if (contracts.files().empty()) return 1;
  for (const std::string& line : lingkaran::contract::Describe(contracts.files()))
    std::cout << line << "\n";
  return 0;
}
