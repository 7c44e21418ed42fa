#include "tests/bench/check/setting.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/nation_file.h"
#include "tests/bench/check/people.h"
#include "tests/support/servers.h"

namespace lingkaran::bench {
namespace {

constexpr std::chrono::seconds kWarmStart(300);
constexpr int kStartSeconds = 120;

// The body of http://127.0.0.1:PORT/metrics; empty if nobody answers.
std::string Scrape(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::string text;
  constexpr std::string_view kAsk = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      write(fd, kAsk.data(), kAsk.size()) == static_cast<ssize_t>(kAsk.size())) {
    char part[4096];
    for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;) text.append(part, n);
  }
  close(fd);
  return text;
}

}  // namespace

std::string Setting::Nation(int64_t people) const {
  cpu_set_t all;
  CPU_ZERO(&all);
  for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); ++i) CPU_SET(i, &all);
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  sched_setaffinity(0, sizeof all, &all);
  std::string path = NationFile(work, people, coverage_program(), keys);
  sched_setaffinity(0, sizeof before, &before);
  return path;
}

CoverageServer::CoverageServer(const Setting& setting, const Options& options)
    : metrics_(absl::StrCat(FreePort())) {
  const OnProcessor pinned(kServerProcessor);
  const std::string name = absl::StrCat(setting.scratch, "/coverage-", metrics_);
  std::vector<std::string> flags = {"--database",     "sqlite:" + options.database,
                                    "--keys",         setting.keys,
                                    "--clock",        kNationClock,
                                    "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
                                    "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
                                    "--metrics",      "127.0.0.1:" + metrics_,
                                    "--near-members", absl::StrCat(options.near_members),
                                    "--address-file", name + ".address"};
  if (!options.redis.empty()) flags.insert(flags.end(), {"--redis", options.redis});
  process_ = std::make_unique<Process>(setting.coverage_program(), flags, name + ".log");
  address_ = process_->WaitForAddress(name + ".address", kStartSeconds);
}

double CoverageServer::Metric(const std::string& line) const {
  for (const absl::string_view text : absl::StrSplit(Scrape(std::atoi(metrics_.c_str())), '\n')) {
    if (!absl::StartsWith(text, line + " ")) continue;
    return std::strtod(std::string(text.substr(line.size() + 1)).c_str(), nullptr);
  }
  return 0;
}

void CoverageServer::AwaitComplete() const {
  const auto end = std::chrono::steady_clock::now() + kWarmStart;
  while (!Complete()) {
    if (std::chrono::steady_clock::now() > end) Fail("the near cache never became complete");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

BaselineServer::BaselineServer(const Setting& setting, const std::string& mode,
                               const std::vector<std::string>& flags) {
  const OnProcessor pinned(kServerProcessor);
  // Two parts of the bench may start the same one: an address is never an ended server's.
  static int servers = 0;
  const std::string name = absl::StrCat(setting.scratch, "/baseline-", mode, "-", ++servers);
  std::vector<std::string> all = {
      "--mode",         mode,
      "--clock",        kNationClock,
      "--keys",         setting.keys,
      "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto",
      "--address-file", name + ".address"};
  all.insert(all.end(), flags.begin(), flags.end());
  process_ =
      std::make_unique<Process>(LINGKARAN_BIN_DIR "/lingkaran-bench-baseline", all, name + ".log");
  address_ = process_->WaitForAddress(name + ".address", kStartSeconds);
}

}  // namespace lingkaran::bench
