// Shows how a long command gets on: a bar on a terminal, a line per tenth in a file.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace lingkaran::cli {

// "Mengirim  [##########----------]  50%  580/1.160  4.300/dtk  sisa 2 dtk". The rate and the time
// left come in once there is something to reckon them from.
std::string ProgressLine(const std::string& label, int64_t done, int64_t total,
                         absl::Duration elapsed);

// How progress is shown.
enum class ProgressStyle {
  kNone,
  kBar,    // one line that is written over
  kLines,  // a line at each tenth
};

// Shows the progress of one task. Not thread-safe.
class Progress {
 public:
  Progress(std::ostream& out, std::string label, int64_t total, ProgressStyle style);
  // Ends the bar's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So much of the total is done.
  void Update(int64_t done);

 private:
  std::ostream& out_;
  const std::string label_;
  const int64_t total_;
  const ProgressStyle style_;
  const absl::Time start_ = absl::Now();
  absl::Time last_shown_ = absl::InfinitePast();
  int64_t tenths_shown_ = 0;
  bool bar_open_ = false;
};

}  // namespace lingkaran::cli
