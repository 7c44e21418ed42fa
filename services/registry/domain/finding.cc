#include "services/registry/domain/finding.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace lingkaran::registry {
namespace {

// One line per code: what it is about, what it weighs, what people read.
struct CodeInfo {
  FindingCode code;
  RowField field;
  bool warning;
  const char* message;
  const char* hint;
};

constexpr char kByBranch[] = "Periksa KTP; bila datanya memang benar, hubungi kantor cabang.";

constexpr CodeInfo kCodes[] = {
    {FindingCode::kNikMissing, RowField::kNik, false, "NIK kosong.", "Isi 16 angka NIK dari KTP."},
    {FindingCode::kNikFormat, RowField::kNik, false, "NIK tidak terdiri dari 16 angka.",
     "Salin kembali 16 angka NIK dari KTP."},
    {FindingCode::kNikDigitsLost, RowField::kNik, false,
     "NIK diubah lembar kerja menjadi bentuk seperti 3,37E+15; angka terakhirnya hilang.",
     "Atur kolom NIK sebagai teks, lalu isi kembali 16 angka dari KTP."},
    {FindingCode::kNikImpossible, RowField::kNik, false,
     "NIK tidak mungkin: kode wilayah, tanggal lahir, atau nomor urutnya tidak ada.",
     "Salin kembali 16 angka NIK dari KTP."},
    {FindingCode::kNikBirthDateDiffers, RowField::kBirthDate, true,
     "Tanggal lahir berbeda dari tanggal dalam NIK.", kByBranch},
    {FindingCode::kNikSexDiffers, RowField::kSex, true,
     "Jenis kelamin berbeda dari yang tersirat dalam NIK.", kByBranch},
    {FindingCode::kNikRegionDiffers, RowField::kNik, true,
     "NIK pertama kali diterbitkan di luar wilayah instansi pengusul.",
     "Pastikan pekerja berdomisili di wilayah instansi; NIK tidak perlu diubah."},
    {FindingCode::kNameMissing, RowField::kFullName, false, "Nama kosong.",
     "Isi nama lengkap sesuai KTP."},
    {FindingCode::kBirthDateUnreadable, RowField::kBirthDate, false,
     "Tanggal lahir kosong atau tidak terbaca.",
     "Tulis hh/bb/tttt dengan tahun empat angka, misalnya 07/11/1980."},
    {FindingCode::kOverAge, RowField::kBirthDate, false, "",
     "Bila tanggal lahir salah tulis, perbaiki; bila benar, ganti dengan calon lain."},
    {FindingCode::kUnderAge, RowField::kBirthDate, false, "",
     "Bila tanggal lahir salah tulis, perbaiki; bila benar, ganti dengan calon lain."},
    {FindingCode::kOccupationMissing, RowField::kOccupation, false,
     "Pekerjaan kosong atau tertulis tidak bekerja.",
     "Isi pekerjaan yang dijalani; hanya orang yang bekerja dapat didaftarkan."},
    {FindingCode::kDuplicateInList, RowField::kNik, false, "", "Hapus salah satu baris."},
    {FindingCode::kDuplicateCandidate, RowField::kNik, false,
     "Orang ini sudah diusulkan dalam daftar sebelumnya.",
     "Hapus baris ini; usulan yang terdahulu tetap berlaku."},
    {FindingCode::kAlreadyMember, RowField::kNik, false, "Orang ini sudah menjadi peserta.",
     "Hapus baris ini; peserta tidak didaftarkan dua kali."},
    {FindingCode::kSexUnreadable, RowField::kSex, true, "Jenis kelamin tidak terbaca.",
     "Isi L atau P."},
    {FindingCode::kIncomeUnreadable, RowField::kMonthlyIncome, true,
     "Penghasilan tidak terbaca dan tidak dicatat.", "Tulis dalam rupiah, misalnya 850000."},
    {FindingCode::kPhoneUnreadable, RowField::kPhone, true,
     "Nomor telepon tidak terbaca dan tidak dicatat.", "Tulis angka saja, misalnya 081234567890."},
    {FindingCode::kDistrictUnknown, RowField::kDistrict, true,
     "Kecamatan tidak dikenal di wilayah instansi; dipakai wilayah instansi.",
     "Tulis nama kecamatan sesuai daftar resmi."},
    {FindingCode::kDeceased, RowField::kNik, false, "Orang ini tercatat telah meninggal dunia.",
     "Hapus baris ini; bila keliru, hubungi kantor cabang."},
    {FindingCode::kMembershipNumberMissing, RowField::kMembershipNumber, false,
     "Nomor kepesertaan kosong atau tidak terbaca.",
     "Isi nomor kepesertaan (KPJ) dari kartu peserta."},
    {FindingCode::kMembershipNumberTaken, RowField::kMembershipNumber, false,
     "Nomor kepesertaan ini milik orang lain.", "Periksa kembali kartu peserta."},
    {FindingCode::kTextUnreadable, RowField::kNone, false, "",
     "Isi dengan teks biasa, paling panjang 200 bita."},
};

static_assert(std::size(kCodes) == kLastFindingCode);

const CodeInfo& InfoOf(FindingCode code) { return kCodes[static_cast<int>(code) - 1]; }

constexpr std::array<std::string_view, kLastRowField + 1> kFieldNames = {"",
                                                                         "line_number",
                                                                         "nik",
                                                                         "full_name",
                                                                         "birth_place",
                                                                         "birth_date",
                                                                         "sex",
                                                                         "address",
                                                                         "village",
                                                                         "district",
                                                                         "occupation",
                                                                         "disability",
                                                                         "monthly_income",
                                                                         "phone",
                                                                         "membership_number"};

// The columns as an office calls them.
constexpr std::array<const char*, kLastRowField + 1> kColumnNames = {"",
                                                                     "No",
                                                                     "NIK",
                                                                     "Nama",
                                                                     "Tempat Lahir",
                                                                     "Tanggal Lahir",
                                                                     "Jenis Kelamin",
                                                                     "Alamat",
                                                                     "Kelurahan",
                                                                     "Kecamatan",
                                                                     "Pekerjaan",
                                                                     "Ragam Disabilitas",
                                                                     "Penghasilan",
                                                                     "No HP",
                                                                     "Nomor Kepesertaan"};

}  // namespace

Finding FindingOf(FindingCode code) { return {code, InfoOf(code).field}; }

bool IsWarning(FindingCode code) { return InfoOf(code).warning; }

std::string_view FieldName(RowField field) { return kFieldNames[static_cast<size_t>(field)]; }

FindingText TextOf(const Finding& finding, int other_line, int min_age_years, int age_limit_years) {
  const CodeInfo& info = InfoOf(finding.code);
  FindingText text{info.message, info.hint};
  switch (finding.code) {
    case FindingCode::kOverAge:
      text.message = absl::StrCat("Usia sudah mencapai ", age_limit_years,
                                  " tahun atau lebih pada hari daftar dibuka.");
      break;
    case FindingCode::kUnderAge:
      text.message = absl::StrCat("Usia belum ", min_age_years, " tahun pada hari daftar dibuka.");
      break;
    case FindingCode::kDuplicateInList:
      text.message = absl::StrCat("NIK yang sama sudah ada di baris ", other_line, ".");
      break;
    case FindingCode::kTextUnreadable:
      text.message = absl::StrCat("Kolom ", kColumnNames[static_cast<size_t>(finding.field)],
                                  " terlalu panjang, rusak, atau berisi nomor induk.");
      break;
    default:
      break;
  }
  return text;
}

void SortFindings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return !IsWarning(a.code) && IsWarning(b.code);
  });
}

}  // namespace lingkaran::registry
