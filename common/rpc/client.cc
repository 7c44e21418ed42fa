#include "common/rpc/client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/overload.h"
#include "common/rpc/adaptive_throttle.h"
#include "common/rpc/channel_settings.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(1);
constexpr int kFullTenths = 100;

class MachineWaiting final : public Waiting {
 public:
  absl::Time Now() const override {
    return absl::UnixEpoch() +
           absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  void Sleep(absl::Duration duration) override { absl::SleepFor(duration); }
};

// One budget per peer, for as long as the process lives: peers are few.
RetryBudget& BudgetOf(const std::string& peer) {
  struct All {
    Mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<RetryBudget>> budgets ABSL_GUARDED_BY(mutex);
  };
  static All& all = *new All();
  MutexLock lock(all.mutex);
  std::unique_ptr<RetryBudget>& budget = all.budgets[peer];
  if (budget == nullptr) budget = std::make_unique<RetryBudget>();
  return *budget;
}

// How one try ended, as far as the next one is concerned.
enum class Outcome {
  kAnswer,      // a verdict of the service, also over earlier tries with the same request_id
  kNotReached,  // no connection: the request never left
  kLost,        // the connection broke: it may have been done
  kSlow,        // the try's time is up: it may be done yet
  kGivenUp,     // the caller cancelled it: it may have been done
  kRefused,     // the service has not begun
  kUndecided,   // the service could not do it, or does not know whether its store did
};

Outcome OutcomeOf(const grpc::Status& answer, const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return Outcome::kSlow;
  // The first is gRPC's own: a server that ends answers so to a call that came a moment too late.
  if (absl::IsCancelled(status)) {
    return status.message() == "CANCELLED" ? Outcome::kLost : Outcome::kGivenUp;
  }
  const Reason reason = ReasonOf(status);
  if (absl::IsResourceExhausted(status)) {
    // The second is gRPC's own, when all of its threads are taken.
    return reason == Reason::kOverloaded || status.message() == "Server Threadpool Exhausted"
               ? Outcome::kRefused
               : Outcome::kAnswer;
  }
  if (absl::IsAborted(status)) {
    return reason == Reason::kUnspecified ? Outcome::kUndecided : Outcome::kAnswer;
  }
  if (!absl::IsUnavailable(status)) return Outcome::kAnswer;
  if (!answer.error_details().empty()) return Outcome::kUndecided;
  // gRPC's own words; any others may stand for a request that left.
  return absl::StartsWith(status.message(), "failed to connect to all addresses") ||
                 absl::StartsWith(status.message(), "connections to all backends failing")
             ? Outcome::kNotReached
             : Outcome::kLost;
}

// Errors that gRPC itself made have no reason.
absl::Status Named(const absl::Status& status) {
  if (ReasonOf(status) != Reason::kUnspecified) return status;
  if (absl::IsUnavailable(status)) {
    return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
                 absl::StrCat("the service can't be reached: ", status.message()));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
                 "the service did not answer in time");
  }
  return status;
}

absl::Status Unknown(const absl::Status& status, const std::string& request_id) {
  absl::StatusCode code = status.code();
  Reason reason = ReasonOf(status);
  if (code == absl::StatusCode::kDeadlineExceeded) {
    reason = Reason::kDeadlinePassed;
  } else if (code != absl::StatusCode::kUnavailable || reason == Reason::kUnspecified) {
    code = absl::StatusCode::kUnavailable;
    reason = Reason::kPeerUnavailable;
  }
  return Error(code, reason,
               absl::StrCat("unknown whether it was done: ask again with the same request_id (",
                            status.message(), ")"),
               {{"outcome", "unknown"}, {"request_id", request_id}});
}

// One call with all its tries.
class Attempts {
 public:
  Attempts(const CallOptions& options, Waiting& waiting)
      : options_(options),
        waiting_(waiting),
        start_(waiting.Now()),
        end_(start_ + std::min(options.timeout, CurrentDeadline() - absl::Now())) {}

  absl::Status Run(absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
    while (true) {
      grpc::ClientContext context;
      context.AddMetadata(kActorMetadata, options_.actor);
      const absl::Duration left = std::min(end_ - waiting_.Now(), options_.try_timeout);
      context.set_deadline(absl::ToChronoTime(absl::Now() + left));
      const grpc::Status answer = rpc(&context);
      const absl::Status status = FromGrpc(answer);
      const Outcome outcome = OutcomeOf(answer, status);
      // A refusal or a failed connection says nothing about an earlier try.
      if (outcome == Outcome::kAnswer) {
        open_ = false;
      } else if (outcome != Outcome::kRefused && outcome != Outcome::kNotReached) {
        open_ = true;
      }
      if (!MayGoOn(outcome, context) || !WaitAfter(status)) return Final(status);
    }
  }

 private:
  bool MayGoOn(Outcome outcome, const grpc::ClientContext& context) {
    switch (outcome) {
      case Outcome::kAnswer:
        Budget(context).Answered();
        return false;
      case Outcome::kGivenUp:
        return false;
      case Outcome::kNotReached:
      case Outcome::kLost:
        return options_.tries > 1 && waiting_.Now() < start_ + options_.patience;
      case Outcome::kSlow:
      case Outcome::kRefused:
      case Outcome::kUndecided:
        return Budget(context).Failed() && ++errors_ < options_.tries;
    }
    return false;
  }

  RetryBudget& Budget(const grpc::ClientContext& context) {
    return options_.budget != nullptr ? *options_.budget : BudgetOf(context.peer());
  }

  // False if the wait would take all the time that is left.
  bool WaitAfter(const absl::Status& status) {
    const absl::Duration wait = std::max(Jittered(backoff_, 0.5, 1.5), RetryDelayOf(status));
    if (waiting_.Now() + wait >= end_) return false;
    waiting_.Sleep(wait);
    backoff_ = std::min(backoff_ * 2, kLongestBackoff);
    return true;
  }

  absl::Status Final(const absl::Status& status) const {
    return open_ && !options_.request_id.empty() ? Unknown(status, options_.request_id)
                                                 : Named(status);
  }

  const CallOptions& options_;
  Waiting& waiting_;
  const absl::Time start_;
  const absl::Time end_;
  absl::Duration backoff_ = kFirstBackoff;
  int errors_ = 0;     // tries that ended with an error of the peer
  bool open_ = false;  // a try may have done it
};

// In a process that serves nothing only waiting calls drive gRPC's connections; while every call
// fails at once, since the peer is away, a new connection gets a turn each 5 s, and may miss its
// own time again and again. gRPC reads this when its first channel or server is made.
void PollOftenWhileNoCallWaits() {
  static const bool done = setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "20", 0) == 0;
  static_cast<void>(done);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  PollOftenWhileNoCallWaits();
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kClientPingMillis);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kClientPingTimeoutMillis);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // each channel has its own connection
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // http_proxy is meant for the outside
  args.SetLoadBalancingPolicyName("round_robin");      // one address or all that DNS knows
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      address, grpc::InsecureChannelCredentials(), args, ThrottleInterceptors());
}

void RetryBudget::Answered() {
  MutexLock lock(mutex_);
  tenths_ = std::min(tenths_ + 1, kFullTenths);
}

bool RetryBudget::Failed() {
  MutexLock lock(mutex_);
  tenths_ = std::max(tenths_ - 10, 0);
  return tenths_ > kFullTenths / 2;
}

void Prepare(grpc::ClientContext& context, const CallOptions& options) {
  context.AddMetadata(kActorMetadata, options.actor);
  context.set_deadline(
      absl::ToChronoTime(std::min(absl::Now() + options.timeout, CurrentDeadline())));
}

absl::Status CallWithRetry(const CallOptions& options,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  static MachineWaiting& machine = *new MachineWaiting();
  return Attempts(options, options.waiting != nullptr ? *options.waiting : machine).Run(rpc);
}

bool IsOutcomeUnknown(const absl::Status& status) {
  const Metadata metadata = MetadataOf(status);
  return std::find(metadata.begin(), metadata.end(),
                   std::pair<std::string, std::string>("outcome", "unknown")) != metadata.end();
}

}  // namespace lingkaran
