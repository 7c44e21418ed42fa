#include "tests/bench/check/people.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lingkaran::bench {
namespace {

struct Area {
  std::string_view region_code;
  std::string_view nik_prefix;
  int utc_offset_hours;
};

// Where people live: 14 areas in the west, 4 in the middle, 2 in the east.
constexpr std::array kAreas = {
    Area{"12.71.01", "127101", 7}, Area{"12.71.05", "127105", 7}, Area{"32.73.01", "327301", 7},
    Area{"32.73.02", "327302", 7}, Area{"32.73.05", "327305", 7}, Area{"32.73.11", "327311", 7},
    Area{"33.72.01", "337201", 7}, Area{"33.72.02", "337202", 7}, Area{"33.72.03", "337203", 7},
    Area{"33.72.04", "337204", 7}, Area{"33.72.05", "337205", 7}, Area{"35.78.01", "357801", 7},
    Area{"35.78.02", "357802", 7}, Area{"35.78.03", "357803", 7}, Area{"51.71.01", "517101", 8},
    Area{"73.71.01", "737101", 8}, Area{"73.71.02", "737102", 8}, Area{"63.71.01", "637101", 8},
    Area{"81.71.01", "817101", 9}, Area{"91.71.01", "917101", 9}};

constexpr int kBirthDays = 9000;  // from 1960 on
const Month kThisMonth(2019, 11);

const Area& AreaOf(int64_t worker_id) { return kAreas[worker_id % kAreas.size()]; }

// What was paid: months of one span.
struct Paid {
  Month first;
  int months;
};

// One or two spans, so that there are people of every kind: covered, ended, lapsed, not yet begun.
absl::InlinedVector<Paid, 2> PaidOf(uint64_t random) {
  const int kind = static_cast<int>(random % 100);
  const int shift = static_cast<int>(random / 100 % 97);
  if (kind < 2) return {};
  if (kind < 5) return {{kThisMonth - 7 - shift % 3, 1}, {kThisMonth, 1}};
  if (kind < 80) {
    constexpr std::array kAgo = {0, 0, 0, 0, 0, 0, 1, 3, 8, -1};
    return {{kThisMonth - kAgo[shift % kAgo.size()], 1}};
  }
  const int months = kind < 94 ? 3 : kind < 98 ? 6 : 12;
  return {{kThisMonth - shift % (months + 2), months}};
}

void AppendMonths(Programme programme, const Paid& paid, int first_day, Citizen& out) {
  for (int i = 0; i < paid.months; ++i) {
    const Month month = paid.first + i;
    coverage::PersonMonth row;
    row.worker_id = out.worker_id;
    row.programme = programme;
    row.month = month;
    row.first_day = i == 0 ? Day(month) + (first_day - 1) : Day(month);
    row.last_day = LastDayOf(month);
    row.amount = Rupiah(programme == Programme::kJkk ? 10'000 : 6'800);
    row.wage_base = Rupiah(1'000'000);
    row.sector = Sector::kOther;
    row.source = {PayerClass::kCsr, out.worker_id / 1000 + 1, 0};
    row.booked_position = kNationPosition;
    out.months.push_back(std::move(row));
  }
}

}  // namespace

uint64_t Scatter(uint64_t i) {  // splitmix64
  i += 0x9e3779b97f4a7c15;
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return i ^ (i >> 31);
}

std::string NikOf(int64_t worker_id) {
  const int64_t in_area = worker_id / static_cast<int64_t>(kAreas.size());
  const Day born = Day(1960, 1, 1) + in_area % kBirthDays;
  const bool woman = Scatter(worker_id) % 2 == 1;
  const int64_t birth =
      (born.day() + (woman ? 40 : 0)) * 10'000 + born.month() * 100 + born.year() % 100;
  const int64_t digits = birth * 10'000 + in_area / kBirthDays + 1;
  std::string nik(AreaOf(worker_id).nik_prefix);
  nik.resize(16, '0');
  int64_t rest = digits;
  for (size_t at = 15; at >= 6; --at, rest /= 10) nik[at] = static_cast<char>('0' + rest % 10);
  return nik;
}

Citizen MakeCitizen(int64_t worker_id) {
  Citizen out;
  const Area& area = AreaOf(worker_id);
  out.worker_id = worker_id;
  out.nik = NikOf(worker_id);
  out.membership_number = absl::StrCat(19'000'000'000 + worker_id * 10 + worker_id % 7);
  out.region_code = area.region_code;
  out.utc_offset_hours = area.utc_offset_hours;
  const uint64_t random = Scatter(worker_id);
  if (random % 101 == 0) out.death_day = Day(2019, 11, 1) + random / 101 % 12;
  if (random % 103 == 0) out.withdraw_day = Day(2019, 10, 25) + random / 103 % 20;
  const uint64_t more = Scatter(random);
  const int first_day = more % 3 == 0 ? 7 : 1;
  for (const Programme programme : {Programme::kJkk, Programme::kJkm}) {
    if (programme == Programme::kJkm && more % 29 == 0) continue;
    for (const Paid& paid : PaidOf(more >> 8)) AppendMonths(programme, paid, first_day, out);
  }
  return out;
}

coverage::Facts FactsOf(const Citizen& citizen) {
  coverage::Facts facts;
  facts.worker_id = citizen.worker_id;
  facts.known = true;
  facts.position = kNationPosition;
  facts.utc_offset_hours = citizen.utc_offset_hours;
  facts.death_day = citizen.death_day;
  facts.withdraw_day = citizen.withdraw_day;
  facts.runs = coverage::ToRuns(citizen.months);
  return facts;
}

coverage::MemberRecord RecordOf(const Citizen& citizen, const PersonalDataVault& sealer) {
  coverage::MemberRecord record;
  record.facts = FactsOf(citizen);
  record.nik_hash = sealer.HashNik(citizen.nik);
  record.membership_number = citizen.membership_number;
  return record;
}

std::string NationKeys() {
  const std::string key = absl::Base64Escape(std::string(32, 'k'));
  const std::string hash = absl::Base64Escape(std::string(32, 'h'));
  return absl::StrFormat(R"({"active": "k1", "sealing": {"k1": "%s"}, "nik_hash": "%s"})", key,
                         hash);
}

}  // namespace lingkaran::bench
