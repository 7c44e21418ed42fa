#include "services/cli/list_columns.h"

#include <cctype>

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

const absl::flat_hash_map<std::string, Column>& Synonyms() {
  using enum Column;
  static const auto* const kSynonyms = new absl::flat_hash_map<std::string, Column>{
      {"nik", kNik},
      {"nonik", kNik},
      {"nomornik", kNik},
      {"noktp", kNik},
      {"nomorktp", kNik},
      {"ktp", kNik},
      {"nikktp", kNik},
      {"noktpnik", kNik},
      {"nomorindukkependudukan", kNik},
      {"nationalid", kNik},
      {"nationalidnumber", kNik},
      {"idnumber", kNik},

      {"nama", kFullName},
      {"namalengkap", kFullName},
      {"namapekerja", kFullName},
      {"namapeserta", kFullName},
      {"namasesuaiktp", kFullName},
      {"namalengkapsesuaiktp", kFullName},
      {"namacalonpeserta", kFullName},
      {"name", kFullName},
      {"fullname", kFullName},

      {"tempatlahir", kBirthPlace},
      {"tmplahir", kBirthPlace},
      {"tptlahir", kBirthPlace},
      {"kotalahir", kBirthPlace},
      {"birthplace", kBirthPlace},
      {"placeofbirth", kBirthPlace},

      {"tanggallahir", kBirthDate},
      {"tgllahir", kBirthDate},
      {"tglahir", kBirthDate},
      {"birthdate", kBirthDate},
      {"dateofbirth", kBirthDate},
      {"birthday", kBirthDate},
      {"dob", kBirthDate},

      {"jeniskelamin", kSex},
      {"jeniskelaminlp", kSex},
      {"jnskelamin", kSex},
      {"jkelamin", kSex},
      {"kelamin", kSex},
      {"jk", kSex},
      {"lp", kSex},
      {"sex", kSex},
      {"gender", kSex},

      {"alamat", kAddress},
      {"alamatlengkap", kAddress},
      {"alamatktp", kAddress},
      {"alamatrumah", kAddress},
      {"alamattinggal", kAddress},
      {"alamatdomisili", kAddress},
      {"address", kAddress},
      {"streetaddress", kAddress},
      {"street", kAddress},

      {"kelurahan", kVillage},
      {"desa", kVillage},
      {"kelurahandesa", kVillage},
      {"desakelurahan", kVillage},
      {"kel", kVillage},
      {"keldesa", kVillage},
      {"desakel", kVillage},
      {"village", kVillage},

      {"kecamatan", kDistrict},
      {"kec", kDistrict},
      {"district", kDistrict},
      {"subdistrict", kDistrict},

      {"pekerjaan", kOccupation},
      {"jenispekerjaan", kOccupation},
      {"profesi", kOccupation},
      {"usaha", kOccupation},
      {"matapencaharian", kOccupation},
      {"occupation", kOccupation},
      {"job", kOccupation},
      {"work", kOccupation},

      {"ragamdisabilitas", kDisability},
      {"jenisdisabilitas", kDisability},
      {"disabilitas", kDisability},
      {"difabel", kDisability},
      {"kecacatan", kDisability},
      {"jeniskecacatan", kDisability},
      {"disability", kDisability},

      {"penghasilan", kMonthlyIncome},
      {"penghasilanperbulan", kMonthlyIncome},
      {"penghasilanbulan", kMonthlyIncome},
      {"penghasilanbulanan", kMonthlyIncome},
      {"pendapatan", kMonthlyIncome},
      {"pendapatanperbulan", kMonthlyIncome},
      {"upah", kMonthlyIncome},
      {"income", kMonthlyIncome},
      {"monthlyincome", kMonthlyIncome},

      {"nohp", kPhone},
      {"nomorhp", kPhone},
      {"hp", kPhone},
      {"notelp", kPhone},
      {"notelepon", kPhone},
      {"nomortelepon", kPhone},
      {"telepon", kPhone},
      {"telp", kPhone},
      {"nohandphone", kPhone},
      {"handphone", kPhone},
      {"nowa", kPhone},
      {"whatsapp", kPhone},
      {"phone", kPhone},
      {"phonenumber", kPhone},
      {"mobile", kPhone},

      {"kpj", kMembershipNumber},
      {"nokpj", kMembershipNumber},
      {"nomorkpj", kMembershipNumber},
      {"nopeserta", kMembershipNumber},
      {"nomorpeserta", kMembershipNumber},
      {"nokepesertaan", kMembershipNumber},
      {"nomorkepesertaan", kMembershipNumber},
      {"membershipnumber", kMembershipNumber},
      {"membernumber", kMembershipNumber},
  };
  return *kSynonyms;
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
