#include "tests/freshness/people.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/date.h"
#include "common/base/random.h"

namespace lingkaran::freshness {
namespace {

// Prices do not change and nobody waits in these years.
const Month kFirstMonth(2016, 1);
const Month kLastMonth(2024, 12);
constexpr int64_t kPledge = 7;
constexpr std::array<std::pair<common::v1::Programme, int64_t>, kProgrammes> kPrices = {
    {{common::v1::PROGRAMME_JKK, 10'000}, {common::v1::PROGRAMME_JKM, 6'800}}};

Month MonthOf(int32_t day) { return Month(DayFromNumber(day).value()); }

Month AnyMonth(Random& random) {
  return kFirstMonth + Below(random, MonthsBetween(kFirstMonth, kLastMonth) + 1);
}

// True if a month that begins on this day may be paid for this person.
bool TakesPart(const State& state, Day first_day) {
  const int32_t day = DayNumber(first_day);
  return (state.death_day == 0 || day <= state.death_day) &&
         (state.withdraw_day == 0 || day < state.withdraw_day);
}

}  // namespace

cv1::PersonRef ToPerson(const std::string& key) {
  cv1::PersonRef person;
  const std::string value = key.substr(key.find(' ') + 1);
  if (absl::StartsWith(key, "worker ")) {
    int64_t id = 0;
    if (absl::SimpleAtoi(value, &id)) person.set_worker_id(id);
  } else if (absl::StartsWith(key, "nik ")) {
    person.set_nik(value);
  } else {
    person.set_membership_number(value);
  }
  return person;
}

cv1::Member MakeMember(const PersonalDataVault& vault, int64_t id, const std::string& nik,
                       const std::string& number, int64_t version) {
  cv1::Member member;
  const NikHash hash = vault.HashNik(nik);
  member.set_worker_id(id);
  member.set_nik_hash(std::string(hash.begin(), hash.end()));
  member.set_membership_number(number);
  member.set_region_code("33.72");
  member.set_sector(common::v1::SECTOR_OTHER);
  member.set_version(version);
  return member;
}

int32_t AnyDay(Random& random) { return DayNumber(Day(AnyMonth(random)) + Below(random, 31)); }

void KeyBook::Add(int64_t worker_id, const std::string& key) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string>& keys = keys_[worker_id];
  if (keys.empty()) workers_.push_back(worker_id);
  keys.push_back(key);
}

std::string KeyBook::KeyOf(int64_t worker_id, Random& random) const {
  const std::lock_guard lock(mutex_);
  return freshness::Any(random, keys_.at(worker_id));
}

std::string KeyBook::Any(Random& random) const {
  const std::lock_guard lock(mutex_);
  return freshness::Any(random, keys_.at(freshness::Any(random, workers_)));
}

Roster::Roster(const Options& options, const PersonalDataVault& sealer, KeyBook& keys)
    : options_(options), sealer_(sealer), keys_(keys), random_(options.seed) {
  people_.resize(options.people);
  for (int i = 0; i < options.people; ++i) {
    Person& person = people_[i];
    person.id = options.first_id + i;
    keys_.Add(person.id, WorkerKey(person.id));
    person.nik = NewNik(person.id);
    if (Below(random_, 8) > 0) person.number = NewNumber(person.id);
  }
}

std::string Roster::NewNik(int64_t worker_id) {
  const std::string nik = absl::StrFormat("%s%04d", options_.nik_prefix, next_key_++);
  keys_.Add(worker_id, NikKey(nik));
  return nik;
}

std::string Roster::NewNumber(int64_t worker_id) {
  const std::string number = absl::StrFormat("19%s%04d", options_.nik_prefix, next_key_++);
  keys_.Add(worker_id, NumberKey(number));
  return number;
}

std::vector<Roster::Person*> Roster::Some(int most) {
  std::vector<Person*> some;
  const int64_t count = 1 + Below(random_, most);
  for (int64_t i = 0; i < count; ++i) {
    Person* person = &people_[Below(random_, enrolled_)];
    if (std::find(some.begin(), some.end(), person) == some.end()) some.push_back(person);
  }
  return some;
}

bool Roster::Become(Person& person, const State& state) {
  // As seen on some day in the middle; the spans tell, whatever the day.
  if (!person.been.insert(ToText(AnswerFor(person.id, state, 20200615))).second) return false;
  person.state = state;
  return true;
}

void Roster::Upsert(Person& person, Change& change) {
  if (!std::holds_alternative<cv1::UpsertMembersRequest>(change.request)) {
    change.request = cv1::UpsertMembersRequest();
  }
  cv1::UpsertMembersRequest& request = std::get<cv1::UpsertMembersRequest>(change.request);
  request.set_request_id(NewRequestId());
  cv1::Member* member = request.add_members();
  *member = MakeMember(sealer_, person.id, person.nik, person.number, ++person.version);
  member->set_death_day(person.state.death_day);
  member->set_withdraw_day(person.state.withdraw_day);
  change.left.states.emplace_back(person.id, person.state);
}

Change Roster::Enrol() {
  Change change;
  change.left.what = "enrol";
  const int64_t count = 1 + Below(random_, 3);
  for (int64_t i = 0; i < count && enrolled_ < options_.people; ++i) {
    Person& person = people_[enrolled_++];
    Become(person, person.state);
    Upsert(person, change);
    change.left.owners.emplace_back(NikKey(person.nik), person.id);
    if (!person.number.empty())
      change.left.owners.emplace_back(NumberKey(person.number), person.id);
  }
  return change;
}

std::optional<Change> Roster::Pay() {
  cv1::ActivateCoverageRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
  request.mutable_source()->set_pledge_id(kPledge);
  Change change;
  change.left.what = "pay";
  for (Person* person : Some(5)) {
    State state = person->state;
    const bool fresh = state.paid[0].first_day == 0 && state.paid[1].first_day == 0;
    const Day fresh_day = Day(AnyMonth(random_)) + Below(random_, 28);
    const int64_t which = Below(random_, 4);  // 0: JKK only, 1: JKM only, else both
    cv1::ActivationLine line;
    line.set_worker_id(person->id);
    line.set_wage_base_rupiah(1'000'000);
    Day first_day = (Day::max)();
    bool possible = true;
    for (int i = 0; i < kProgrammes; ++i) {
      Span& span = state.paid[i];
      if (which == 1 - i || (!fresh && span.first_day == 0)) continue;
      const Month from = fresh ? Month(fresh_day) : MonthOf(span.last_day) + 1;
      const Month to = from + Below(random_, 3);
      const Day first = fresh ? fresh_day : Day(from);
      possible =
          possible && to <= kLastMonth && TakesPart(state, Day(to)) && TakesPart(state, first);
      first_day = std::min(first_day, first);
      if (span.first_day == 0) span.first_day = DayNumber(first);
      span.last_day = DayNumber(LastDayOf(to));
      for (Month month = from; month <= to; ++month) {
        cv1::PaidMonth* paid = line.add_months();
        paid->set_programme(kPrices[i].first);
        paid->set_month(MonthNumber(month));
        paid->set_amount_rupiah(kPrices[i].second);
      }
    }
    if (!possible || line.months().empty() || !Become(*person, state)) continue;
    line.set_first_day(DayNumber(first_day));
    *request.add_lines() = std::move(line);
    change.left.states.emplace_back(person->id, person->state);
  }
  if (request.lines().empty()) return std::nullopt;
  change.request = std::move(request);
  return change;
}

std::optional<Change> Roster::Revoke() {
  cv1::RevokeCoverageRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_source()->set_pledge_id(kPledge);
  request.set_reason("freshness");
  Change change;
  change.left.what = "revoke";
  for (Person* person : Some(4)) {
    State state = person->state;
    const Span& some = state.paid[Below(random_, kProgrammes)];
    if (some.first_day == 0) continue;
    // All, or a month or two from the end.
    const Month last = MonthOf(some.last_day);
    const bool all = Below(random_, 3) == 0;
    const Month from = all ? MonthOf(some.first_day) : last - Below(random_, 2);
    for (Span& span : state.paid) {
      if (span.first_day == 0 || (!all && MonthOf(span.last_day) < from)) continue;
      span = all || MonthOf(span.first_day) >= from
                 ? Span()
                 : Span{span.first_day, DayNumber(LastDayOf(from - 1))};
    }
    // Back to nothing is no new state, but without it nothing begins anew.
    if (all) {
      person->state = state;
    } else if (!Become(*person, state)) {
      continue;
    }
    cv1::RevocationLine* line = request.add_lines();
    line->set_worker_id(person->id);
    line->set_from_month(all ? 0 : MonthNumber(from));
    change.left.states.emplace_back(person->id, person->state);
  }
  if (request.lines().empty()) return std::nullopt;
  change.request = std::move(request);
  return change;
}

// Deaths and withdrawals, and that they were none.
std::optional<Change> Roster::Fate() {
  Change change;
  change.left.what = "fate";
  for (Person* person : Some(3)) {
    State state = person->state;
    int32_t& day = Below(random_, 2) == 0 ? state.death_day : state.withdraw_day;
    if (day != 0 && Below(random_, 2) == 0) {
      day = 0;
    } else {
      const Span& some = state.paid[Below(random_, kProgrammes)];
      const Day from =
          some.first_day == 0 ? Day(AnyMonth(random_)) : DayFromNumber(some.first_day).value();
      const int64_t length =
          some.first_day == 0 ? 30 : DayFromNumber(some.last_day).value() - from + 20;
      day = DayNumber(from + Below(random_, length));
    }
    if (Become(*person, state)) Upsert(*person, change);
  }
  if (change.left.states.empty()) return std::nullopt;
  return change;
}

// Another NIK or number for some: a new one, one that somebody had before, or no number any more.
std::optional<Change> Roster::Correct() {
  Change change;
  change.left.what = "correct";
  for (Person* person : Some(2)) {
    const bool nik = Below(random_, 2) == 0;
    std::string& value = nik ? person->nik : person->number;
    std::vector<std::string>& free = nik ? free_niks_ : free_numbers_;
    const std::string before = value;
    const auto key = nik ? NikKey : NumberKey;
    if (!free.empty() && Below(random_, 2) == 0) {
      const size_t at = Below(random_, std::ssize(free));
      value = free[at];
      free.erase(free.begin() + static_cast<std::ptrdiff_t>(at));
      keys_.Add(person->id, key(value));
    } else if (!nik && !before.empty() && Below(random_, 3) == 0) {
      value.clear();
    } else {
      value = nik ? NewNik(person->id) : NewNumber(person->id);
    }
    if (!before.empty()) change.left.owners.emplace_back(key(before), 0);
    if (!value.empty()) change.left.owners.emplace_back(key(value), person->id);
    Upsert(*person, change);
    if (!before.empty()) free.push_back(before);
  }
  return change;
}

// One person's NIK or number goes to another: the first gets a new one, and in the very next change
// the second gets what the first had.
std::optional<Change> Roster::HandOver() {
  const std::vector<Person*> two = Some(4);
  if (two.size() < 2) return std::nullopt;
  const bool nik = Below(random_, 2) == 0;
  const auto key = nik ? NikKey : NumberKey;
  std::string& from = nik ? two[0]->nik : two[0]->number;
  std::string& to = nik ? two[1]->nik : two[1]->number;
  if (from.empty() || to.empty()) return std::nullopt;
  Change first, second;
  first.left.what = "give away";
  second.left.what = "take over";
  first.left.owners.emplace_back(key(from), 0);
  second.left.owners.emplace_back(key(to), 0);
  (nik ? free_niks_ : free_numbers_).push_back(to);
  keys_.Add(two[1]->id, key(from));
  to = from;
  from = nik ? NewNik(two[0]->id) : NewNumber(two[0]->id);
  first.left.owners.emplace_back(key(from), two[0]->id);
  second.left.owners.emplace_back(key(to), two[1]->id);
  Upsert(*two[0], first);
  Upsert(*two[1], second);
  then_ = std::move(second);
  return first;
}

Change Roster::Next() {
  if (then_) return *std::exchange(then_, std::nullopt);
  if (enrolled_ == 0) return Enrol();
  while (true) {
    const int64_t dice = Below(random_, 100);
    std::optional<Change> change;
    if (dice < 12) {
      if (enrolled_ < options_.people) change = Enrol();
    } else if (dice < 47) {
      change = Pay();
    } else if (dice < 65) {
      change = Revoke();
    } else if (dice < 80) {
      change = Fate();
    } else if (dice < 90) {
      change = Correct();
    } else {
      change = HandOver();
    }
    if (change) return *std::move(change);
  }
}

}  // namespace lingkaran::freshness
