#include "common/rpc/admission_control.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/overload.h"
#include "common/base/string_views.h"
#include "common/rpc/channel_settings.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {
namespace {

// Each call in a handler has a thread, so these stay below kMaxServerThreads together. A database
// works on a handful of calls at a time; what runs beyond that waits for it or for a peer.
constexpr AdmissionControl::Limits kNormal = {32, 64, absl::Milliseconds(250)};
constexpr AdmissionControl::Limits kOperations = {4, 8, absl::Seconds(1)};

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

const std::vector<Refusal>& Refusals() {
  static const std::vector<Refusal>& all = *[] {
    auto* made = new std::vector<Refusal>();
    for (const OverloadError& error : OverloadErrors()) {
      made->push_back({error.status, ToGrpc(error.status),
                       absl::StrCat(absl::ToInt64Milliseconds(error.retry_delay))});
    }
    return made;
  }();
  return all;
}

}  // namespace

struct AdmissionControl::Waiter {
  absl::Time until;
  enum { kWaits, kMayRun, kTooLate } state = kWaits;
  CondVar wake;
};

AdmissionControl::AdmissionControl(const Limits& limits, const Clock* clock)
    : limits_(limits), clock_(clock) {}

AdmissionControl& AdmissionControl::For(std::string_view method) {
  struct All {
    Mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<AdmissionControl>> by_name
        ABSL_GUARDED_BY(mutex);
    absl::flat_hash_map<std::string, AdmissionControl*> by_method ABSL_GUARDED_BY(mutex);
  };
  static All& all = *new All();
  MutexLock lock(all.mutex);
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
  std::unique_ptr<AdmissionControl>& admission = all.by_name[name];
  if (admission == nullptr) admission = std::make_unique<AdmissionControl>(limits);
  all.by_method.emplace(std::string(method), admission.get());
  return *admission;
}

// The steady clock: a machine's clock that is set does not make anybody wait longer.
absl::Time AdmissionControl::Now() const {
  if (clock_ != nullptr) return clock_->Now();
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

bool AdmissionControl::TakePermit() {
  int running = running_.load(std::memory_order_relaxed);
  while (running < limits_.running) {
    if (running_.compare_exchange_weak(running, running + 1, std::memory_order_acq_rel)) {
      return true;
    }
  }
  return false;
}

std::optional<AdmissionControl::Permit> AdmissionControl::TryEnter() {
  bool taken = false;
  if (limits_.waiting == 0) {
    taken = TakePermit();
  } else {
    MutexLock lock(mutex_);
    taken = TakePermit();
  }
  if (!taken) return std::nullopt;
  return std::optional<Permit>(std::in_place, this);
}

absl::StatusOr<AdmissionControl::Permit> AdmissionControl::Enter(absl::Time deadline) {
  const absl::Duration left = deadline - (clock_ != nullptr ? clock_->Now() : absl::Now());
  if (left <= absl::ZeroDuration()) return DeadlinePassed();
  MutexLock lock(mutex_);
  if (TakePermit()) return Permit(this);
  if (static_cast<int>(queue_.size()) >= limits_.waiting) {
    lock.Unlock();
    return Overloaded();
  }
  Waiter self;
  self.until = Now() + std::min(limits_.longest_wait, left / 4);
  queue_.push_back(&self);
  while (self.state == Waiter::kWaits && Now() < self.until) {
    if (clock_ != nullptr) {
      self.wake.Wait(lock);
    } else {
      self.wake.WaitFor(lock, self.until - Now());
    }
  }
  if (self.state == Waiter::kMayRun) return Permit(this);
  if (self.state == Waiter::kWaits) queue_.erase(std::find(queue_.begin(), queue_.end(), &self));
  lock.Unlock();
  return Overloaded();
}

void AdmissionControl::Leave() {
  if (limits_.waiting == 0) {  // nobody to hand the place to
    running_.fetch_sub(1, std::memory_order_release);
    return;
  }
  MutexLock lock(mutex_);
  const absl::Time now = Now();
  while (!queue_.empty()) {
    Waiter* const next = queue_.front();
    queue_.pop_front();
    next->state = now < next->until ? Waiter::kMayRun : Waiter::kTooLate;
    next->wake.NotifyOne();
    if (next->state == Waiter::kMayRun) return;  // it has the permit now
  }
  running_.fetch_sub(1, std::memory_order_release);
}

void AdmissionControl::LookAgain() {
  MutexLock lock(mutex_);
  for (Waiter* waiter : queue_) waiter->wake.NotifyOne();
}

int AdmissionControl::running() const { return running_.load(std::memory_order_acquire); }

int AdmissionControl::waiting() const {
  MutexLock lock(mutex_);
  return static_cast<int>(queue_.size());
}

const Refusal* RefusalOf(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return nullptr;
  for (const Refusal& refusal : Refusals()) {
    if (refusal.status == status) return &refusal;
  }
  return nullptr;
}

}  // namespace lingkaran
