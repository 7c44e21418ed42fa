// Reads rules and settings from .textproto files with errors that name file and line.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/date.h"

namespace google::protobuf {
class Message;
}

namespace lingkaran {

// Parses a file into `message`. INVALID_ARGUMENT/RULES_INVALID "FILE:LINE: what" for unknown keys,
// wrong types and syntax. `digest` is the first 12 hex digits of the SHA-256 of the text.
// Where and ErrorAt answer later for the line where entry `index` of the repeated field `field`
// begins.
class TextprotoFile {
 public:
  static absl::StatusOr<TextprotoFile> Load(const std::string& path,
                                            google::protobuf::Message* message);
  const std::string& digest() const { return digest_; }
  // "FILE:LINE" of the entry.
  std::string Where(const std::string& field, int index) const;
  // INVALID_ARGUMENT/RULES_INVALID "FILE:LINE: text".
  absl::Status ErrorAt(const std::string& field, int index, const std::string& text) const;

 private:
  std::string path_;
  std::string digest_;
  std::vector<std::pair<std::string, std::vector<int>>> lines_;
};

// One entry of a series of effective-dated rules.
struct Span {
  std::string field;  // repeated field of the file
  int index;          // place in it
  Day from;
  Day to;  // Day::max() if open
};

// Checks that the entries of one series follow each other without gap (unless `gaps_allowed`) and
// without overlap; the error names the line of the entry at fault and what it clashes with.
absl::Status CheckSeries(const TextprotoFile& file, std::vector<Span> spans, bool gaps_allowed);

// Reads valid_from/valid_to of an entry. RULES_INVALID if they are no days or the wrong way round.
absl::StatusOr<Span> ReadSpan(const TextprotoFile& file, const std::string& field, int index,
                              int valid_from, int valid_to);

}  // namespace lingkaran
