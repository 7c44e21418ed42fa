// Real service processes for tests and benchmarks: started on a free loopback port, measured,
// stopped or killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace lingkaran {

// A program of the build tree that runs until it is stopped; the destructor kills it.
class Process {
 public:
  // Starts `program` (a path) with `arguments`; its standard error goes to `log`.
  Process(std::string program, std::vector<std::string> arguments, const std::string& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits until the file holds an address and gives it; ends the program with the log's end if the
  // process dies or `seconds` pass before.
  std::string WaitForAddress(const std::string& file, int seconds = 20);
  // SIGTERM, then waits; the exit code, or -signal.
  int Stop();
  // kill -9, then waits.
  void Kill();
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // Highest resident set so far in MiB (VmHWM).
  double PeakMegabytes() const;

 private:
  int Wait();
  std::string program_;
  std::string log_;
  pid_t pid_ = -1;
};

// A new directory under the system's temporary folder, removed with all in it at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lingkaran
