#include "tests/support/one_service.h"

#include <fstream>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"

namespace lingkaran {

OneService::OneService(const Options& options) {
  std::optional<OnProcessor> pinned;
  if (options.processor >= 0) pinned.emplace(options.processor);
  const std::string& at = directory_.path();
  const std::string address_file = at + "/address";
  process_ = std::make_unique<Process>(
      LINGKARAN_BIN_DIR "/lingkaran-sponsorship",
      std::vector<std::string>{
          "--listen", options.listen, "--database", absl::StrCat("sqlite:", at, "/sponsorship.db"),
          "--rules", LINGKARAN_SOURCE_DIR "/deploy/rules", "--regions",
          LINGKARAN_SOURCE_DIR "/deploy/regions", "--address-file", address_file, "--registry",
          "127.0.0.1:1", "--coverage", "127.0.0.1:1", "--log", options.log},
      at + "/log");
  address_ = process_->WaitForAddress(address_file);
}

std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> OneService::NewStub() const {
  return sponsorship::v1::SponsorshipService::NewStub(MakeChannel(address_));
}

double OneService::Megabytes() const {
  std::ifstream in(absl::StrCat("/proc/", pid(), "/status"));
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace lingkaran
