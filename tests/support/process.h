// Real processes for tests and benchmarks: services and servers, started on loopback, measured,
// stopped or killed.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lingkaran {

struct ProcessOptions {
  std::vector<std::string> environment = {};  // "NAME=value", beside what this program has
  std::string user = "";  // whom to run as if this program is root; empty: nobody else
};

// Ends this program with the text on standard error.
[[noreturn]] void Die(const std::string& text);

// A program that runs until it is stopped; the destructor kills it. It also dies with the thread
// that started it, so that a test which aborts leaves nothing running.
class Process {
 public:
  using Options = ProcessOptions;
  // Starts `program` (a path) with `arguments`; its output is added to `log`.
  Process(std::string program, std::vector<std::string> arguments, const std::string& log,
          const Options& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits until the file holds an address and gives it; ends the program with the log's end if the
  // process dies or `seconds` pass before.
  std::string WaitForAddress(const std::string& file, int seconds = 20);
  // The same, for a process that may end before: nullopt if it did.
  std::optional<std::string> AwaitAddress(const std::string& file, int seconds = 20);
  // Waits until the process has ended by itself: its exit code, or -signal; nullopt if it still
  // runs when the time is over.
  std::optional<int> WaitForEnd(std::chrono::milliseconds time);
  // SIGTERM, without waiting.
  void Terminate();
  // SIGTERM, then waits; the exit code, or -signal.
  int Stop();
  // kill -9, then waits.
  void Kill();
  // SIGSTOP: it keeps its sockets and answers nobody; and SIGCONT.
  void Pause();
  void Resume();
  // Until its end has been noted by one of the calls above.
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // What it has printed so far (all that ran with this log).
  std::string Log() const;
  // Highest resident set so far in MiB (VmHWM).
  double PeakMegabytes() const;

 private:
  int Wait();
  std::string program_;
  std::string log_;
  pid_t pid_ = -1;
};

// This thread, and what it starts, uses one processor only for the scope's life.
class OnProcessor {
 public:
  explicit OnProcessor(int processor);
  ~OnProcessor();
  OnProcessor(const OnProcessor&) = delete;
  OnProcessor& operator=(const OnProcessor&) = delete;

 private:
  cpu_set_t before_;
};

// A socket that listens on a port of the loopback address that was free; `flags` as socket(2) takes
// them.
struct LoopbackListener {
  int fd;
  int port;
};
LoopbackListener ListenOnLoopback(int flags = 0);

// A TCP port of the loopback address that was free a moment ago.
int FreePort();

// A new directory under the system's temporary folder, removed with all in it at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  // Leaves it where it is, for a look after a failure.
  void Keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

}  // namespace lingkaran
