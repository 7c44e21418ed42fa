#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/process.h"

namespace lingkaran {
namespace {

constexpr size_t kMostQueued = 1 << 20;

sockaddr_in ToAddress(const std::string& target) {
  const size_t colon = target.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port) ||
      inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    Die(absl::StrCat("fault proxy: \"", target, "\" is no address"));
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// Closes so that the other side sees a reset.
void Reset(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

void AtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

// One thread that waits without the mutex, and holds it while it works; so do others.
class FaultProxy::Loop {
 public:
  explicit Loop(const std::string& target) : target_(ToAddress(target)) {
    Watch(listener_.fd, EPOLL_CTL_ADD, EPOLLIN);
    Watch(waker_, EPOLL_CTL_ADD, EPOLLIN);
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    Do([this] { ending_ = true; });
    thread_.join();
    for (const auto& link : links_) {
      for (const End& end : link->ends) {
        if (end.fd >= 0) close(end.fd);
      }
    }
    close(listener_.fd);
    close(waker_);
    close(epoll_);
  }

  int port() const { return listener_.port; }

  // Runs `task` while the loop does nothing else, and has the loop look what has become of it.
  template <typename Task>
  std::invoke_result_t<Task> Do(Task task) {
    const std::lock_guard lock(mutex_);
    const uint64_t one = 1;
    if (write(waker_, &one, sizeof one) < 0) Die("fault proxy: wake");
    return task();
  }

  void Apply(const FaultAt& what) {
    const int kind = static_cast<int>(what.fault);
    const int way = static_cast<int>(what.way);
    const absl::Time until = absl::Now() + what.length;
    for (const auto& link : links_) {
      link->felt[kind] = false;
      if (what.fault == Fault::kCut) Cut(*link, Fault::kCut);
      if (what.fault == Fault::kHalfClose) HalfClose(*link, what.way);
    }
    if (what.fault == Fault::kDelay) {
      delay_until_[way] = until;
      delay_by_[way] = absl::Microseconds(what.amount);
    } else {
      until_[kind] = until;
    }
    if (what.fault == Fault::kThrottle) throttle_rate_ = std::max<int64_t>(1, what.amount);
  }

  void Heal() {
    schedule_.clear();
    until_.fill(absl::InfinitePast());
    delay_until_.fill(absl::InfinitePast());
  }

  void Play(std::vector<FaultAt> faults) {
    schedule_.assign(faults.begin(), faults.end());
    play_start_ = absl::Now();
    passed_ = 0;
  }

  void SetTarget(const std::string& target) { target_ = ToAddress(target); }
  int left() const { return static_cast<int>(schedule_.size()); }
  int connections() const {
    return static_cast<int>(
        std::count_if(links_.begin(), links_.end(), [](const auto& link) { return !link->dead; }));
  }
  int64_t accepted() const { return accepted_; }
  std::array<int64_t, kFaults> counts() const { return counts_; }

 private:
  struct Chunk {
    std::string bytes;
    absl::Time due;
  };
  // One side of a link: its socket, and what is on its way to it.
  struct End {
    int fd = -1;
    uint32_t events = 0;  // that epoll watches
    std::deque<Chunk> queue;
    size_t queued = 0;
    bool read_end = false;   // it has said all it had to say
    bool write_end = false;  // it has been told the end
    bool gone = false;       // closed both ways; nothing more to watch
    absl::Time next_write = absl::InfinitePast();
  };
  struct Link {
    std::array<End, 2> ends;  // the client's, the target's
    bool connected = false;
    bool lossy = false;  // has lost bytes: it is cut in the end
    bool dead = false;
    std::array<bool, kFaults> felt{};
  };

  bool Lasts(Fault fault, absl::Time now) const { return now < until_[static_cast<int>(fault)]; }

  void Watch(int fd, int how, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, how, fd, &event) != 0) Die("fault proxy: epoll_ctl");
  }

  void Feel(Link& link, Fault fault) {
    bool& felt = link.felt[static_cast<int>(fault)];
    if (!felt) ++counts_[static_cast<int>(fault)];
    felt = true;
  }

  void Cut(Link& link, std::optional<Fault> why) {
    if (link.dead) return;
    if (why) Feel(link, *why);
    link.dead = true;
    for (End& end : link.ends) {
      by_fd_.erase(end.fd);
      // A process that is just being started holds the socket, too, and would keep it watched.
      if (!end.gone) Watch(end.fd, EPOLL_CTL_DEL, 0);
      Reset(end.fd);
      end.fd = -1;
    }
  }

  // The side that `way` leads to sees the end of the stream; what was on its way there is lost.
  void HalfClose(Link& link, Way way) {
    End& end = link.ends[way == Way::kToClient ? 0 : 1];
    if (link.dead || end.write_end || !link.connected) return;
    Feel(link, Fault::kHalfClose);
    end.queue.clear();
    end.queued = 0;
    end.write_end = true;
    shutdown(end.fd, SHUT_WR);
  }

  void Accept(absl::Time now) {
    const int client = accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    ++accepted_;
    if (Lasts(Fault::kRefuse, now)) {
      ++counts_[static_cast<int>(Fault::kRefuse)];
      Reset(client);
      return;
    }
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server < 0) Die("fault proxy: socket");
    if (connect(server, reinterpret_cast<const sockaddr*>(&target_), sizeof target_) != 0 &&
        errno != EINPROGRESS) {
      Reset(client);
      close(server);
      return;
    }
    AtOnce(client);
    AtOnce(server);
    auto link = std::make_shared<Link>();
    const int fds[2] = {client, server};
    for (int i = 0; i < 2; ++i) {
      link->ends[i].fd = fds[i];
      Watch(fds[i], EPOLL_CTL_ADD, 0);
      by_fd_[fds[i]] = {link, i};
    }
    links_.push_back(std::move(link));
  }

  void Read(Link& link, int from, absl::Time now) {
    End& source = link.ends[from];
    End& sink = link.ends[1 - from];
    char buffer[16 << 10];
    const ssize_t got = recv(source.fd, buffer, sizeof buffer, 0);
    if (got < 0) {
      if (errno != EAGAIN && errno != EINTR) Cut(link, std::nullopt);
      return;
    }
    if (got == 0) {
      source.read_end = true;
      return;
    }
    passed_ += got;
    if (from == 1 && (link.lossy || Lasts(Fault::kDropReplies, now))) {
      Feel(link, Fault::kDropReplies);
      link.lossy = true;
      return;
    }
    if (sink.write_end) return;  // half closed: nobody hears it any more
    const int way = from == 0 ? 0 : 1;
    absl::Time due = now;
    if (now < delay_until_[way]) {
      due += delay_by_[way];
      Feel(link, Fault::kDelay);
    }
    if (!sink.queue.empty()) due = std::max(due, sink.queue.back().due);
    sink.queue.push_back({std::string(buffer, static_cast<size_t>(got)), due});
    sink.queued += static_cast<size_t>(got);
  }

  // Sends what is due; `link` may be cut by it.
  void Write(Link& link, End& sink, absl::Time now) {
    while (!sink.queue.empty() && sink.queue.front().due <= now) {
      if (Lasts(Fault::kStall, now)) return Feel(link, Fault::kStall);
      size_t most = sink.queue.front().bytes.size();
      const bool slow = Lasts(Fault::kThrottle, now);
      if (slow) {
        Feel(link, Fault::kThrottle);
        if (now < sink.next_write) return;
        most =
            std::min<size_t>(most, static_cast<size_t>(std::max<int64_t>(1, throttle_rate_ / 100)));
      }
      std::string& bytes = sink.queue.front().bytes;
      const ssize_t sent = send(sink.fd, bytes.data(), most, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) Cut(link, std::nullopt);
        return;
      }
      if (slow) sink.next_write = now + absl::Seconds(1) * sent / throttle_rate_;
      bytes.erase(0, static_cast<size_t>(sent));
      sink.queued -= static_cast<size_t>(sent);
      if (bytes.empty()) sink.queue.pop_front();
    }
  }

  // Ends what has ended, and watches what can go on.
  void Settle(Link& link, absl::Time now) {
    if (link.lossy && !Lasts(Fault::kDropReplies, now)) Cut(link, std::nullopt);
    for (int i = 0; i < 2 && !link.dead && link.connected; ++i) {
      End& sink = link.ends[i];
      Write(link, sink, now);
      if (link.dead) break;
      if (link.ends[1 - i].read_end && sink.queue.empty() && !sink.write_end && !link.lossy) {
        sink.write_end = true;
        shutdown(sink.fd, SHUT_WR);
      }
    }
    if (!link.dead && link.ends[0].read_end && link.ends[1].read_end &&
        link.ends[0].queue.empty() && link.ends[1].queue.empty() && !link.lossy) {
      Cut(link, std::nullopt);
    }
    for (int i = 0; i < 2 && !link.dead; ++i) {
      End& end = link.ends[i];
      uint32_t events = 0;
      if (!end.read_end && link.connected && link.ends[1 - i].queued < kMostQueued)
        events |= EPOLLIN;
      if (i == 1 && !link.connected) events |= EPOLLOUT;
      const bool sends = !end.queue.empty() && !Lasts(Fault::kStall, now) &&
                         end.queue.front().due <= now &&
                         (!Lasts(Fault::kThrottle, now) || now >= end.next_write);
      if (link.connected && sends) events |= EPOLLOUT;
      if (!end.gone && events != end.events) Watch(end.fd, EPOLL_CTL_MOD, events);
      end.events = events;
    }
  }

  void Event(const epoll_event& event, absl::Time now) {
    const auto found = by_fd_.find(event.data.fd);
    if (found == by_fd_.end()) return;
    const auto [link, side] = found->second;
    End& end = link->ends[side];
    if (side == 1 && !link->connected) {
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(end.fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return Cut(*link, std::nullopt);
      link->connected = (event.events & EPOLLOUT) != 0;
      return;
    }
    if ((event.events & EPOLLERR) != 0) return Cut(*link, std::nullopt);
    if ((event.events & EPOLLIN) != 0) return Read(*link, side, now);
    // It would be reported for ever; what it said before may still be on its way.
    if ((event.events & EPOLLHUP) != 0 && end.read_end) {
      end.gone = true;
      Watch(end.fd, EPOLL_CTL_DEL, 0);
    }
  }

  // When something has to be done without any event, as far as that is known.
  absl::Time NextTime(absl::Time now) const {
    absl::Time next = absl::InfiniteFuture();
    const auto at = [&](absl::Time time) {
      if (time > now) next = std::min(next, time);
    };
    for (const absl::Time until : until_) at(until);
    for (const auto& link : links_) {
      for (const End& end : link->ends) {
        if (end.queue.empty()) continue;
        at(end.queue.front().due);
        at(end.next_write);
      }
    }
    if (!schedule_.empty()) at(play_start_ + schedule_.front().after);
    return next;
  }

  void Run() {
    std::array<epoll_event, 64> events;
    std::unique_lock lock(mutex_);
    while (!ending_) {
      absl::Time now = absl::Now();
      while (!schedule_.empty() && play_start_ + schedule_.front().after <= now &&
             passed_ >= schedule_.front().bytes) {
        const FaultAt fault = schedule_.front();
        schedule_.pop_front();
        Apply(fault);
      }
      for (const auto& link : links_) Settle(*link, now);
      std::erase_if(links_, [](const auto& link) { return link->dead; });
      const absl::Time next = NextTime(now);
      const int wait = next == absl::InfiniteFuture()
                           ? -1
                           : static_cast<int>(absl::ToInt64Milliseconds(next - now) + 1);
      lock.unlock();
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
      lock.lock();
      now = absl::Now();
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_.fd) {
          Accept(now);
        } else if (events[i].data.fd == waker_) {
          uint64_t ignored = 0;
          if (read(waker_, &ignored, sizeof ignored) < 0) Die("fault proxy: read");
        } else {
          Event(events[i], now);
        }
      }
    }
  }

  sockaddr_in target_;
  const LoopbackListener listener_ = ListenOnLoopback(SOCK_NONBLOCK);
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const int waker_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  bool ending_ = false;
  std::vector<std::shared_ptr<Link>> links_;
  std::unordered_map<int, std::pair<std::shared_ptr<Link>, int>> by_fd_;
  std::array<absl::Time, kFaults> until_;  // the end of what lasts for a while, by Fault
  std::array<absl::Time, 2> delay_until_;  // by Way
  std::array<absl::Duration, 2> delay_by_;
  int64_t throttle_rate_ = 1;
  std::deque<FaultAt> schedule_;
  absl::Time play_start_;
  int64_t passed_ = 0, accepted_ = 0;
  std::array<int64_t, kFaults> counts_{};
  std::mutex mutex_;
  std::thread thread_;
};

FaultProxy::FaultProxy(const std::string& target)
    : loop_(std::make_unique<Loop>(target)), address_(absl::StrCat("127.0.0.1:", loop_->port())) {}
FaultProxy::~FaultProxy() = default;

void FaultProxy::SetTarget(const std::string& target) {
  loop_->Do([&] { loop_->SetTarget(target); });
}
void FaultProxy::Apply(const FaultAt& fault) {
  loop_->Do([&] { loop_->Apply(fault); });
}
void FaultProxy::Heal() {
  loop_->Do([&] { loop_->Heal(); });
}
void FaultProxy::Play(std::vector<FaultAt> faults) {
  loop_->Do([&] { loop_->Play(std::move(faults)); });
}
int FaultProxy::left() const {
  return loop_->Do([&] { return loop_->left(); });
}
int FaultProxy::connections() const {
  return loop_->Do([&] { return loop_->connections(); });
}
int64_t FaultProxy::accepted() const {
  return loop_->Do([&] { return loop_->accepted(); });
}
std::array<int64_t, kFaults> FaultProxy::counts() const {
  return loop_->Do([&] { return loop_->counts(); });
}

std::string_view FaultName(Fault fault) {
  static constexpr std::string_view kNames[kFaults] = {
      "cut", "half_close", "stall", "delay", "drop_replies", "throttle", "refuse"};
  return kNames[static_cast<int>(fault)];
}

std::vector<FaultAt> MakeFaults(uint64_t seed, absl::Duration length, absl::Duration gap) {
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t n) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
  };
  std::vector<FaultAt> faults;
  const int64_t gap_us = std::max<int64_t>(1, absl::ToInt64Microseconds(gap));
  absl::Duration at;
  while ((at += absl::Microseconds(gap_us / 2 + below(gap_us))) < length) {
    FaultAt fault;
    fault.after = at;
    fault.bytes = below(2) == 0 ? 0 : below(20'000);
    fault.fault = static_cast<Fault>(below(kFaults));
    fault.way = below(2) == 0 ? Way::kToTarget : Way::kToClient;
    fault.length = absl::Milliseconds(20 + below(180));
    if (fault.fault == Fault::kDelay) fault.amount = 1'000 + below(40'000);
    if (fault.fault == Fault::kThrottle) fault.amount = 2'000 + below(50'000);
    faults.push_back(fault);
  }
  return faults;
}

}  // namespace lingkaran
