#include "services/cli/lists/list_columns.h"

#include <cctype>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace lingkaran::cli {
namespace {

// Letters and digits of a header in lower case, without remarks in brackets: "No. KTP (16 digit)"
// is "noktp".
std::string Normalised(std::string_view header) {
  std::string out;
  int brackets = 0;
  for (const char c : header) {
    if (c == '(' || c == '[') ++brackets;
    if ((c == ')' || c == ']') && brackets > 0) --brackets;
    if (brackets == 0 && std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

constexpr std::pair<std::string_view, Column> kSynonyms[] = {
    {"nik", Column::kNik},
    {"nonik", Column::kNik},
    {"nomornik", Column::kNik},
    {"noktp", Column::kNik},
    {"nomorktp", Column::kNik},
    {"ktp", Column::kNik},
    {"nikktp", Column::kNik},
    {"noktpnik", Column::kNik},
    {"nomorindukkependudukan", Column::kNik},
    {"nationalid", Column::kNik},
    {"nationalidnumber", Column::kNik},
    {"idnumber", Column::kNik},

    {"nama", Column::kFullName},
    {"namalengkap", Column::kFullName},
    {"namapekerja", Column::kFullName},
    {"namapeserta", Column::kFullName},
    {"namasesuaiktp", Column::kFullName},
    {"namalengkapsesuaiktp", Column::kFullName},
    {"namacalonpeserta", Column::kFullName},
    {"name", Column::kFullName},
    {"fullname", Column::kFullName},

    {"tempatlahir", Column::kBirthPlace},
    {"tmplahir", Column::kBirthPlace},
    {"tptlahir", Column::kBirthPlace},
    {"kotalahir", Column::kBirthPlace},
    {"birthplace", Column::kBirthPlace},
    {"placeofbirth", Column::kBirthPlace},

    {"tanggallahir", Column::kBirthDate},
    {"tgllahir", Column::kBirthDate},
    {"tglahir", Column::kBirthDate},
    {"birthdate", Column::kBirthDate},
    {"dateofbirth", Column::kBirthDate},
    {"birthday", Column::kBirthDate},
    {"dob", Column::kBirthDate},

    {"jeniskelamin", Column::kSex},
    {"jeniskelaminlp", Column::kSex},
    {"jnskelamin", Column::kSex},
    {"jkelamin", Column::kSex},
    {"kelamin", Column::kSex},
    {"jk", Column::kSex},
    {"lp", Column::kSex},
    {"sex", Column::kSex},
    {"gender", Column::kSex},

    {"alamat", Column::kAddress},
    {"alamatlengkap", Column::kAddress},
    {"alamatktp", Column::kAddress},
    {"alamatrumah", Column::kAddress},
    {"alamattinggal", Column::kAddress},
    {"alamatdomisili", Column::kAddress},
    {"address", Column::kAddress},
    {"streetaddress", Column::kAddress},
    {"street", Column::kAddress},

    {"kelurahan", Column::kVillage},
    {"desa", Column::kVillage},
    {"kelurahandesa", Column::kVillage},
    {"desakelurahan", Column::kVillage},
    {"kel", Column::kVillage},
    {"keldesa", Column::kVillage},
    {"desakel", Column::kVillage},
    {"village", Column::kVillage},

    {"kecamatan", Column::kDistrict},
    {"kec", Column::kDistrict},
    {"district", Column::kDistrict},
    {"subdistrict", Column::kDistrict},

    {"pekerjaan", Column::kOccupation},
    {"jenispekerjaan", Column::kOccupation},
    {"profesi", Column::kOccupation},
    {"usaha", Column::kOccupation},
    {"matapencaharian", Column::kOccupation},
    {"occupation", Column::kOccupation},
    {"job", Column::kOccupation},
    {"work", Column::kOccupation},

    {"ragamdisabilitas", Column::kDisability},
    {"jenisdisabilitas", Column::kDisability},
    {"disabilitas", Column::kDisability},
    {"difabel", Column::kDisability},
    {"kecacatan", Column::kDisability},
    {"jeniskecacatan", Column::kDisability},
    {"disability", Column::kDisability},

    {"penghasilan", Column::kMonthlyIncome},
    {"penghasilanperbulan", Column::kMonthlyIncome},
    {"penghasilanbulan", Column::kMonthlyIncome},
    {"penghasilanbulanan", Column::kMonthlyIncome},
    {"pendapatan", Column::kMonthlyIncome},
    {"pendapatanperbulan", Column::kMonthlyIncome},
    {"upah", Column::kMonthlyIncome},
    {"income", Column::kMonthlyIncome},
    {"monthlyincome", Column::kMonthlyIncome},

    {"nohp", Column::kPhone},
    {"nomorhp", Column::kPhone},
    {"hp", Column::kPhone},
    {"notelp", Column::kPhone},
    {"notelepon", Column::kPhone},
    {"nomortelepon", Column::kPhone},
    {"telepon", Column::kPhone},
    {"telp", Column::kPhone},
    {"nohandphone", Column::kPhone},
    {"handphone", Column::kPhone},
    {"nowa", Column::kPhone},
    {"whatsapp", Column::kPhone},
    {"phone", Column::kPhone},
    {"phonenumber", Column::kPhone},
    {"mobile", Column::kPhone},

    {"kpj", Column::kMembershipNumber},
    {"nokpj", Column::kMembershipNumber},
    {"nomorkpj", Column::kMembershipNumber},
    {"nopeserta", Column::kMembershipNumber},
    {"nomorpeserta", Column::kMembershipNumber},
    {"nokepesertaan", Column::kMembershipNumber},
    {"nomorkepesertaan", Column::kMembershipNumber},
    {"membershipnumber", Column::kMembershipNumber},
    {"membernumber", Column::kMembershipNumber},
};

const absl::flat_hash_map<std::string, Column>& Synonyms() {
  static const auto* const kMap =
      new absl::flat_hash_map<std::string, Column>(std::begin(kSynonyms), std::end(kSynonyms));
  return *kMap;
}

}  // namespace

std::string_view ColumnTitle(Column column) {
  static constexpr std::array<std::string_view, kColumnCount> kTitles = {
      "NIK",         "Nama",      "Tempat Lahir", "Tanggal Lahir", "Jenis Kelamin",
      "Alamat",      "Kelurahan", "Kecamatan",    "Pekerjaan",     "Ragam Disabilitas",
      "Penghasilan", "No HP",     "No KPJ"};
  return kTitles[static_cast<int>(column)];
}

std::optional<Column> ColumnOfHeader(std::string_view header) {
  const auto found = Synonyms().find(Normalised(header));
  if (found == Synonyms().end()) return std::nullopt;
  return found->second;
}

bool IsRejectsHeader(std::string_view header) {
  const std::string text = Normalised(header);
  return text == Normalised(kReasonHeader) || text == Normalised(kMendHeader);
}

}  // namespace lingkaran::cli
