#include "tests/history/models.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lingkaran::history {
namespace {

int64_t At(const std::vector<int64_t>& numbers, size_t index) {
  return index < numbers.size() ? numbers[index] : 0;
}

std::string Say(absl::string_view name, const Operation& operation) {
  return absl::StrCat(name, "(", absl::StrJoin(operation.asked, ", "), ") -> ",
                      operation.known() ? absl::StrJoin(operation.got, ", ") : std::string("?"));
}

// True if the answer begins with the outcome; an unknown one could be any.
bool Answers(const Operation& operation, Outcome outcome) {
  return !operation.known() || At(operation.got, 0) == outcome;
}

// True for what was answered, and refused.
bool Refused(const Operation& operation) {
  return operation.known() && At(operation.got, 0) != kOk;
}

}  // namespace

// State: who paid JKK, who paid JKM (0: nobody), the position seen so far.
bool CoverModel::Apply(const Operation& operation, State& state) const {
  const bool known = operation.known();
  switch (operation.kind) {
    case kActivate: {
      const int64_t source = operation.asked[0], programmes = operation.asked[1];
      bool is_free = true;
      for (int i = 0; i < 2; ++i) {
        if ((programmes >> i & 1) != 0 && state[i] != 0) is_free = false;
      }
      if (!Answers(operation, is_free ? kOk : kRefused)) return false;
      for (int i = 0; i < 2 && is_free; ++i) {
        if ((programmes >> i & 1) != 0) state[i] = source;
      }
      break;
    }
    case kRevoke: {
      int64_t taken = 0;
      for (int i = 0; i < 2; ++i) {
        if (state[i] != operation.asked[0]) continue;
        taken |= int64_t{1} << i;
        state[i] = 0;
      }
      if (known && At(operation.got, 0) != taken) return false;
      break;
    }
    case kCheck: {
      const int64_t covered = (state[0] != 0 ? 1 : 0) | (state[1] != 0 ? 2 : 0);
      if (state[2] < operation.asked[0] || (known && At(operation.got, 0) != covered)) return false;
      // What changes later has a later position than this answer.
      if (known) state[2] = std::max(state[2], At(operation.got, 1));
      return true;
    }
    default:
      return false;
  }
  if (!known) return true;
  if (At(operation.got, 1) <= state[2]) return false;
  state[2] = At(operation.got, 1);
  return true;
}

// Even what is refused moves the position on.
bool CoverModel::MayChange(const Operation&) const { return true; }

std::string CoverModel::Text(const Operation& operation) const {
  static constexpr absl::string_view kNames[] = {"activate", "revoke", "check"};
  return Say(kNames[operation.kind], operation);
}

// State: version, day of withdrawal, day of death.
bool MemberModel::Apply(const Operation& operation, State& state) const {
  const bool dead = state[2] != 0;
  switch (operation.kind) {
    case kWithdraw:
      if (!Answers(operation, dead ? kRefused : kOk)) return false;
      if (dead) return true;
      if (state[1] != operation.asked[0]) ++state[0];
      state[1] = operation.asked[0];
      break;
    case kReportDeath: {
      const bool refused = dead && state[2] != operation.asked[0];
      if (!Answers(operation, refused ? kRefused : kOk)) return false;
      if (refused) return true;
      if (!dead) ++state[0];
      state[2] = operation.asked[0];
      break;
    }
    case kGet:
      break;
    case kCheck: {
      const int64_t day = operation.asked[1];
      int64_t standing = kCovered;
      if (state[1] != 0 && day >= state[1]) standing = kWithdrawn;
      if (dead && day > state[2]) standing = kDeceased;
      return state[0] >= operation.asked[0] &&
             (!operation.known() || At(operation.got, 0) == standing);
    }
    default:
      return false;
  }
  return !operation.known() ||
         (At(operation.got, 1) == state[0] && At(operation.got, 2) == state[1] &&
          At(operation.got, 3) == state[2]);
}

bool MemberModel::MayChange(const Operation& operation) const {
  return operation.kind != kGet && operation.kind != kCheck && !Refused(operation);
}

std::string MemberModel::Text(const Operation& operation) const {
  static constexpr absl::string_view kNames[] = {"withdraw", "report death", "get", "check"};
  return Say(kNames[operation.kind], operation);
}

namespace {

// State of a pledge: received, available, refunded, moved to credit, credit, 1 if cancelled; then
// of each bank reference, in their order: itself, 1 if it paid in, amount, applied, credit.
constexpr size_t kHead = 6;
constexpr size_t kReceipt = 5;
enum { kReceived, kAvailable, kRefunded, kMoved, kCredit, kCancelled };

// Where a reference stands, or the place for it; `found` says which.
size_t PlaceOf(const State& state, int64_t reference, bool& found) {
  size_t at = kHead;
  while (at < state.size() && state[at] < reference) at += kReceipt;
  found = at < state.size() && state[at] == reference;
  return at;
}

// True if the funds in an answer, from `from` on, are those of the state.
bool FundsAgree(const Operation& operation, size_t from, const State& state) {
  if (!operation.known()) return true;
  for (size_t i = 0; i < PledgeModel::kFunds; ++i) {
    if (At(operation.got, from + i) != state[i]) return false;
  }
  return true;
}

}  // namespace

bool PledgeModel::Pay(const Operation& operation, State& state) const {
  const int64_t reference = operation.asked[0], amount = operation.asked[1];
  bool before = false;
  const size_t at = PlaceOf(state, reference, before);
  if (before && (state[at + 1] != 1 || state[at + 2] != amount)) {
    return Answers(operation, kConflict);
  }
  if (!before && state[kCancelled] != 0) return Answers(operation, kRefused);
  if (!Answers(operation, kOk)) return false;
  if (!before) {
    const int64_t applied = std::min(amount, invoice_ - state[kReceived]);
    const State receipt = {reference, 1, amount, applied, amount - applied};
    state.insert(state.begin() + static_cast<std::ptrdiff_t>(at), receipt.begin(), receipt.end());
    state[kReceived] += applied;
    state[kAvailable] += applied;
    state[kCredit] += amount - applied;
  }
  const std::vector<int64_t>& got = operation.got;
  return !operation.known() || (At(got, 1) == (before ? 1 : 0) && At(got, 2) == state[at + 3] &&
                                At(got, 3) == state[at + 4] && FundsAgree(operation, 4, state));
}

bool PledgeModel::Refund(const Operation& operation, State& state) const {
  const int64_t reference = operation.asked[0];
  bool before = false;
  const size_t at = PlaceOf(state, reference, before);
  if (before) return Answers(operation, kConflict);
  const int64_t most = state[kAvailable] + state[kCredit];
  const int64_t amount = operation.asked[1] == 0 ? most : operation.asked[1];
  if (most == 0 || amount > most) return Answers(operation, kExhausted);
  if (!Answers(operation, kOk)) return false;
  const int64_t available = std::min(amount, state[kAvailable]);
  const State receipt = {reference, 0, amount, available, amount - available};
  state.insert(state.begin() + static_cast<std::ptrdiff_t>(at), receipt.begin(), receipt.end());
  state[kAvailable] -= available;
  state[kRefunded] += available;
  state[kCredit] -= amount - available;
  return !operation.known() || (At(operation.got, 1) == amount && FundsAgree(operation, 2, state));
}

bool PledgeModel::Apply(const Operation& operation, State& state) const {
  switch (operation.kind) {
    case kPay:
      return Pay(operation, state);
    case kRefund:
      return Refund(operation, state);
    case kCancel:
      if (state[kCancelled] == 0) {
        state[kMoved] += state[kAvailable];
        state[kCredit] += state[kAvailable];
        state[kAvailable] = 0;
        state[kCancelled] = 1;
      }
      return FundsAgree(operation, 1, state);
    case kGet:
      return FundsAgree(operation, 1, state);
    default:
      return false;
  }
}

bool PledgeModel::MayChange(const Operation& operation) const {
  return operation.kind != kGet && !Refused(operation);
}

std::string PledgeModel::Text(const Operation& operation) const {
  static constexpr absl::string_view kNames[] = {"pay", "refund", "cancel", "get"};
  return Say(kNames[operation.kind], operation);
}

}  // namespace lingkaran::history
