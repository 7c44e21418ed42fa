#include "tests/bench/check/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lingkaran::bench {
namespace {

constexpr double kWidth = 760, kHeight = 460;
constexpr double kLeft = 80, kRight = 740, kTop = 50, kBottom = 390;

struct Line {
  const char* name;
  const char* colour;
  double LoadPoint::*value;
};
constexpr std::array kLines = {Line{"p50", "#1b7837", &LoadPoint::p50_ms},
                               Line{"p99", "#2166ac", &LoadPoint::p99_ms},
                               Line{"p99.9", "#b2182b", &LoadPoint::p999_ms}};

class Scale {
 public:
  explicit Scale(const std::vector<LoadPoint>& points) {
    double least = 1e9, most = 1e-9;
    for (const LoadPoint& point : points) {
      for (const Line& line : kLines) {
        least = std::min(least, std::max(point.*line.value, 1e-3));
        most = std::max(most, point.*line.value);
      }
    }
    low_ = std::floor(std::log10(least));
    high_ = std::max(std::ceil(std::log10(most)), low_ + 1);
  }
  double X(double percent) const { return kLeft + (kRight - kLeft) * percent / 100; }
  double Y(double ms) const {
    const double share = (std::log10(std::max(ms, 1e-3)) - low_) / (high_ - low_);
    return kBottom - (kBottom - kTop) * share;
  }
  int low() const { return static_cast<int>(low_); }
  int high() const { return static_cast<int>(high_); }

 private:
  double low_, high_;
};

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text x='%.0f' y='%.0f' text-anchor='%s'>%s</text>\n", x, y, anchor,
                         text);
}

std::string Grid(const Scale& scale, const std::vector<LoadPoint>& points) {
  std::string out;
  for (int power = scale.low(); power <= scale.high(); ++power) {
    const double ms = std::pow(10, power);
    out += absl::StrFormat("<line x1='%.0f' y1='%.1f' x2='%.0f' y2='%.1f' stroke='#ccc'/>\n", kLeft,
                           scale.Y(ms), kRight, scale.Y(ms));
    out += Text(kLeft - 8, scale.Y(ms) + 4, "end", absl::StrFormat("%g ms", ms));
  }
  for (const LoadPoint& point : points) {
    out += Text(scale.X(point.percent), kBottom + 18, "middle",
                absl::StrFormat("%.0f%%", point.percent));
    out += Text(scale.X(point.percent), kBottom + 34, "middle",
                absl::StrFormat("%.1fk/s", point.rate / 1000));
  }
  return out;
}

std::string Curve(const Scale& scale, const std::vector<LoadPoint>& points, const Line& line) {
  std::string path, dots;
  for (const LoadPoint& point : points) {
    const double x = scale.X(point.percent), y = scale.Y(point.*line.value);
    absl::StrAppendFormat(&path, "%.1f,%.1f ", x, y);
    absl::StrAppendFormat(&dots, "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>\n", x, y,
                          line.colour);
  }
  return absl::StrFormat("<polyline points='%s' fill='none' stroke='%s' stroke-width='2'/>\n%s",
                         path, line.colour, dots);
}

}  // namespace

std::string LatencyPlot(const std::vector<LoadPoint>& points, const std::string& caption) {
  const Scale scale(points);
  std::string out = absl::StrFormat(
      "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' "
      "font-family='sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' "
      "fill='white'/>\n",
      kWidth, kHeight);
  out += Text(kLeft, 22, "start", caption);
  out += Text((kLeft + kRight) / 2, kHeight - 12, "middle", "load, as a share of the capacity");
  out += Grid(scale, points);
  double x = kRight - 180;
  for (const Line& line : kLines) {
    out += Curve(scale, points, line);
    out += absl::StrFormat("<rect x='%.0f' y='32' width='12' height='4' fill='%s'/>\n", x,
                           line.colour);
    out += Text(x + 16, 38, "start", line.name);
    x += 62;
  }
  return out + "</svg>\n";
}

}  // namespace lingkaran::bench
