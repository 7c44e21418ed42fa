// Calling a service of the suite: channel, actor, deadline, retries of what is safe.
//
// What is sent again: what the peer could not answer (UNAVAILABLE), a lost race (ABORTED without a
// reason), a refusal for load (RESOURCE_EXHAUSTED/OVERLOADED, not before the time it names), and a
// try that took all of its own time (DEADLINE_EXCEEDED) while the call as a whole has some left.
// All else is an answer. Retries never make a bad day worse: waits grow and are jittered, and a
// peer that answers with errors is asked again only while its budget lasts (RetryBudget).
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/random.h"

namespace lingkaran {

// A channel with our keepalive, message size and reconnect settings. Never waits.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// How many retries a peer may be given, as in gRPC's proposal A6: a bucket of 10 tokens, of which
// an error that could be tried again takes one and an answer brings a tenth back. While it is half
// empty nothing is tried again, so retries add a tenth to the load of an ailing peer and no more.
// A peer that can't be reached costs nothing: it isn't asked. For several threads.
class RetryBudget {
 public:
  // The peer answered what can't be tried again (OK or not).
  void Answered();
  // The peer answered with an error that may be tried again; false if it must not be.
  bool Failed();

 private:
  Mutex mutex_;
  int tenths_ ABSL_GUARDED_BY(mutex_) = 100;
};

// Time, as CallWithRetry spends it: the machine's is its steady clock; tests put in their own.
class Waiting {
 public:
  virtual ~Waiting() = default;
  virtual absl::Time Now() const = 0;
  virtual void Sleep(absl::Duration duration) = 0;
};

// How a call is made.
struct CallOptions {
  std::string actor = {};                      // metadata value, see kActorMetadata
  absl::Duration timeout = absl::Seconds(20);  // over all tries; CurrentDeadline() may be sooner
  // Tries that end with an error of the peer; 1 also ends all patience.
  int tries = 4;
  // Of a mutation: the request_id that the request carries. Empty: the call changes nothing.
  std::string request_id = {};
  // How long a peer that can't be reached is knocked at, as when it restarts.
  absl::Duration patience = absl::Seconds(10);
  // Of one try; a try that takes longer is given up and made again.
  absl::Duration try_timeout = absl::InfiniteDuration();
  // null: one budget per process and peer; the machine's time.
  RetryBudget* budget = nullptr;
  Waiting* waiting = nullptr;
};

// Puts actor and deadline into a context; the deadline of the work under way is passed on.
void Prepare(grpc::ClientContext& context, const CallOptions& options);

// Calls `rpc` with a fresh context until it succeeds, fails for good, or time is up. The request
// must carry a request_id if it is a mutation: then every repetition is safe.
// Errors: those of the service; UNAVAILABLE/PEER_UNAVAILABLE for one that can't be reached;
// DEADLINE_EXCEEDED/DEADLINE_PASSED. If a mutation may have been done without our hearing of it,
// the error says so and has metadata outcome=unknown and request_id: only asking again with the
// same request_id tells.
absl::Status CallWithRetry(const CallOptions& options,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);

// True for the errors described above.
bool IsOutcomeUnknown(const absl::Status& status);

}  // namespace lingkaran
