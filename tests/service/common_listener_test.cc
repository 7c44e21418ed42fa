// Taking connections: addresses, sockets that were left over, and no descriptors.
#include "common/server/connection_listener.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/run_rpc.h"
#include "tests/support/probe.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string SocketPath() {
  return absl::StrCat(testing::TempDir(), "lingkaran-listener-", getpid(), ".sock");
}

TEST(ListenerTest, TakesAFreePort) {
  const auto v4 = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(v4.ok()) << v4.status();
  EXPECT_THAT((*v4)->address(), MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
  const auto v6 = Listener::Open("[::1]:0");
  ASSERT_TRUE(v6.ok()) << v6.status();
  EXPECT_THAT((*v6)->address(), MatchesRegex("\\[::1\\]:[1-9][0-9]*"));
  const auto name = Listener::Open("localhost:0");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_THAT((*name)->address(), MatchesRegex("localhost:[1-9][0-9]*"));
}

TEST(ListenerTest, WhatCannotBeHadIsUnavailable) {
  const auto first = Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  for (const std::string& listen :
       {(*first)->address(), std::string("203.0.113.7:0"),
        std::string("unix:/no/such/directory/x.sock"), "unix:" + std::string(200, 'x')}) {
    const absl::Status status = Listener::Open(listen).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << listen << " " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--listen"));
  }
}

TEST(ListenerTest, AUnixSocketThatWasLeftOverIsReplacedAndOneInUseIsNot) {
  const std::string path = SocketPath();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(dead);

  auto listener = Listener::Open("unix:" + path);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_EQ((*listener)->address(), "unix:" + path);
  const mode_t mask = umask(0);
  umask(mask);
  struct stat made = {};
  ASSERT_EQ(stat(path.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 0777, 0777 & ~mask);
  EXPECT_TRUE(absl::IsUnavailable(Listener::Open("unix:" + path).status()));

  (*listener)->Close();
  EXPECT_FALSE(std::filesystem::exists(path));
  (*listener)->Close();  // a second time does no harm
}

TEST(ListenerTest, AFileIsNotTakenForASocket) {
  const std::string path = SocketPath();
  std::ofstream(path) << "letters";
  EXPECT_TRUE(absl::IsUnavailable(Listener::Open("unix:" + path).status()));
  EXPECT_EQ(std::filesystem::file_size(path), 7u);
  std::filesystem::remove(path);
}

TEST(ListenerTest, TheReserveFollowsTheLimit) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto reserved_at = [&](rlim_t limit) {
    const rlimit now{limit, before.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
    const int first = FirstReservedDescriptor();
    setrlimit(RLIMIT_NOFILE, &before);
    return first;
  };
  EXPECT_EQ(reserved_at(4'000), 4'000 - 128);
  EXPECT_EQ(reserved_at(100), 75) << "a small limit is shared";
}

using ServerListenerTest = ProbeTest;

// What trust rests on: the names that gRPC gives to callers.
TEST_F(ServerListenerTest, CallersAreKnownByWhereTheyComeFrom) {
  std::string seen;
  probe_.on_list = [&](const Call& one) {
    seen = static_cast<grpc::ServerContext*>(one.context)->peer();
    return absl::OkStatus();
  };
  for (const auto& [listen, call, peer] :
       {std::tuple(std::string("127.0.0.1:0"), "", "ipv4:127\\.0\\.0\\.1:[0-9]+"),
        std::tuple(std::string("[::1]:0"), "", "ipv6:%5B::1%5D:[0-9]+"),
        std::tuple(std::string("[::]:0"), "127.0.0.1", "ipv4:127\\.0\\.0\\.1:[0-9]+"),
        std::tuple("unix:" + SocketPath(), "", "unix:.*")}) {
    server_.reset();
    Start(listen);
    if (*call != '\0') {
      const std::string address = server_->address();
      stub_ = rv1::RegistryService::NewStub(
          MakeChannel(absl::StrCat(call, address.substr(address.rfind(':')))));
    }
    seen.clear();
    EXPECT_TRUE(List().ok());
    EXPECT_THAT(seen, MatchesRegex(peer));
    EXPECT_TRUE(IsTrustedPeer(seen));
  }
}

}  // namespace
}  // namespace lingkaran
