// What all parts of the bench share: where it works, how long it measures, the servers it starts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/check/figures.h"
#include "tests/bench/check/verdicts.h"
#include "tests/support/process.h"

namespace lingkaran::bench {

// Servers have the first processor for themselves, callers the second.
inline constexpr int kServerProcessor = 0;
inline constexpr int kCallerProcessor = 1;

struct Setting {
  std::string work;              // directory for nations, kept
  std::string scratch;           // directory that goes at the end
  std::string programs;          // directory of the services' programs
  std::string keys;              // key file of the nations
  int64_t members = 40'000'000;  // of the largest nation
  int rounds = 7;
  double seconds = 2;  // of a phase
  bool quick = false;
  int redis_share = 16;  // one in so many buckets is filled
  Verdicts verdicts;
  Figures figures;

  std::string coverage_program() const { return programs + "/lingkaran-coverage"; }
  // At most so many people of it.
  int64_t AtMost(int64_t people) const { return members < people ? members : people; }
  // The database of so many people; made if need be, on all processors.
  std::string Nation(int64_t people) const;
};

// lingkaran-coverage on the servers' processor.
class CoverageServer {
 public:
  struct Options {
    std::string database;
    int64_t near_members = 0;
    std::string redis = {};
  };
  CoverageServer(const Setting& setting, const Options& options);

  const std::string& address() const { return address_; }
  pid_t pid() const { return process_->pid(); }
  Process& process() { return *process_; }
  // Value of a line of /metrics, e.g. "lingkaran_near_members"; 0 if there is none yet.
  double Metric(const std::string& line) const;
  // True once the near cache holds everybody.
  bool Complete() const { return Metric("lingkaran_near_complete") == 1; }
  void AwaitComplete() const;

 private:
  std::string metrics_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

// One of the handlers that the service is compared with (baseline.cc).
class BaselineServer {
 public:
  // `mode`: echo, select or get.
  BaselineServer(const Setting& setting, const std::string& mode,
                 const std::vector<std::string>& flags);
  const std::string& address() const { return address_; }
  pid_t pid() const { return process_->pid(); }

 private:
  std::unique_ptr<Process> process_;
  std::string address_;
};

}  // namespace lingkaran::bench
