// Processor time of processes, and what is made of repeated measurements.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace lingkaran::bench {

// User and system time that a process has used so far, from /proc.
double ProcessorSeconds(pid_t pid);
// Memory of it that is resident now, in bytes.
double ResidentBytes(pid_t pid);

// A value of these, e.g. 0.99 for the 99th percentile; 0 if there are none.
double Quantile(std::vector<float> values, double share);

// Repeated measurements of one thing.
struct Series {
  std::vector<double> values;

  void Add(double value) { values.push_back(value); }
  double Median() const { return At(0.5); }
  double At(double share) const;
};

// Gives up on the whole bench: says why and ends the program.
[[noreturn]] void Fail(const std::string& why);

}  // namespace lingkaran::bench
