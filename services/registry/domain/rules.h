// Who may join, as effective-dated data. Where the values come from and how far they are to be
// trusted stands with each entry in deploy/rules/registry.textproto; rules_file.h reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/date.h"

namespace lingkaran::registry {

// The tests of one time.
struct EntryTest {
  Day from;
  Day to;                         // Day::max() if open
  int min_age_years = 0;          // youngest age that may join
  int age_limit_years = 0;        // first age that may not join any more
  int evidence_max_age_days = 0;  // of evidence at review
};

// Words of a column, compared after FoldWords.
class WordList {
 public:
  WordList() = default;
  explicit WordList(const std::vector<std::string>& entries);
  // True if the whole text is one of the entries.
  bool Is(std::string_view folded) const;
  // True if one of the entries stands in the text as whole words.
  bool StandsIn(std::string_view folded) const;

 private:
  std::vector<std::string> entries_;  // folded, with a space at both ends
};

struct EntryRules {
  std::vector<EntryTest> tests;  // by day, without gap and overlap
  WordList transport_occupations;
  WordList no_occupation_words;
  WordList no_disability_words;

  // The tests in force on a day; null before the first and after the last.
  const EntryTest* TestOn(Day day) const;
};

}  // namespace lingkaran::registry
