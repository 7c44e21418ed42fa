#include "tests/freshness/judge.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"

namespace lingkaran::freshness {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// The value at a position of a list by position; null before its first.
template <typename T>
const T* At(const std::vector<std::pair<int64_t, T>>& list, int64_t position) {
  const auto after =
      std::upper_bound(list.begin(), list.end(), position,
                       [](int64_t at, const auto& entry) { return at < entry.first; });
  return after == list.begin() ? nullptr : &std::prev(after)->second;
}

std::string Millis(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration), " ms");
}

}  // namespace

std::string WorkerKey(int64_t worker_id) { return absl::StrCat("worker ", worker_id); }
std::string NikKey(std::string_view nik) { return "nik " + std::string(nik); }
std::string NumberKey(std::string_view number) { return "number " + std::string(number); }

std::string_view WrongName(Wrong wrong) {
  static constexpr std::string_view kNames[] = {"right",
                                                "torn",
                                                "never_true",
                                                "older_than_token",
                                                "reply_token_behind",
                                                "older_than_reply_token",
                                                "not_consistent",
                                                "stale"};
  return kNames[static_cast<int>(wrong)];
}

Judge::Judge(std::vector<Write> writes) : writes_(std::move(writes)) {
  std::sort(writes_.begin(), writes_.end(),
            [](const Write& a, const Write& b) { return a.position < b.position; });
  for (const Write& write : writes_) {
    for (const auto& [worker, state] : write.states) {
      auto& list = states_[worker];
      if (list.empty()) owners_[WorkerKey(worker)].emplace_back(write.position, worker);
      list.emplace_back(write.position, state);
    }
    for (const auto& [key, owner] : write.owners) {
      owners_[key].emplace_back(write.position, owner);
    }
  }
  known_from_.assign(writes_.size(), absl::InfiniteFuture());
  absl::Time first = absl::InfiniteFuture();
  for (size_t i = writes_.size(); i-- > 0;) {
    known_from_[i] = first = std::min(first, writes_[i].acknowledged);
  }
}

absl::Time Judge::KnownAt(int64_t position) const {
  const auto found =
      std::lower_bound(writes_.begin(), writes_.end(), position,
                       [](const Write& write, int64_t at) { return write.position < at; });
  return found == writes_.end() ? absl::InfiniteFuture() : known_from_[found - writes_.begin()];
}

std::vector<Judge::Period> Judge::MakePeriods(const std::string& key) const {
  const auto owned = owners_.find(key);
  if (owned == owners_.end()) return {Period()};
  std::set<int64_t> positions;
  for (const auto& [position, owner] : owned->second) {
    positions.insert(position);
    const auto states = states_.find(owner);
    if (states == states_.end()) continue;
    for (const auto& [changed, state] : states->second) positions.insert(changed);
  }
  std::vector<Period> periods = {Period()};
  for (const int64_t position : positions) {
    const int64_t* owner = At(owned->second, position);
    if (owner == nullptr) continue;
    Period period{position, absl::InfinitePast(), *owner, {}};
    if (period.owner != 0) period.state = *At(states_.at(period.owner), position);
    const Period& before = periods.back();
    if (period.owner == before.owner && period.state == before.state) continue;
    const auto write = std::lower_bound(writes_.begin(), writes_.end(), position,
                                        [](const Write& w, int64_t at) { return w.position < at; });
    period.called = write->called;
    periods.push_back(period);
  }
  return periods;
}

const std::vector<Judge::Period>& Judge::PeriodsOf(const std::string& key) {
  const auto [found, added] = periods_.try_emplace(key);
  if (added) found->second = MakePeriods(key);
  return found->second;
}

bool Judge::IsTorn(const Check& check) {
  const int64_t person = check.answer.worker_id;
  const auto had = [&](const Period& period) {
    return period.owner == person && period.called <= check.answered;
  };
  const std::vector<Period>& key = PeriodsOf(check.key);
  const std::vector<Period>& own = PeriodsOf(WorkerKey(person));
  return person != 0 && std::any_of(key.begin(), key.end(), had) &&
         std::any_of(own.begin(), own.end(), [&](const Period& period) {
           return had(period) && AnswerFor(person, period.state, check.day) == check.answer;
         });
}

Judgement Judge::Of(const Check& check) {
  const std::vector<Period>& periods = PeriodsOf(check.key);
  // The last position at which the answer was true is the best that can be said for it.
  const auto found = std::find_if(periods.rbegin(), periods.rend(), [&](const Period& period) {
    return period.called <= check.answered &&
           (period.owner == 0 ? AnswerForNobody()
                              : AnswerFor(period.owner, period.state, check.day)) == check.answer;
  });
  if (found == periods.rend()) return {IsTorn(check) ? Wrong::kTorn : Wrong::kNeverTrue, {}};
  const int64_t not_any_more = found == periods.rbegin() ? kNever : std::prev(found)->from;
  if (check.asked == Asked::kToken && not_any_more <= check.token)
    return {Wrong::kOlderThanToken, {}};
  if (check.asked == Asked::kToken && check.reply_token < check.token) {
    return {Wrong::kReplyTokenBehind, {}};
  }
  if (not_any_more <= check.reply_token) return {Wrong::kOlderThanReply, {}};
  const absl::Duration staleness =
      std::max(absl::ZeroDuration(), check.sent - KnownAt(not_any_more));
  if (check.asked == Asked::kFull && staleness > absl::ZeroDuration()) {
    return {Wrong::kNotConsistent, {}};
  }
  if (check.asked != Asked::kNoToken) return {};
  return {check.calm && staleness > kStaleAfter ? Wrong::kStale : Wrong::kNot, staleness};
}

std::string Judge::Explain(const Check& check) {
  static constexpr std::string_view kAsked[] = {"with token ", "without a token ",
                                                "fully consistent "};
  std::string out = WrongName(Of(check).wrong).data();
  absl::StrAppend(&out, ": ", check.key, " on ", check.day, " ",
                  kAsked[static_cast<int>(check.asked)].data(), check.token, " at ", check.where,
                  "\n  answered ", ToText(check.answer), ", token ", check.reply_token, ", after ",
                  Millis(check.answered - check.sent),
                  "\n  its history, times from its sending:\n");
  std::set<int64_t> people;
  for (const Period& period : PeriodsOf(check.key)) people.insert(period.owner);
  for (const Write& write : writes_) {
    std::string text;
    for (const auto& [worker, state] : write.states) {
      if (people.count(worker) > 0)
        absl::StrAppend(&text, "\n      worker ", worker, ": ", ToText(state));
    }
    for (const auto& [key, owner] : write.owners) {
      if (key == check.key) absl::StrAppend(&text, "\n      ", key, " is of worker ", owner);
    }
    if (text.empty()) continue;
    absl::StrAppend(&out, "    ", write.position, " ", write.what, ", called ",
                    Millis(write.called - check.sent), ", acknowledged ",
                    Millis(write.acknowledged - check.sent), text, "\n");
  }
  return out;
}

}  // namespace lingkaran::freshness
