// The figures of a run with their bars: one table for people, one flat JSON object for programs.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/check/measure.h"

namespace lingkaran::bench {

enum class Bar { kNone, kAtLeast, kAtMost };

class Figures {
 public:
  // A figure with its quartiles: the median counts. `what` is for people, `key` for programs.
  void Add(const std::string& key, const std::string& what, const Series& series,
           Bar bar = Bar::kNone, double limit = 0);
  void Add(const std::string& key, const std::string& what, double value, Bar bar = Bar::kNone,
           double limit = 0);

  void Print() const;
  void WriteJson(const std::string& path) const;
  // Keys of the figures that missed their bars.
  std::vector<std::string> Missed() const;

 private:
  struct Figure {
    std::string key, what;
    double value, lower, upper;  // median and quartiles
    Bar bar;
    double limit;
    bool Met() const;
  };
  std::vector<Figure> figures_;
};

}  // namespace lingkaran::bench
