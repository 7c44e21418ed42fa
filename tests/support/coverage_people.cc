#include "tests/support/coverage_people.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "absl/strings/str_format.h"
#include "services/coverage/record/span_codec.h"

namespace lingkaran::coverage {
namespace {

constexpr Programme kAll[] = {Programme::kJkk, Programme::kJkm, Programme::kJht};

Run AnyRun() {
  Run run;
  run.programme = *rc::gen::elementOf(std::vector<Programme>(std::begin(kAll), std::end(kAll)));
  const bool odd = Any(0, 20) == 0;
  run.first_day = odd ? Day(1900, 1, 1) + Any(0, 100'000) : Day(2016, 1, 1) + Any(0, 4'000);
  run.first_month = Month(run.first_day);
  run.months = Any(1, odd ? 900 : 25);
  switch (Any(0, 8)) {
    case 0:  // no boundary rule gives such a run
      run.last_day = run.first_day + Any(0, 2'000);
      break;
    case 1:
    case 2:
      run.last_day = AddMonths(run.first_day, run.months) - 1 + Any(0, 4);
      break;
    default:
      run.last_day = LastDayOf(run.first_month + (run.months - 1));
  }
  run.last_day = std::min(run.last_day, Day(2199, 12, 31));
  return run;
}

}  // namespace

bool SameFacts(const Facts& a, const Facts& b) {
  return a.worker_id == b.worker_id && a.known == b.known &&
         a.utc_offset_hours == b.utc_offset_hours && a.death_day == b.death_day &&
         a.withdraw_day == b.withdraw_day && a.runs == b.runs;
}

bool SameRecord(const MemberRecord& a, const MemberRecord& b) {
  return SameFacts(a.facts, b.facts) && a.nik_hash == b.nik_hash &&
         a.membership_number == b.membership_number;
}

NikHash NikOf(int64_t n) {
  NikHash hash{};
  hash[0] = 1;
  std::memcpy(hash.data() + 8, &n, sizeof(n));
  return hash;
}

Runs PaidFrom(Day first_day, int months, std::initializer_list<Programme> programmes) {
  Runs runs;
  for (Programme programme : programmes) {
    runs.push_back({programme, first_day, LastDayOf(Month(first_day) + (months - 1)),
                    Month(first_day), months});
  }
  return runs;
}

MemberRecord Marked(int64_t id, int mark) {
  MemberRecord record;
  record.facts.known = true;
  record.facts.worker_id = id;
  record.facts.utc_offset_hours = 7 + mark % 3;
  record.facts.death_day = DayOfIndex(mark);
  record.facts.withdraw_day = DayOfIndex(mark + 1);
  record.facts.runs =
      PaidFrom(DayOfIndex(mark), 1 + mark % 500, {Programme::kJkk, Programme::kJkm});
  record.nik_hash = NikOf(id);
  record.membership_number = absl::StrFormat("%011d", id);
  return record;
}

int MarkOf(const Facts& facts) {
  if (!facts.death_day) return 0;
  const int mark = static_cast<int>(DayIndex(*facts.death_day));
  return SameFacts(facts, Marked(facts.worker_id, mark).facts) ? mark : 0;
}

Facts AnyFacts(int64_t id) {
  Facts facts;
  facts.known = true;
  facts.worker_id = id;
  facts.utc_offset_hours = Any(0, 20) == 0 ? Any(-12, 15) : Any(7, 10);
  const auto any_day = [] { return Day(1960, 1, 1) + Any(0, 25'000); };
  if (Any(0, 4) == 0) facts.death_day = any_day();
  if (Any(0, 4) == 0) facts.withdraw_day = any_day();
  for (int left = Any(0, 4); left > 0; --left) {
    const Run run = AnyRun();
    facts.runs.push_back(run);
    if (run.programme == Programme::kJkk && Any(0, 4) > 0) {  // most have both
      facts.runs.push_back(run);
      facts.runs.back().programme = Programme::kJkm;
    }
  }
  if (Any(0, 20) > 0) {
    std::sort(facts.runs.begin(), facts.runs.end(), [](const Run& a, const Run& b) {
      return std::tie(a.programme, a.first_day, a.last_day) <
             std::tie(b.programme, b.first_day, b.last_day);
    });
  }
  return facts;
}

MemberRecord AnyRecord(int64_t id) {
  MemberRecord record;
  record.facts = AnyFacts(id);
  record.nik_hash = NikOf(id);
  switch (Any(0, 8)) {
    case 0:
      break;
    case 1:
      record.membership_number = absl::StrFormat("JKK/%d", id);
      break;
    default:
      record.membership_number = absl::StrFormat("%0*d", Any(1, 17), id);
  }
  return record;
}

std::vector<MemberEntry> EntriesOf(const std::vector<MemberRecord>& records) {
  std::vector<MemberEntry> entries;
  for (const MemberRecord& record : records) entries.push_back(MemberEntry::Of(record).value());
  return entries;
}

}  // namespace lingkaran::coverage
