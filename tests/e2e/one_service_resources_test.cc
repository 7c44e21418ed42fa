// A real service short of what the machine gives: descriptors, connections, memory for a message.
// Each time it goes on answering whom it knows, and everybody again within five seconds after.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/channel_settings.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "tests/support/ask.h"
#include "tests/support/cluster.h"
#include "tests/support/gate.h"
#include "tests/support/requests.h"

namespace lingkaran {
namespace {

namespace sv1 = sponsorship::v1;
using testing::HasSubstr;
using Stub = sv1::SponsorshipService::Stub;

constexpr auto kHealed = std::chrono::seconds(5);

// Sponsorship alone: enough for what any service does when it is short of something. Its peers are
// not there; it waits for none.
class OneService : public Cluster {
 public:
  OneService() : Cluster({.services = {"sponsorship"}, .log = "info"}) {}
  Process& process() const { return Cluster::process("sponsorship"); }
  pid_t pid() const { return process().pid(); }
  const std::string& address() const { return Cluster::address("sponsorship"); }
  // With a channel, and so a connection, of its own.
  std::unique_ptr<Stub> NewStub() const {
    return sv1::SponsorshipService::NewStub(MakeChannel(address()));
  }
  // Resident set now, in MiB.
  double Megabytes() const {
    std::ifstream in(absl::StrCat("/proc/", pid(), "/status"));
    for (std::string line; std::getline(in, line);) {
      if (line.rfind("VmRSS:", 0) == 0) return std::stod(line.substr(6)) / 1024;
    }
    return 0;
  }
};

// Sockets that are closed at the end.
class Sockets {
 public:
  explicit Sockets(const std::string& address) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    address_.sin_port = htons(static_cast<uint16_t>(port));
  }
  ~Sockets() { CloseAll(); }

  // Connects and sends HTTP/2's greeting; false if there was no connection.
  bool Connect() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    fds_.push_back(fd);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)) != 0) {
      return false;
    }
    static constexpr char kGreeting[] =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";  // and empty SETTINGS
    return send(fd, kGreeting, sizeof(kGreeting) - 1, MSG_NOSIGNAL) > 0;
  }

  enum class State { kSilent, kGreeted, kHungUp };
  // What has come over the last connection, waiting for it so long.
  State Last(std::chrono::milliseconds wait) const {
    pollfd one{fds_.back(), POLLIN, 0};
    if (poll(&one, 1, static_cast<int>(wait.count())) <= 0) return State::kSilent;
    char byte = 0;
    return recv(fds_.back(), &byte, 1, 0) == 1 ? State::kGreeted : State::kHungUp;
  }
  // How many were greeted by a server that has been given time for it.
  int CountGreeted() const {
    int greeted = 0;
    for (const int fd : fds_) {
      pollfd one{fd, POLLIN, 0};
      char byte = 0;
      greeted += poll(&one, 1, 5'000) == 1 && recv(fd, &byte, 1, MSG_PEEK) == 1;
    }
    return greeted;
  }
  void CloseAll() {
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  sockaddr_in address_ = {};
  std::vector<int> fds_;
};

void LimitDescriptors(pid_t pid, rlim_t limit) {
  rlimit now;
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &now), 0);
  now.rlim_cur = limit;
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &now, nullptr), 0);
}

int OpenDescriptors(pid_t pid) {
  const std::filesystem::directory_iterator open(absl::StrCat("/proc/", pid, "/fd"));
  return static_cast<int>(std::distance(begin(open), end(open)));
}

// One try of a mutation.
absl::Status Create(Stub& stub, std::chrono::milliseconds timeout = std::chrono::seconds(5)) {
  CallOptions options;
  options.actor = "sari;role=officer";
  options.timeout = absl::FromChrono(timeout);
  options.tries = 1;
  return AskWithRetry(stub, &Stub::CreateSponsor, NewSponsor(), options).status();
}

// A client that never spoke to the service before gets an answer within the time.
void ExpectHealed(const OneService& service) {
  const auto start = std::chrono::steady_clock::now();
  absl::Status status;
  do {
    const std::unique_ptr<Stub> fresh = service.NewStub();
    status = Create(*fresh, std::chrono::milliseconds(500));
  } while (!status.ok() && std::chrono::steady_clock::now() - start < kHealed);
  EXPECT_TRUE(status.ok()) << "not healed after five seconds: " << status;
  std::printf("healed after %.3f s\n",
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

bool WaitForLog(const OneService& service, const char* text) {
  return Eventually([&] { return absl::StrContains(service.process().Log(), text); },
                    absl::FromChrono(kHealed));
}

TEST(ResourcesTest, TooManyOpenFiles) {
  const OneService service;
  const std::unique_ptr<Stub> known = service.NewStub();
  ASSERT_TRUE(Create(*known).ok());
  rlimit before;
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_NOFILE, nullptr, &before), 0);

  // None left at all: connections wait in the kernel, those there were go on.
  LimitDescriptors(service.pid(), 3);
  Sockets sockets(service.address());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(sockets.Connect());
  EXPECT_TRUE(WaitForLog(service, "out_of_descriptors"));
  EXPECT_EQ(sockets.Last(std::chrono::milliseconds(0)), Sockets::State::kSilent);
  EXPECT_TRUE(Create(*known).ok());
  LimitDescriptors(service.pid(), before.rlim_cur);
  ExpectHealed(service);
  EXPECT_EQ(sockets.CountGreeted(), 50) << "those that waited are served as well";
  EXPECT_TRUE(WaitForLog(service, "descriptors_again"));
  EXPECT_TRUE(Create(*known).ok());
}

TEST(ResourcesTest, TheLastDescriptorsAreNotForClients) {
  const OneService service;
  const std::unique_ptr<Stub> known = service.NewStub();
  ASSERT_TRUE(Create(*known).ok());
  rlimit before;
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const int open = OpenDescriptors(service.pid());
  const int limit = open + 200;
  LimitDescriptors(service.pid(), limit);
  Sockets sockets(service.address());
  for (int i = 0; i < 400; ++i) sockets.Connect();
  // They are taken in the order of their coming: the last one tells that all have been looked at.
  EXPECT_EQ(sockets.Last(kHealed), Sockets::State::kHungUp);
  constexpr int kOfItsOwn = 16;  // the service may have opened files meanwhile
  EXPECT_LE(OpenDescriptors(service.pid()), limit - std::min(128, limit / 4) + kOfItsOwn);
  EXPECT_TRUE(Create(*known).ok());
  EXPECT_THAT(service.process().Log(), testing::Not(HasSubstr("out_of_descriptors")));
  sockets.CloseAll();
  LimitDescriptors(service.pid(), before.rlim_cur);
  ExpectHealed(service);
}

TEST(ResourcesTest, TenThousandIdleConnections) {
  constexpr int kConnections = 10'000;
  rlimit own;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &own), 0);
  own.rlim_cur = own.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &own), 0);
  ASSERT_GT(own.rlim_max, rlim_t{kConnections + 1'000}) << "raise the hard limit of descriptors";
  const OneService service;
  const std::unique_ptr<Stub> known = service.NewStub();
  ASSERT_TRUE(Create(*known).ok());
  const double before = service.Megabytes();

  Sockets sockets(service.address());
  int failed = 0;
  absl::Duration slowest;
  for (int i = 0; i < kConnections; ++i) {
    ASSERT_TRUE(sockets.Connect()) << i << ": " << std::strerror(errno);
    if (i % 100 != 0) continue;
    const absl::Time start = absl::Now();
    failed += !Create(*known).ok();
    slowest = std::max(slowest, absl::Now() - start);
  }
  EXPECT_EQ(sockets.CountGreeted(), kConnections);
  for (int i = 0; i < 100; ++i) failed += !Create(*known).ok();
  const std::unique_ptr<Stub> fresh = service.NewStub();
  EXPECT_TRUE(Create(*fresh).ok());
  EXPECT_EQ(failed, 0);
  const double grown = service.Megabytes() - before;
  std::printf("10,000 connections: %.1f MiB, %.1f KiB each; slowest of 200 answers %.1f ms\n",
              grown, grown * 1024 / kConnections, absl::ToDoubleMilliseconds(slowest));
  EXPECT_LT(grown, 600);
  sockets.CloseAll();
  ExpectHealed(service);
}

TEST(ResourcesTest, HugeMessage) {
  const OneService service;
  const std::unique_ptr<Stub> stub = service.NewStub();
  ASSERT_TRUE(Create(*stub).ok());
  const double before = service.Megabytes();
  sv1::CreateSponsorRequest huge = NewSponsor();
  huge.set_name(std::string(kMaxMessageBytes + (1 << 20), 'x'));
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext context;
    Prepare(context, {.actor = "sari;role=officer"});
    sv1::CreateSponsorResponse response;
    const grpc::Status status = stub->CreateSponsor(&context, huge, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("larger than max"));
    EXPECT_TRUE(Create(*stub).ok()) << "the next call on the same connection";
  }
  // What just fits is read, and refused for what it says.
  huge.set_name(std::string(kMaxMessageBytes - 1'000, 'x'));
  grpc::ClientContext context;
  Prepare(context, {.actor = "sari;role=officer"});
  sv1::CreateSponsorResponse response;
  EXPECT_EQ(stub->CreateSponsor(&context, huge, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  const double peak = service.process().PeakMegabytes() - before;
  std::printf("ten messages of 17 MiB: %.1f MiB at most\n", peak);
  EXPECT_LT(peak, 150);
  ExpectHealed(service);
}

TEST(StartTest, AFailPointThatCannotBeReadStopsTheStart) {
  const TempDirectory directory;
  Process service(
      LINGKARAN_BIN_DIR "/lingkaran-sponsorship",
      {"--database", "sqlite::memory:", "--registry", "127.0.0.1:1", "--coverage", "127.0.0.1:1"},
      directory.path() + "/log",
      {.environment = {"LINGKARAN_FAILPOINT=rpc/CreateSponsor/begin=often"}});
  EXPECT_EQ(service.WaitForEnd(std::chrono::seconds(10)), 1);
  EXPECT_THAT(service.Log(), HasSubstr("rpc/CreateSponsor/begin=often"));
}

}  // namespace
}  // namespace lingkaran
