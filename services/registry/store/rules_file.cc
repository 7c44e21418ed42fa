#include "services/registry/store/rules_file.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/rules_text.h"
#include "lingkaran/registry/v1/rules.pb.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

using ProtoRules = lingkaran::registry::v1::EntryRules;
using ProtoTest = lingkaran::registry::v1::EntryTest;

constexpr int kOldest = 120;
constexpr int kOldestEvidenceDays = 3660;

absl::Status CheckTest(const TextprotoFile& file, int index, const ProtoTest& test) {
  const auto fault = [&](const std::string& text) {
    return file.ErrorAt("entry_tests", index, text);
  };
  if (test.source().empty()) return fault("source is missing: name the regulation or report");
  if (test.confidence() == common::v1::CONFIDENCE_UNSPECIFIED)
    return fault("confidence is missing");
  if (test.min_age_years() < 0 || test.min_age_years() >= test.age_limit_years()) {
    return fault("min_age_years must be at least 0 and below age_limit_years");
  }
  if (test.age_limit_years() > kOldest) {
    return fault(absl::StrCat("age_limit_years must be at most ", kOldest));
  }
  if (test.evidence_max_age_days() < 1 || test.evidence_max_age_days() > kOldestEvidenceDays) {
    return fault(absl::StrCat("evidence_max_age_days must be 1 to ", kOldestEvidenceDays));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<EntryTest>> ReadTests(const TextprotoFile& file,
                                                 const ProtoRules& proto) {
  std::vector<EntryTest> tests;
  std::vector<Span> spans;
  for (int i = 0; i < proto.entry_tests_size(); ++i) {
    const ProtoTest& test = proto.entry_tests(i);
    RETURN_IF_ERROR(CheckTest(file, i, test));
    ASSIGN_OR_RETURN(Span span,
                     ReadSpan(file, "entry_tests", i, test.valid_from(), test.valid_to()));
    tests.push_back({span.from, span.to, test.min_age_years(), test.age_limit_years(),
                     test.evidence_max_age_days()});
    spans.push_back(std::move(span));
  }
  if (tests.empty()) return file.ErrorAt("entry_tests", 0, "at least one entry is required");
  RETURN_IF_ERROR(CheckSeries(file, std::move(spans), /*gaps_allowed=*/false));
  return tests;
}

absl::StatusOr<WordList> ReadWords(const TextprotoFile& file, const std::string& field,
                                   const google::protobuf::RepeatedPtrField<std::string>& words) {
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < words.size(); ++i) {
    const std::string folded = FoldWords(words[i]);
    if (folded.empty()) return file.ErrorAt(field, i, "no word in it");
    if (!seen.insert(folded).second) return file.ErrorAt(field, i, "stands twice in this list");
  }
  return WordList({words.begin(), words.end()});
}

}  // namespace

absl::StatusOr<LoadedRules> LoadRules(const std::string& path) {
  ProtoRules proto;
  ASSIGN_OR_RETURN(const TextprotoFile file, TextprotoFile::Load(path, &proto));
  LoadedRules loaded;
  ASSIGN_OR_RETURN(loaded.rules.tests, ReadTests(file, proto));
  ASSIGN_OR_RETURN(loaded.rules.transport_occupations,
                   ReadWords(file, "transport_occupations", proto.transport_occupations()));
  ASSIGN_OR_RETURN(loaded.rules.no_occupation_words,
                   ReadWords(file, "no_occupation_words", proto.no_occupation_words()));
  ASSIGN_OR_RETURN(loaded.rules.no_disability_words,
                   ReadWords(file, "no_disability_words", proto.no_disability_words()));
  loaded.version = file.digest();
  return loaded;
}

}  // namespace lingkaran::registry
