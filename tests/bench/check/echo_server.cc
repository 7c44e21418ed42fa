#include "tests/bench/check/echo_server.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/check/calls.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {
namespace {

std::string MiddlingResponse(const CoverageServer& server, const Setting& setting,
                             int64_t members) {
  OneCheck check(server.address(), setting.verdicts);
  std::vector<std::string> responses;
  for (int i = 0; i < 501; ++i) {
    responses.push_back(check.AskRight(Asked(i, members)).SerializeAsString());
  }
  const auto middle = responses.begin() + static_cast<ptrdiff_t>(responses.size() / 2);
  std::nth_element(responses.begin(), middle, responses.end(),
                   [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  return *middle;
}

}  // namespace

std::unique_ptr<BaselineServer> StartEcho(const Setting& setting, const CoverageServer& coverage,
                                          int64_t members) {
  const std::string path = setting.scratch + "/response";
  std::ofstream(path, std::ios::binary) << MiddlingResponse(coverage, setting, members);
  return std::make_unique<BaselineServer>(setting, "echo",
                                          std::vector<std::string>{"--response", path});
}

}  // namespace lingkaran::bench
