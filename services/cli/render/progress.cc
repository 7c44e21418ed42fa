#include "services/cli/render/progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr absl::Duration kRedraw = absl::Milliseconds(100);

std::string TimeLeft(double seconds) {
  if (seconds < 60) return absl::StrFormat("sisa %d dtk", static_cast<int>(seconds + 0.999));
  return absl::StrFormat("sisa %d mnt", static_cast<int>(seconds / 60 + 0.999));
}

}  // namespace

std::string ProgressLine(const std::string& label, int64_t done, int64_t total,
                         absl::Duration elapsed) {
  done = std::min(done, total);
  const int filled = total > 0 ? static_cast<int>(done * kBarWidth / total) : kBarWidth;
  const int64_t percent = total > 0 ? done * 100 / total : 100;
  std::string line = absl::StrFormat("%s  [%s%s]  %3d%%  %s/%s", label, std::string(filled, '#'),
                                     std::string(kBarWidth - filled, '-'), percent, CountText(done),
                                     CountText(total));
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (done > 0 && seconds > 0) {
    const double rate = static_cast<double>(done) / seconds;
    absl::StrAppend(&line, "  ", CountText(static_cast<int64_t>(rate)), "/dtk");
    if (done < total) {
      absl::StrAppend(&line, "  ", TimeLeft(static_cast<double>(total - done) / rate));
    }
  }
  return line;
}

Progress::Progress(std::ostream& out, std::string label, int64_t total, ProgressStyle style)
    : out_(out), label_(std::move(label)), total_(total), style_(style) {}

Progress::~Progress() {
  if (bar_open_) out_ << '\n' << std::flush;
}

void Progress::Update(int64_t done) {
  if (style_ == ProgressStyle::kNone || total_ <= 0) return;
  const absl::Time now = absl::Now();
  const bool complete = done >= total_;
  const int64_t tenths = done * 10 / total_;
  if (style_ == ProgressStyle::kLines) {
    if (tenths <= tenths_shown_) return;
    tenths_shown_ = tenths;
    out_ << ProgressLine(label_, done, total_, now - start_) << '\n' << std::flush;
    return;
  }
  if (!complete && now - last_shown_ < kRedraw) return;
  last_shown_ = now;
  bar_open_ = true;
  out_ << '\r' << ProgressLine(label_, done, total_, now - start_) << "\x1b[K" << std::flush;
}

}  // namespace lingkaran::cli
