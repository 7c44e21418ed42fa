// Each fault of the proxy, as both ends see it.
#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/gate.h"
#include "tests/support/scripted_server.h"

namespace lingkaran {
namespace {

constexpr char kEnd[] = "<end>";
constexpr char kReset[] = "<reset>";

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }

  static Socket Connect(const std::string& address) {
    const size_t colon = address.find(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(colon + 1), &port));
    to.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return Socket(fd);
  }

  void Send(const std::string& text) const {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  }
  void EndSending() const { shutdown(fd_, SHUT_WR); }

  // The next `size` bytes; less and how it ended if it ends before.
  std::string Receive(size_t size) const {
    std::string got;
    while (got.size() < size) {
      pollfd wait{fd_, POLLIN, 0};
      if (poll(&wait, 1, 20'000) != 1) return got + "<nothing came>";
      char buffer[4096];
      const ssize_t count = recv(fd_, buffer, std::min(sizeof buffer, size - got.size()), 0);
      if (count == 0) return got + kEnd;
      if (count < 0) return got + kReset;
      got.append(buffer, static_cast<size_t>(count));
    }
    return got;
  }
  std::string HowItEnds() const { return Receive(1); }
  bool Silent() const {
    pollfd wait{fd_, POLLIN, 0};
    return poll(&wait, 1, 0) == 0;
  }

 private:
  int fd_;
};

// Says back what it hears, with a greeting at the end of the stream, so that the end is seen.
class Echo {
 public:
  explicit Echo(std::string prefix = "") : prefix_(std::move(prefix)) {}
  std::string address() const { return server_.address(); }
  int64_t heard() const { return heard_; }
  int ended() const { return ended_; }
  int resets() const { return resets_; }

 private:
  void Serve(int fd) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = recv(fd, buffer, sizeof buffer, 0)) > 0) {
      heard_ += count;
      const std::string reply = prefix_ + std::string(buffer, static_cast<size_t>(count));
      send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
    if (count == 0) {
      send(fd, "bye", 3, MSG_NOSIGNAL);
      ++ended_;
    } else {
      ++resets_;
    }
  }

  const std::string prefix_;
  std::atomic<int64_t> heard_ = 0;
  std::atomic<int> ended_ = 0, resets_ = 0;
  ScriptedServer server_{[this](int fd, int) { Serve(fd); }};  // last: it uses the others
};

class FaultProxyTest : public testing::Test {
 protected:
  int64_t Count(Fault fault) const { return proxy_.counts()[static_cast<int>(fault)]; }
  Socket Connect() {
    Socket socket = Socket::Connect(proxy_.address());
    socket.Send("hello");
    EXPECT_EQ(socket.Receive(5), "hello");
    return socket;
  }

  Echo echo_;
  FaultProxy proxy_{echo_.address()};
};

TEST_F(FaultProxyTest, PassesEverythingOn) {
  const Socket socket = Connect();
  std::string big(3 << 20, 'x');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>('a' + i * 7 % 26);
  std::thread sender([&] { socket.Send(big); });
  EXPECT_EQ(socket.Receive(big.size()), big);
  sender.join();
  socket.EndSending();
  EXPECT_EQ(socket.Receive(4), absl::StrCat("bye", kEnd));
  EXPECT_EQ(echo_.ended(), 1);
  EXPECT_TRUE(Eventually([&] { return proxy_.connections() == 0; }));
  EXPECT_EQ(proxy_.counts(), (std::array<int64_t, kFaults>{}));
}

TEST_F(FaultProxyTest, CutIsAResetForBoth) {
  const Socket one = Connect(), two = Connect();
  proxy_.CutAll();
  EXPECT_EQ(one.HowItEnds(), kReset);
  EXPECT_EQ(two.HowItEnds(), kReset);
  EXPECT_TRUE(Eventually([&] { return echo_.resets() == 2; }));
  EXPECT_EQ(Count(Fault::kCut), 2);
  Connect();  // later ones stand
}

TEST_F(FaultProxyTest, HalfCloseEndsOneDirectionOnly) {
  const Socket socket = Connect();
  proxy_.HalfCloseAll(Way::kToClient);
  EXPECT_EQ(socket.HowItEnds(), kEnd);
  const int64_t before = echo_.heard();
  socket.Send("still there?");
  EXPECT_TRUE(Eventually([&] { return echo_.heard() == before + 12; }));
  EXPECT_EQ(Count(Fault::kHalfClose), 1);

  const Socket other = Connect();
  proxy_.HalfCloseAll(Way::kToTarget);
  EXPECT_EQ(other.Receive(3), "bye");  // the server has seen the end, and its words arrive
  EXPECT_TRUE(Eventually([&] { return echo_.ended() == 2; }));  // the first connection's, too
  EXPECT_EQ(Count(Fault::kHalfClose), 3);
}

TEST_F(FaultProxyTest, StallHoldsEverythingUpAndLosesNothing) {
  const Socket socket = Connect();
  proxy_.Stall(absl::Hours(1));
  const int64_t before = echo_.heard();
  socket.Send("later");
  EXPECT_TRUE(Eventually([&] { return Count(Fault::kStall) == 1; }));
  EXPECT_EQ(echo_.heard(), before);
  proxy_.Heal();
  EXPECT_EQ(socket.Receive(5), "later");

  const absl::Time start = absl::Now();
  proxy_.Stall(absl::Milliseconds(80));
  socket.Send("after");
  EXPECT_EQ(socket.Receive(5), "after");
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(79));
}

TEST_F(FaultProxyTest, DelayHoldsOneDirection) {
  const Socket socket = Connect(), late = Connect();
  proxy_.Delay(Way::kToClient, absl::Milliseconds(60), absl::Hours(1));
  const absl::Time start = absl::Now();
  socket.Send("slow");
  EXPECT_EQ(socket.Receive(4), "slow");
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(60));
  EXPECT_EQ(Count(Fault::kDelay), 1);

  proxy_.Delay(Way::kToClient, absl::Hours(1), absl::Hours(1));
  int64_t before = echo_.heard();
  late.Send("slow");
  EXPECT_TRUE(Eventually([&] { return echo_.heard() == before + 4; }));
  EXPECT_TRUE(Eventually([&] { return Count(Fault::kDelay) == 2; }));
  EXPECT_TRUE(late.Silent());

  proxy_.Heal();
  before = echo_.heard();
  proxy_.Delay(Way::kToTarget, absl::Hours(1), absl::Hours(1));
  socket.Send("x");
  EXPECT_TRUE(Eventually([&] { return Count(Fault::kDelay) == 3; }));
  EXPECT_EQ(echo_.heard(), before);
}

TEST_F(FaultProxyTest, DroppedRepliesAreLostAndThenTheConnection) {
  const Socket socket = Connect();
  proxy_.DropReplies(absl::Hours(1));
  const int64_t before = echo_.heard();
  socket.Send("done?");
  EXPECT_TRUE(Eventually([&] { return echo_.heard() == before + 5; }));  // it was done
  EXPECT_TRUE(Eventually([&] { return Count(Fault::kDropReplies) == 1; }));
  EXPECT_TRUE(socket.Silent());
  proxy_.Heal();
  EXPECT_EQ(socket.HowItEnds(), kReset);

  // By itself when the time is over; what comes later than that is answered, so a slow machine
  // tries again with more time.
  std::string end = "?";
  for (int ms = 50; end != kReset && ms < 10'000; ms *= 2) {
    const Socket other = Connect();
    proxy_.DropReplies(absl::Milliseconds(ms));
    other.Send("?");
    end = other.HowItEnds();
  }
  EXPECT_EQ(end, kReset);
  const Socket spared = Connect();
  proxy_.DropReplies(absl::Hours(1));
  proxy_.Heal();
  spared.Send("and I?");
  EXPECT_EQ(spared.Receive(6), "and I?");  // who lost nothing stays
}

TEST_F(FaultProxyTest, ThrottleLetsLittlePass) {
  const Socket socket = Connect();
  proxy_.Throttle(20'000, absl::Hours(1));
  const absl::Time start = absl::Now();
  const std::string text(2'000, 'y');
  socket.Send(text);
  EXPECT_EQ(socket.Receive(text.size()), text);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(90));
  EXPECT_EQ(Count(Fault::kThrottle), 1);
}

TEST_F(FaultProxyTest, RefusesNewConnectionsOnly) {
  const Socket old = Connect();
  proxy_.Refuse(absl::Hours(1));
  EXPECT_EQ(Socket::Connect(proxy_.address()).HowItEnds(), kReset);
  EXPECT_EQ(Count(Fault::kRefuse), 1);
  old.Send("here");
  EXPECT_EQ(old.Receive(4), "here");
  proxy_.Heal();
  Connect();
}

TEST_F(FaultProxyTest, GoesToANewTargetFromThenOn) {
  const Socket old = Connect();
  Echo other("2:");
  proxy_.SetTarget(other.address());
  const Socket socket = Socket::Connect(proxy_.address());
  socket.Send("who?");
  EXPECT_EQ(socket.Receive(6), "2:who?");
  old.Send("and you?");
  EXPECT_EQ(old.Receive(8), "and you?");
  EXPECT_EQ(proxy_.accepted(), 2);
}

TEST(FaultProxyTargetTest, NobodyThereIsAReset) {
  std::string gone;
  {
    Echo echo;
    gone = echo.address();
  }
  FaultProxy proxy(gone);
  const Socket socket = Socket::Connect(proxy.address());
  EXPECT_EQ(socket.HowItEnds(), kReset);
}

TEST_F(FaultProxyTest, PlaysAScheduleByTimeAndBytes) {
  const Socket socket = Connect();
  FaultAt cut, later;
  cut.bytes = 8;  // both ways together: the second echo
  later.after = absl::Hours(1);
  proxy_.Play({cut, later});
  socket.Send("abc");
  EXPECT_EQ(socket.Receive(3), "abc");
  EXPECT_EQ(proxy_.left(), 2);
  socket.Send("abc");
  EXPECT_TRUE(Eventually([&] { return Count(Fault::kCut) == 1; }));
  Connect();
  EXPECT_EQ(proxy_.left(), 1);
  EXPECT_EQ(Count(Fault::kCut), 1);
}

TEST(FaultScheduleTest, IsTheSameForTheSameSeed) {
  const auto one = MakeFaults(7, absl::Minutes(2), absl::Milliseconds(100));
  EXPECT_EQ(one, MakeFaults(7, absl::Minutes(2), absl::Milliseconds(100)));
  EXPECT_NE(one, MakeFaults(8, absl::Minutes(2), absl::Milliseconds(100)));
  EXPECT_NEAR(static_cast<double>(one.size()), 1'200, 120);
  std::array<int, kFaults> kinds{};
  absl::Duration last;
  for (const FaultAt& fault : one) {
    ++kinds[static_cast<int>(fault.fault)];
    EXPECT_GT(fault.after, last);
    last = fault.after;
  }
  for (const int count : kinds) EXPECT_GT(count, 50);
  EXPECT_LT(last, absl::Minutes(2));
}

}  // namespace
}  // namespace lingkaran
