#include "tests/workload/ledger.h"

namespace lingkaran::workload {

std::optional<PledgeFacts> Facts::AnyPledge(
    Chance& chance, absl::FunctionRef<bool(const PledgeFacts&)> fits) const {
  std::vector<const PledgeFacts*> found;
  for (const auto& [id, pledge] : money) {
    if (fits(pledge)) found.push_back(&pledge);
  }
  if (found.empty()) return std::nullopt;
  return *chance.OneOf(found);
}

}  // namespace lingkaran::workload
