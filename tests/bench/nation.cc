#include "tests/bench/nation.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/date.h"

namespace lingkaran::bench {
namespace {

constexpr std::array kNames = {"Sri Wahyuni",   "Slamet Riyadi", "Budi Santoso",
                               "Siti Aminah",   "Joko Prasetyo", "Endang Lestari",
                               "Agus Setiawan", "Dewi Anggraini"};
constexpr std::array kTrades = {"Tukang becak", "Pedagang kaki lima", "Buruh cuci", "Pemulung",
                                "Penjahit",     "Juru parkir",        "Tukang batu"};
constexpr std::array kDistricts = {"Laweyan", "Serengan", "Pasar Kliwon", "Jebres", "Banjarsari"};
constexpr int kDays = 9000;         // of birth, from 1960 on
constexpr int kPerDistrict = 9999;  // serials of a day

}  // namespace

void FillCandidate(int64_t i, registry::v1::CandidateRow* row) {
  const Day born = Day(1960, 1, 1) + i % kDays;
  const bool woman = i % 2 == 1;
  const int64_t serial = i / kDays;
  const int district = static_cast<int>(serial / kPerDistrict % 5);
  row->set_nik(absl::StrFormat("3372%02d%02d%02d%02d%04d", district + 1,
                               born.day() + (woman ? 40 : 0), born.month(), born.year() % 100,
                               serial % kPerDistrict + 1));
  row->set_full_name(absl::StrCat(kNames[i % kNames.size()], " ", i));
  row->set_birth_place("Surakarta");
  row->set_birth_date(
      absl::StrFormat("%02d/%02d/%04d", born.day(), born.month(), static_cast<int>(born.year())));
  row->set_sex(woman ? "P" : "L");
  row->set_address(absl::StrCat("Jl. Slamet Riyadi No. ", i % 400 + 1, " RT 0", i % 9 + 1));
  row->set_village("Sriwedari");
  row->set_district(kDistricts[i % kDistricts.size()]);
  row->set_occupation(kTrades[i % kTrades.size()]);
  if (i % 10 == 0) row->set_disability("Tuna daksa");
  row->set_monthly_income(absl::StrCat(600000 + i % 40 * 10000));
  row->set_phone(absl::StrFormat("0812%08d", i % 100000000));
}

}  // namespace lingkaran::bench
