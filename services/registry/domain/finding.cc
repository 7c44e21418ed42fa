#include "services/registry/domain/finding.h"

#include <iterator>

#include "absl/algorithm/container.h"
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

// A column as the contract and as an office calls it.
struct ColumnNames {
  const char* field;
  const char* column;
};

constexpr ColumnNames kColumns[] = {
    {"", ""},
    {"line_number", "No"},
    {"nik", "NIK"},
    {"full_name", "Nama"},
    {"birth_place", "Tempat Lahir"},
    {"birth_date", "Tanggal Lahir"},
    {"sex", "Jenis Kelamin"},
    {"address", "Alamat"},
    {"village", "Kelurahan"},
    {"district", "Kecamatan"},
    {"occupation", "Pekerjaan"},
    {"disability", "Ragam Disabilitas"},
    {"monthly_income", "Penghasilan"},
    {"phone", "No HP"},
    {"membership_number", "Nomor Kepesertaan"},
};

static_assert(std::size(kColumns) == kLastRowField + 1);

const ColumnNames& NamesOf(RowField field) { return kColumns[static_cast<int>(field)]; }

}  // namespace

Finding FindingOf(FindingCode code) { return {code, InfoOf(code).field}; }

bool IsWarning(FindingCode code) { return InfoOf(code).warning; }

std::string_view FieldName(RowField field) { return NamesOf(field).field; }

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
      text.message = absl::StrCat("Kolom ", NamesOf(finding.field).column,
                                  " terlalu panjang, rusak, atau berisi nomor induk.");
      break;
    default:
      break;
  }
  return text;
}

bool HasErrors(const std::vector<Finding>& findings) {
  return absl::c_any_of(findings, [](const Finding& finding) { return !IsWarning(finding.code); });
}

}  // namespace lingkaran::registry
