#include "services/registry/domain/rules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {

WordList::WordList(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    std::string folded = FoldWords(entry);
    if (folded.find(' ') != std::string::npos) phrases_.push_back(absl::StrCat(" ", folded, " "));
    entries_.insert(std::move(folded));
  }
}

bool WordList::Is(std::string_view folded) const {
  return entries_.contains(absl::string_view(folded.data(), folded.size()));
}

bool WordList::StandsIn(std::string_view folded) const {
  const absl::string_view text(folded.data(), folded.size());
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (entries_.contains(word)) return true;
  }
  if (phrases_.empty() || text.find(' ') == absl::string_view::npos) return false;
  const std::string padded = absl::StrCat(" ", text, " ");
  for (const std::string& phrase : phrases_) {
    if (padded.find(phrase) != std::string::npos) return true;
  }
  return false;
}

const EntryTest* EntryRules::TestOn(Day day) const {
  for (const EntryTest& test : tests) {
    if (test.from <= day && day <= test.to) return &test;
  }
  return nullptr;
}

}  // namespace lingkaran::registry
