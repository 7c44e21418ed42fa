#include "services/registry/domain/rules.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/string_views.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

std::string Padded(std::string_view folded) { return absl::StrCat(" ", AbslView(folded), " "); }

}  // namespace

WordList::WordList(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) entries_.push_back(Padded(FoldWords(entry)));
}

bool WordList::Is(std::string_view folded) const {
  return absl::c_linear_search(entries_, Padded(folded));
}

bool WordList::StandsIn(std::string_view folded) const {
  const std::string text = Padded(folded);
  return absl::c_any_of(entries_,
                        [&](const auto& entry) { return absl::StrContains(text, entry); });
}

const EntryTest* EntryRules::TestOn(Day day) const {
  for (const EntryTest& test : tests) {
    if (test.from <= day && day <= test.to) return &test;
  }
  return nullptr;
}

}  // namespace lingkaran::registry
