// Keeps a service from taking on more than it can finish in time.
//
// So many calls run at once; a few more wait a short while for their turn, in the order of their
// coming; all others are refused at once with RESOURCE_EXHAUSTED/OVERLOADED, google.rpc.RetryInfo
// and the trailer grpc-retry-pushback-ms. The queue is first come, first served and so short that
// whoever is in it is served within longest_wait at any normal speed: then newest-first, which lets
// the unlucky wait in vain, gains nothing, and an early refusal leaves the caller its time. Who has
// waited too long is refused as well, so a service that has become slow does not work through
// calls whose callers are about to give up.
//
// RunRpc admits every call. There is one AdmissionControl per service (the part of the method's
// name before "/") and class of work in a process, since calls of one service wait for another,
// never the other way round; none waits for a place of its own service. Classes:
//   normal      most RPCs;
//   patient     RPCs that mostly wait (streams, what the outbox has to finish first, calls that are
//               grouped): they hold no running place of the others and have a limit of their own,
//               without a queue;
//   checks      of eligibility: they hold no thread while they wait, so their limits are there for
//               memory's sake only; without a queue as well;
//   operations  lingkaran.ops.v1: always let through, a few at once, for whoever mends an overload.
#pragma once

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace lingkaran {

// Trailer that tells a client's gRPC how many milliseconds to wait before a retry (proposal A6).
inline constexpr char kPushbackMetadata[] = "grpc-retry-pushback-ms";

class AdmissionControl {
 public:
  struct Limits {
    int running = 0;  // at once
    int waiting = 0;  // beyond those running
    absl::Duration longest_wait = absl::ZeroDuration();
  };

  // A place among those running; its end gives it to the next.
  class Permit {
   public:
    explicit Permit(AdmissionControl* admission) : admission_(admission) {}
    Permit(Permit&& other) noexcept : admission_(other.admission_) { other.admission_ = nullptr; }
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (admission_ != nullptr) admission_->Leave();
    }

   private:
    AdmissionControl* admission_;
  };

  // `clock` tells how long a call has waited; null: the machine's, by its steady clock. With
  // another one somebody must call LookAgain when it has moved.
  explicit AdmissionControl(const Limits& limits, const Clock* clock = nullptr);
  AdmissionControl(const AdmissionControl&) = delete;
  AdmissionControl& operator=(const AdmissionControl&) = delete;

  // The one that a method is admitted by; lives as long as the process.
  static AdmissionControl& For(std::string_view method);

  // Waits for a place, at most longest_wait or a quarter of the time until `deadline`.
  // RESOURCE_EXHAUSTED/OVERLOADED with RetryInfo if there is none; DEADLINE_EXCEEDED/
  // DEADLINE_PASSED if nobody waits for the answer any more.
  absl::StatusOr<Permit> Enter(absl::Time deadline);
  // A place if one is free. Takes no lock where there is no queue.
  std::optional<Permit> TryEnter();

  // Those who wait look at the clock again.
  void LookAgain();
  int running() const;
  int waiting() const;
  const Limits& limits() const { return limits_; }

 private:
  struct Waiter;
  bool TakePermit();
  void Leave();
  absl::Time Now() const;

  const Limits limits_;
  const Clock* const clock_;
  mutable Mutex mutex_;
  std::atomic<int> running_{0};  // with a queue, changes under the lock only
  std::deque<Waiter*> queue_ ABSL_GUARDED_BY(mutex_);
};

// An OverloadError as a call is answered with it, converted once.
struct Refusal {
  absl::Status status;
  grpc::Status answer;   // the same on the wire
  std::string pushback;  // milliseconds, the value of kPushbackMetadata
};
// The refusal of a status that is one of OverloadErrors; null for another.
const Refusal* RefusalOf(const absl::Status& status);

}  // namespace lingkaran
