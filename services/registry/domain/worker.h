// A worker: the state, and what may happen in it. Pure; callers give the time and load rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/date.h"
#include "common/base/enums.h"
#include "common/crypto/personal_data_vault.h"
#include "services/registry/domain/personal_data.h"

namespace lingkaran::registry {

// Numbers of lingkaran.registry.v1.WorkerState.
//
//            batch approved          enrolled
//   PROPOSED ------------> VERIFIED ----------> ENROLLED      from any: WITHDRAWN, DECEASED
//      | ^                     existing members: MEMBER_ELSEWHERE instead of VERIFIED
//      | | named in a new list
//      v |
//   REFUSED, and WITHDRAWN likewise: a return is a new registration with all entry checks, a new
//   review and the same worker id and membership number.
enum class WorkerState : int8_t {
  kProposed = 1,
  kVerified = 2,
  kEnrolled = 3,
  kRefused = 4,
  kWithdrawn = 5,
  kDeceased = 6,
  kMemberElsewhere = 7,
};
inline constexpr int kLastWorkerState = 7;

struct Worker {
  int64_t worker_id = 0;
  NikHash nik_hash{};
  WorkerState state = WorkerState::kProposed;
  std::string membership_number;  // empty before enrolment
  std::string region_code;
  std::string occupation;
  Sector sector = Sector::kOther;
  SealedPersonalData personal;
  int64_t agency_id = 0;  // who last proposed the worker
  int64_t batch_id = 0;   // in which list
  int32_t line = 0;       // and where
  int64_t pledge_id = 0;  // that first paid; 0 before enrolment
  int32_t death_day = 0;
  int32_t withdraw_day = 0;  // first day of no part in the programme
  std::string withdraw_reason;
  int64_t version = 1;  // counts up with each change that others may see
  absl::Time create_time = absl::UnixEpoch();
  absl::Time enrol_time = absl::UnixEpoch();  // the epoch: never enrolled here

  friend bool operator==(const Worker&, const Worker&) = default;

  // True once coverage has been told of the worker, so that it must be told of each change.
  bool KnownToCoverage() const { return enrol_time != absl::UnixEpoch(); }
  // True for a member from before the suite, or one who becomes that on approval.
  bool IsMemberElsewhere() const;
};

// Whether a worker may become a member, or is one. FAILED_PRECONDITION/WORKER_DECEASED,
// WORKER_WITHDRAWN, WORKER_NOT_VERIFIED; ALREADY_EXISTS/ALREADY_MEMBER for a member from elsewhere.
absl::Status MayEnrol(const Worker& worker);
// Makes a member of a worker who has a number by now.
void Enrol(Worker& worker, int64_t pledge_id, absl::Time now);

// Records a death; true if that changes the worker. INVALID_FIELD for a day after today or before
// the birth day (yyyymmdd); FAILED_PRECONDITION/WORKER_DECEASED if another day is recorded.
absl::StatusOr<bool> ReportDeath(Worker& worker, Day death, Day today, int32_t birth_day);

// Withdraws a worker from `effective` on; true if that changes the worker. A later call may move
// the day. FAILED_PRECONDITION/WORKER_DECEASED.
absl::StatusOr<bool> Withdraw(Worker& worker, Day effective, std::string_view reason);

// 11 digits: the last two of the year, eight of the sequence, a check digit after Luhn.
// RESOURCE_EXHAUSTED when the sequence has no eight digits any more.
absl::StatusOr<std::string> MembershipNumber(int year, int64_t sequence);

// Reads the number that a member from before brings: 4 to 20 letters and digits; spaces, dots and
// hyphens are taken away. Empty if it can't be read.
std::string ReadMembershipNumber(std::string_view text);

// A membership card.
struct Card {
  int64_t worker_id = 0;
  std::string membership_number;
  int32_t issue = 1;
  absl::Time issue_time;
  std::string issued_by;

  // "<membership number>-<issue>"
  std::string CardNumber() const;
};

// Who may have a first card. FAILED_PRECONDITION/WORKER_NOT_VERIFIED (no member yet),
// ALREADY_MEMBER (a member from elsewhere has a card from there), WORKER_DECEASED,
// WORKER_WITHDRAWN.
absl::Status MayHaveCard(const Worker& worker);

}  // namespace lingkaran::registry
