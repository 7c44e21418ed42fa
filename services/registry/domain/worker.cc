#include "services/registry/domain/worker.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "services/registry/domain/errors.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

// The digit that makes the Luhn sum of `digits` and itself a multiple of ten.
char LuhnDigit(std::string_view digits) {
  int sum = 0;
  bool twice = true;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    int value = *digit - '0';
    if (twice) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
    twice = !twice;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

absl::Status CheckTakesPart(const Worker& worker) {
  if (worker.state == WorkerState::kDeceased) return WorkerDeceased(worker.worker_id);
  if (worker.state == WorkerState::kWithdrawn) return WorkerWithdrawn(worker.worker_id);
  return absl::OkStatus();
}

}  // namespace

bool Worker::IsMemberElsewhere() const {
  return state == WorkerState::kMemberElsewhere ||
         (state == WorkerState::kProposed && !membership_number.empty() && !KnownToCoverage());
}

absl::Status MayEnrol(const Worker& worker) {
  RETURN_IF_ERROR(CheckTakesPart(worker));
  if (worker.state == WorkerState::kMemberElsewhere) return AlreadyMember(worker.worker_id);
  const bool verified =
      worker.state == WorkerState::kVerified || worker.state == WorkerState::kEnrolled;
  return verified ? absl::OkStatus() : WorkerNotVerified(worker.worker_id);
}

void Enrol(Worker& worker, int64_t pledge_id, absl::Time now) {
  worker.state = WorkerState::kEnrolled;
  worker.pledge_id = pledge_id;
  worker.withdraw_day = 0;
  worker.withdraw_reason.clear();
  worker.enrol_time = now;
  ++worker.version;
}

absl::StatusOr<bool> ReportDeath(Worker& worker, Day death, Day today, int32_t birth_day) {
  const int32_t day = DayNumber(death);
  if (worker.state == WorkerState::kDeceased) {
    if (worker.death_day != day) return WorkerDeceased(worker.worker_id);
    return false;
  }
  if (death > today) return InvalidField("death_day", "must not be in the future");
  if (day < birth_day) return InvalidField("death_day", "is before the worker's birth");
  worker.state = WorkerState::kDeceased;
  worker.death_day = day;
  ++worker.version;
  return true;
}

absl::StatusOr<bool> Withdraw(Worker& worker, Day effective, std::string_view reason) {
  if (worker.state == WorkerState::kDeceased) return WorkerDeceased(worker.worker_id);
  const int32_t day = DayNumber(effective);
  if (worker.state == WorkerState::kWithdrawn && worker.withdraw_day == day) return false;
  worker.state = WorkerState::kWithdrawn;
  worker.withdraw_day = day;
  worker.withdraw_reason = std::string(reason);
  ++worker.version;
  return true;
}

absl::StatusOr<std::string> MembershipNumber(int year, int64_t sequence) {
  if (sequence < 1 || sequence > 99'999'999) return NumbersUsedUp();
  std::string number = absl::StrFormat("%02d%08d", year % 100, sequence);
  number.push_back(LuhnDigit(number));
  return number;
}

std::string ReadMembershipNumber(std::string_view text) {
  std::string number;
  for (const char c : Trim(text)) {
    if (c == ' ' || c == '.' || c == '-' || c == '\'') continue;
    if (!absl::ascii_isalnum(c)) return "";
    number.push_back(absl::ascii_toupper(c));
  }
  const bool fits = number.size() >= 4 && number.size() <= 20 && !HoldsNik(number);
  return fits ? number : "";
}

std::string Card::CardNumber() const { return absl::StrCat(membership_number, "-", issue); }

absl::Status MayHaveCard(const Worker& worker) {
  RETURN_IF_ERROR(CheckTakesPart(worker));
  if (worker.state == WorkerState::kMemberElsewhere) return CardIsElsewhere(worker.worker_id);
  const bool member = worker.state == WorkerState::kEnrolled;
  return member ? absl::OkStatus() : WorkerNotEnrolled(worker.worker_id);
}

}  // namespace lingkaran::registry
