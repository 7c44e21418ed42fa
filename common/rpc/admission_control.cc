#include "common/rpc/admission_control.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/base/string_views.h"
#include "common/rpc/channel_settings.h"
#include "common/rpc/run_rpc.h"
#include "google/rpc/error_details.pb.h"

namespace lingkaran {
namespace {

constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

// What a refused caller is told to wait, so that those refused together do not come back together.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(250);

// Each call in a handler has a thread, so these stay below kMaxServerThreads together. A database
// works on a handful of calls at a time; what runs beyond that waits for it or for a peer.
constexpr Admission::Limits kNormal = {32, 64, absl::Milliseconds(250)};
constexpr Admission::Limits kOperations = {4, 8, absl::Seconds(1)};

struct PatientMethod {
  std::string_view method;
  int running;
};

constexpr PatientMethod kPatient[] = {
    // Streams for as long as their callers like.
    {"lingkaran.registry.v1.RegistryService/SubmitCandidates", 64},
    {"lingkaran.sponsorship.v1.SponsorshipService/WatchAllocation", 64},
    {"lingkaran.coverage.v1.CoverageService/WatchCoverage", 64},
    // They wait for what the outbox has to deliver first.
    {"lingkaran.sponsorship.v1.SponsorshipService/ReplaceWorkers", 24},
    {"lingkaran.sponsorship.v1.SponsorshipService/PayContribution", 48},
    // Calls for one pledge are booked together: the more there are, the less each costs.
    {"lingkaran.sponsorship.v1.SponsorshipService/AllocatePledge", 256},
};

// Checks of eligibility use gRPC's callback API.
constexpr PatientMethod kChecks[] = {
    {"lingkaran.coverage.v1.CoverageService/CheckEligibility", 20'000},
    {"lingkaran.coverage.v1.CoverageService/BatchCheckEligibility", 500},
};

constexpr int ThreadsOfSponsorship() {
  int threads = kNormal.running + kNormal.waiting + kOperations.running + kOperations.waiting;
  for (const PatientMethod& patient : kPatient) {
    if (patient.method.find("sponsorship") != std::string_view::npos) threads += patient.running;
  }
  return threads;
}
static_assert(ThreadsOfSponsorship() < kMaxServerThreads,
              "gRPC would refuse before we do, and health with the rest");

// So many refusals with different waits.
constexpr size_t kRefusals = 16;

Refusal MakeRefusal() {
  const absl::Duration delay = Jittered(kRetryDelay, 0.5, 1.5);
  Refusal refusal;
  refusal.pushback = absl::StrCat(absl::ToInt64Milliseconds(delay));
  refusal.status = Error(absl::StatusCode::kResourceExhausted, Reason::kOverloaded,
                         absl::StrCat("the service has more to do than it can; ask again in ",
                                      refusal.pushback, " ms with the same request_id"));
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  info.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  refusal.status.SetPayload(kRetryInfoUrl, absl::Cord(info.SerializeAsString()));
  refusal.answer = ToGrpc(refusal.status);
  return refusal;
}

const std::array<Refusal, kRefusals>& Refusals() {
  static const std::array<Refusal, kRefusals>& all = *[] {
    auto* made = new std::array<Refusal, kRefusals>();
    for (Refusal& refusal : *made) refusal = MakeRefusal();
    return made;
  }();
  return all;
}

absl::Status TooLate() {
  return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
               "time ran out before the call could begin; ask again with the same request_id and a "
               "longer deadline");
}

}  // namespace

struct Admission::Waiter {
  absl::Time until;
  enum { kWaits, kMayRun, kTooLate } state = kWaits;
  std::condition_variable wake;
};

Admission::Admission(const Limits& limits, const Clock* clock) : limits_(limits), clock_(clock) {}

Admission& Admission::For(std::string_view method) {
  struct All {
    std::mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<Admission>> by_name;
    absl::flat_hash_map<std::string, Admission*> by_method;
  };
  static All& all = *new All();
  const std::lock_guard lock(all.mutex);
  const auto known = all.by_method.find(AbslView(method));
  if (known != all.by_method.end()) return *known->second;

  std::string name(method.substr(0, method.rfind('/')));
  Limits limits = name == "lingkaran.ops.v1.OperationsService" ? kOperations : kNormal;
  const auto set_apart = [&](const auto& methods) {
    for (const PatientMethod& patient : methods) {
      if (patient.method != method) continue;
      name = std::string(method);
      limits = {patient.running, 0, absl::ZeroDuration()};
    }
  };
  set_apart(kPatient);
  set_apart(kChecks);
  std::unique_ptr<Admission>& admission = all.by_name[name];
  if (admission == nullptr) admission = std::make_unique<Admission>(limits);
  all.by_method.emplace(std::string(method), admission.get());
  return *admission;
}

// The steady clock: a machine's clock that is set does not make anybody wait longer.
absl::Time Admission::Now() const {
  if (clock_ != nullptr) return clock_->Now();
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

bool Admission::TakePlace() {
  int running = running_.load(std::memory_order_relaxed);
  while (running < limits_.running) {
    if (running_.compare_exchange_weak(running, running + 1, std::memory_order_acq_rel)) {
      return true;
    }
  }
  return false;
}

std::optional<Admission::Place> Admission::TryEnter() {
  std::unique_lock<std::mutex> lock;
  if (limits_.waiting > 0) lock = std::unique_lock(mutex_);
  if (!TakePlace()) return std::nullopt;
  return std::optional<Place>(std::in_place, this);
}

absl::StatusOr<Admission::Place> Admission::Enter(absl::Time deadline) {
  const absl::Duration left = deadline - (clock_ != nullptr ? clock_->Now() : absl::Now());
  if (left <= absl::ZeroDuration()) return TooLate();
  std::unique_lock lock(mutex_);
  if (TakePlace()) return Place(this);
  if (static_cast<int>(queue_.size()) >= limits_.waiting) {
    lock.unlock();
    return OverloadAnswer().status;
  }
  Waiter self;
  self.until = Now() + std::min(limits_.longest_wait, left / 4);
  queue_.push_back(&self);
  while (self.state == Waiter::kWaits && Now() < self.until) {
    if (clock_ != nullptr) {
      self.wake.wait(lock);
    } else {
      self.wake.wait_for(lock, absl::ToChronoNanoseconds(self.until - Now()));
    }
  }
  if (self.state == Waiter::kMayRun) return Place(this);
  if (self.state == Waiter::kWaits) queue_.erase(std::find(queue_.begin(), queue_.end(), &self));
  lock.unlock();
  return OverloadAnswer().status;
}

void Admission::Leave() {
  if (limits_.waiting == 0) {  // nobody to hand the place to
    running_.fetch_sub(1, std::memory_order_release);
    return;
  }
  const std::lock_guard lock(mutex_);
  const absl::Time now = Now();
  while (!queue_.empty()) {
    Waiter* const next = queue_.front();
    queue_.pop_front();
    next->state = now < next->until ? Waiter::kMayRun : Waiter::kTooLate;
    next->wake.notify_one();
    if (next->state == Waiter::kMayRun) return;  // the place is his
  }
  running_.fetch_sub(1, std::memory_order_release);
}

void Admission::LookAgain() {
  const std::lock_guard lock(mutex_);
  for (Waiter* waiter : queue_) waiter->wake.notify_one();
}

int Admission::running() const { return running_.load(std::memory_order_acquire); }

int Admission::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(queue_.size());
}

const Refusal& OverloadAnswer() {
  static std::atomic<size_t> next{0};
  return Refusals()[next.fetch_add(1, std::memory_order_relaxed) % kRefusals];
}

const Refusal* RefusalOf(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return nullptr;
  for (const Refusal& refusal : Refusals()) {
    if (refusal.status == status) return &refusal;
  }
  return nullptr;
}

absl::Duration RetryDelayOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRetryInfoUrl);
  google::rpc::RetryInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(info.retry_delay().seconds()) +
         absl::Nanoseconds(info.retry_delay().nanos());
}

}  // namespace lingkaran
