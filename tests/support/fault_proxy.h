// A TCP proxy on loopback that treats what passes through it badly, as networks do: for tests of
// what survives that. One thread of its own; all functions may be called from any thread, and have
// taken effect when they return.
//
// Bytes are never changed and never change their order; what arrives, arrives intact. What is lost
// is lost together with its connection, as TCP would have it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace lingkaran {

// What can be done to connections.
enum class Fault {
  kCut,          // both sides see a reset
  kHalfClose,    // one side sees the end of the stream; the other direction goes on
  kStall,        // nothing passes for a while; nothing is lost
  kDelay,        // what passes arrives later, for a while
  kDropReplies,  // what the target says is swallowed for a while, then its connections are cut
  kThrottle,     // only so many bytes pass in a second, for a while
  kRefuse,       // new connections are reset at once, for a while
};
inline constexpr int kFaults = 7;
std::string_view FaultName(Fault fault);

// Which way bytes go.
enum class Way { kToTarget, kToClient };

// One fault of a schedule: it comes once `after` has passed since Play and `bytes` have passed
// through the proxy since then, both ways together.
struct FaultAt {
  absl::Duration after = {};
  int64_t bytes = 0;
  Fault fault = Fault::kCut;
  Way way = Way::kToClient;    // of kHalfClose, kDelay
  absl::Duration length = {};  // of those that last for a while
  int64_t amount = 0;          // kDelay: microseconds; kThrottle: bytes in a second

  bool operator==(const FaultAt&) const = default;
};

// Faults of all kinds over `length`, on average one in each `gap`; every second one waits for some
// bytes, too, so that messages are hit in their middle. The same seed gives the same faults.
std::vector<FaultAt> MakeFaults(uint64_t seed, absl::Duration length, absl::Duration gap);

class FaultProxy {
 public:
  // Starts on a free port of 127.0.0.1 and forwards to `target` ("127.0.0.1:7001"), which need not
  // listen yet: a connection that can't be passed on is reset.
  explicit FaultProxy(const std::string& target);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  // Where connections that come from now on go.
  void SetTarget(const std::string& target);

  // Each does what its Fault says, now.
  void CutAll() { Apply({.fault = Fault::kCut}); }
  void HalfCloseAll(Way way) { Apply({.fault = Fault::kHalfClose, .way = way}); }
  void Stall(absl::Duration length) { Apply({.fault = Fault::kStall, .length = length}); }
  void Delay(Way way, absl::Duration by, absl::Duration length) {
    Apply({.fault = Fault::kDelay,
           .way = way,
           .length = length,
           .amount = absl::ToInt64Microseconds(by)});
  }
  void DropReplies(absl::Duration length) {
    Apply({.fault = Fault::kDropReplies, .length = length});
  }
  void Throttle(int64_t bytes_per_second, absl::Duration length) {
    Apply({.fault = Fault::kThrottle, .length = length, .amount = bytes_per_second});
  }
  void Refuse(absl::Duration length) { Apply({.fault = Fault::kRefuse, .length = length}); }
  // Ends all that last for a while, and what is left of the schedule. Connections that have lost
  // bytes are cut.
  void Heal();

  // Plays a schedule from now on; what is left of an earlier one is dropped.
  void Play(std::vector<FaultAt> faults);
  // Faults of the schedule that have not come yet.
  int left() const;

  // Connections that stand, and that came altogether.
  int connections() const;
  int64_t accepted() const;
  // How many connections felt each fault, by Fault: were cut, lost bytes, had bytes held up, ...
  std::array<int64_t, kFaults> counts() const;

 private:
  class Loop;
  void Apply(const FaultAt& fault);

  std::unique_ptr<Loop> loop_;
  std::string address_;
};

}  // namespace lingkaran
