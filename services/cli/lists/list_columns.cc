#include "services/cli/lists/list_columns.h"

#include <cctype>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_split.h"

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

// For each Column its usual header and, as Normalised, the names that it goes by.
constexpr std::pair<std::string_view, absl::string_view> kColumns[] = {
    {"NIK",
     "nik nonik nomornik noktp nomorktp ktp nikktp noktpnik nomorindukkependudukan "
     "nationalid nationalidnumber idnumber"},
    {"Nama",
     "nama namalengkap namapekerja namapeserta namasesuaiktp namalengkapsesuaiktp "
     "namacalonpeserta name fullname"},
    {"Tempat Lahir", "tempatlahir tmplahir tptlahir kotalahir birthplace placeofbirth"},
    {"Tanggal Lahir", "tanggallahir tgllahir tglahir birthdate dateofbirth birthday dob"},
    {"Jenis Kelamin", "jeniskelamin jeniskelaminlp jnskelamin jkelamin kelamin jk lp sex gender"},
    {"Alamat",
     "alamat alamatlengkap alamatktp alamatrumah alamattinggal alamatdomisili address "
     "streetaddress street"},
    {"Kelurahan", "kelurahan desa kelurahandesa desakelurahan kel keldesa desakel village"},
    {"Kecamatan", "kecamatan kec district subdistrict"},
    {"Pekerjaan", "pekerjaan jenispekerjaan profesi usaha matapencaharian occupation job work"},
    {"Ragam Disabilitas",
     "ragamdisabilitas jenisdisabilitas disabilitas difabel kecacatan jeniskecacatan "
     "disability"},
    {"Penghasilan",
     "penghasilan penghasilanperbulan penghasilanbulan penghasilanbulanan pendapatan "
     "pendapatanperbulan upah income monthlyincome"},
    {"No HP",
     "nohp nomorhp hp notelp notelepon nomortelepon telepon telp nohandphone handphone "
     "nowa whatsapp phone phonenumber mobile"},
    {"No KPJ",
     "kpj nokpj nomorkpj nopeserta nomorpeserta nokepesertaan nomorkepesertaan "
     "membershipnumber membernumber"},
};
static_assert(std::size(kColumns) == kColumnCount);

absl::flat_hash_map<std::string, Column> ColumnsByName() {
  absl::flat_hash_map<std::string, Column> columns;
  for (int i = 0; i < kColumnCount; ++i) {
    for (const absl::string_view name : absl::StrSplit(kColumns[i].second, ' ')) {
      columns.emplace(name, static_cast<Column>(i));
    }
  }
  return columns;
}

}  // namespace

std::string_view ColumnTitle(Column column) { return kColumns[static_cast<int>(column)].first; }

std::optional<Column> ColumnOfHeader(std::string_view header) {
  static const auto& columns = *new auto(ColumnsByName());
  const auto found = columns.find(Normalised(header));
  if (found == columns.end()) return std::nullopt;
  return found->second;
}

bool IsRejectsHeader(std::string_view header) {
  const std::string text = Normalised(header);
  return text == Normalised(kReasonHeader) || text == Normalised(kMendHeader);
}

}  // namespace lingkaran::cli
