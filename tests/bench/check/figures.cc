#include "tests/bench/check/figures.h"

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lingkaran::bench {
namespace {

std::string Short(double value) {
  return value >= 1000 ? absl::StrFormat("%.0f", value) : absl::StrFormat("%.4g", value);
}

}  // namespace

void Figures::Add(const std::string& key, const std::string& what, const Series& series, Bar bar,
                  double limit) {
  figures_.push_back({key, what, series.Median(), series.At(0.25), series.At(0.75), bar, limit});
}

void Figures::Add(const std::string& key, const std::string& what, double value, Bar bar,
                  double limit) {
  figures_.push_back({key, what, value, value, value, bar, limit});
}

bool Figures::Figure::Met() const {
  return bar == Bar::kNone || (bar == Bar::kAtLeast ? value >= limit : value <= limit);
}

void Figures::Print() const {
  std::printf("%-58s %11s %19s %11s\n", "figure", "median", "quartiles", "bar");
  for (const Figure& figure : figures_) {
    const std::string spread = figure.lower == figure.upper
                                   ? ""
                                   : absl::StrCat(Short(figure.lower), "-", Short(figure.upper));
    std::string bar;
    if (figure.bar != Bar::kNone) {
      bar = absl::StrCat(figure.bar == Bar::kAtLeast ? ">= " : "<= ", Short(figure.limit));
    }
    std::printf("%-58s %11s %19s %11s%s\n", figure.what.c_str(), Short(figure.value).c_str(),
                spread.c_str(), bar.c_str(),
                figure.bar == Bar::kNone ? ""
                : figure.Met()           ? "  met"
                                         : "  MISSED");
  }
}

void Figures::WriteJson(const std::string& path) const {
  std::ofstream out(path);
  const char* before = "{";
  for (const Figure& figure : figures_) {
    out << before << "\"" << figure.key << "\": " << absl::StrFormat("%.10g", figure.value);
    before = ",\n ";
    if (figure.lower == figure.upper) continue;
    out << absl::StrFormat(",\n \"%s_q1\": %.10g,\n \"%s_q3\": %.10g", figure.key, figure.lower,
                           figure.key, figure.upper);
  }
  out << "}\n";
  out.flush();
  if (!out) Fail("can't write " + path);
}

std::vector<std::string> Figures::Missed() const {
  std::vector<std::string> out;
  for (const Figure& figure : figures_) {
    if (!figure.Met()) out.push_back(figure.key);
  }
  return out;
}

}  // namespace lingkaran::bench
