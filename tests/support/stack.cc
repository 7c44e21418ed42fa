#include "tests/support/stack.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/client.h"
#include "common/sealer.h"

namespace lingkaran {
namespace {

constexpr const char* kServices[] = {"coverage", "registry", "sponsorship"};

}  // namespace

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

void ExecuteSql(const std::string& url, const std::string& statement) {
  PGconn* connection = PQconnectdb(url.c_str());
  PGresult* result = PQexec(connection, statement.c_str());
  if (PQresultStatus(result) != PGRES_COMMAND_OK) {
    std::fprintf(stderr, "%s: %s\n", statement.c_str(), PQerrorMessage(connection));
    std::exit(1);
  }
  PQclear(result);
  PQfinish(connection);
}

std::string Stack::Database(const std::string& service) const {
  if (options_.postgres.empty()) {
    return absl::StrCat("sqlite:", directory_.path(), "/", service, ".db");
  }
  const std::string& url = options_.postgres;
  return absl::StrCat(url.substr(0, url.rfind('/') + 1), service, suffix_);
}

Stack::Stack(Options options) : options_(std::move(options)) {
  static int stacks = 0;
  suffix_ = absl::StrCat("_stack_", getpid(), "_", ++stacks);
  const std::string keys = absl::StrCat(directory_.path(), "/keys.json");
  std::ofstream(keys) << Sealer::NewKeyFile();
  chmod(keys.c_str(), 0600);
  for (const char* service : kServices) {
    if (!options_.postgres.empty()) {
      ExecuteSql(options_.postgres, absl::StrCat("CREATE DATABASE ", service, suffix_));
    }
    addresses_[service] = absl::StrCat("127.0.0.1:", FreePort());
  }
  for (const char* service : kServices) Start(service);
  registry_ = registry::v1::RegistryService::NewStub(MakeChannel(addresses_["registry"]));
  sponsorship_ =
      sponsorship::v1::SponsorshipService::NewStub(MakeChannel(addresses_["sponsorship"]));
  coverage_ = coverage::v1::CoverageService::NewStub(MakeChannel(addresses_["coverage"]));
}

void Stack::Start(const std::string& service) {
  const std::string ready = absl::StrCat(directory_.path(), "/", service, ".address");
  std::remove(ready.c_str());
  std::vector<std::string> flags = {"--listen",       addresses_[service],
                                    "--database",     Database(service),
                                    "--clock",        options_.clock,
                                    "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
                                    "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
                                    "--log",          "warning",
                                    "--address-file", ready};
  if (!options_.redis.empty()) flags.insert(flags.end(), {"--redis", options_.redis});
  if (service != "sponsorship") {
    flags.insert(flags.end(), {"--keys", absl::StrCat(directory_.path(), "/keys.json")});
  }
  if (service != "coverage") flags.insert(flags.end(), {"--coverage", addresses_["coverage"]});
  if (service == "sponsorship") flags.insert(flags.end(), {"--registry", addresses_["registry"]});
  auto process = std::make_unique<Process>(absl::StrCat(LINGKARAN_BIN_DIR "/lingkaran-", service),
                                           flags, absl::StrCat(directory_.path(), "/log"));
  process->WaitForAddress(ready);
  processes_[service] = std::move(process);
}

void Stack::Kill(const std::string& service) { processes_[service]->Kill(); }

int Stack::Stop(const std::string& service) { return processes_[service]->Stop(); }

double Stack::PeakMegabytes() const {
  double peak = 0;
  for (const auto& [name, process] : processes_) peak = std::max(peak, process->PeakMegabytes());
  return peak;
}

Stack::~Stack() {
  for (auto& [name, process] : processes_) process->Stop();
  if (options_.postgres.empty()) return;
  for (const char* service : kServices) {
    ExecuteSql(options_.postgres, absl::StrCat("DROP DATABASE ", service, suffix_));
  }
}

}  // namespace lingkaran
