#include "services/cli/render/labels.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace lingkaran::cli {
namespace {

// The word at a value's place; the number for a value that this release does not know.
template <size_t N>
std::string Word(const char* const (&words)[N], int value) {
  if (value < 0 || value >= static_cast<int>(N)) return absl::StrCat("?", value);
  return words[value];
}

// The word beside a name; the name itself if it has none.
template <size_t N>
std::string WordOf(const std::pair<const char*, const char*> (&words)[N], const std::string& name) {
  for (const auto& [known, word] : words) {
    if (name == known) return word;
  }
  return name;
}

}  // namespace

std::string LedgerKindText(const std::string& kind) {
  constexpr std::pair<const char*, const char*> kKinds[] = {
      {"payment", "pembayaran"}, {"reserve", "disisihkan"}, {"spend", "menjadi iuran"},
      {"release", "dilepas"},    {"revoke", "ditarik"},     {"refund", "dikembalikan"},
      {"cancel", "dibatalkan"},
  };
  return WordOf(kKinds, kind);
}

std::string LedgerAccountText(const std::string& account) {
  constexpr std::pair<const char*, const char*> kOwners[] = {{"bank", "bank"},
                                                             {"pledge", "komitmen"},
                                                             {"sponsor", "donatur"},
                                                             {"contribution", "setoran"}};
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"available", "tersedia"},    {"reserved", "disisihkan"}, {"spent", "menjadi iuran"},
      {"refunded", "dikembalikan"}, {"credit", "simpanan"},     {"unused", "tidak terpakai"},
  };
  const std::vector<std::string> parts = absl::StrSplit(account, '/');
  if (parts.size() == 1) return WordOf(kOwners, account);
  if (parts.size() != 3) return account;
  return absl::StrCat(WordOf(kOwners, parts[0]), " ", parts[1], ": ", WordOf(kNames, parts[2]));
}

std::string Label(common::v1::Programme programme) {
  return Word({"-", "JKK", "JKM", "JHT"}, programme);
}

std::string Label(common::v1::PayerClass payer_class) {
  return Word({"-", "CSR perusahaan", "bank", "lembaga", "perorangan", "pekerja sendiri", "APBN",
               "APBD", "dana desa"},
              payer_class);
}

std::string Label(common::v1::Sector sector) { return Word({"-", "umum", "transportasi"}, sector); }

std::string Label(common::v1::Confidence confidence) {
  return Word({"-", "belum diperiksa", "rendah", "sedang", "tinggi"}, confidence);
}

std::string Label(registry::v1::AgencyKind kind) {
  return Word({"-", "dinas sosial", "kelurahan/desa", "dinas tenaga kerja", "cabang"}, kind);
}

std::string Label(registry::v1::BatchKind kind) {
  return Word({"-", "calon peserta", "peserta lama"}, kind);
}

std::string Label(registry::v1::BatchState state) {
  return Word({"-", "terbuka", "lengkap, menunggu pemeriksaan", "disetujui", "ditolak"}, state);
}

std::string Label(registry::v1::RowStatus status) {
  return Word({"-", "diterima", "ditolak", "ganda"}, status);
}

std::string Label(registry::v1::FindingCode code) {
  return Word({"-",
               "NIK kosong",
               "NIK bukan 16 angka",
               "angka NIK hilang oleh spreadsheet",
               "NIK tidak mungkin ada",
               "tanggal lahir lain dari NIK",
               "jenis kelamin lain dari NIK",
               "NIK terbit di daerah lain",
               "nama kosong",
               "tanggal lahir tidak terbaca",
               "melewati batas umur",
               "di bawah batas umur",
               "tanpa pekerjaan",
               "NIK dua kali dalam daftar",
               "sudah diusulkan dalam daftar lain",
               "sudah menjadi peserta",
               "jenis kelamin tidak terbaca",
               "penghasilan tidak terbaca",
               "nomor HP tidak terbaca",
               "kecamatan tidak dikenal",
               "sudah meninggal",
               "nomor peserta kosong",
               "nomor peserta milik orang lain",
               "isi tidak terbaca"},
              code);
}

std::string Label(registry::v1::WorkerState state) {
  return Word({"-", "diusulkan", "terverifikasi", "peserta", "tidak disetujui", "keluar",
               "meninggal", "peserta lama"},
              state);
}

std::string Label(sponsorship::v1::PledgeState state) {
  return Word({"-", "menunggu pembayaran", "dibayar sebagian", "lunas", "terpakai seluruhnya",
               "dibatalkan"},
              state);
}

std::string Label(sponsorship::v1::AllocationState state) {
  return Word({"-", "berjalan", "selesai", "selesai, calon kurang"}, state);
}

std::string Label(coverage::v1::Verdict verdict) {
  return Word({"-", "TERLINDUNGI", "TIDAK", "BELUM DIKETAHUI"}, verdict);
}

std::string Label(coverage::v1::BenefitLevel level) {
  return Word({"", "penuh", "dikurangi"}, level);
}

std::string Label(coverage::v1::AnswerReason reason) {
  return Word(
      {"", "iuran hari itu sudah dibayar", "masih dalam masa tunggu",
       "belum pernah ada iuran program ini", "perlindungan belum mulai",
       "perlindungan sudah berakhir, masih bisa dilanjutkan",
       "kepesertaan berakhir, perlu daftar ulang", "di antara dua masa iuran", "sesudah meninggal",
       "sudah keluar dari program", "orang tidak dikenal", "tidak terlindungi",
       "data tidak terjangkau, tanyakan lagi", "iuran menunggak, masih dalam masa tenggang"},
      reason);
}

std::string ProgrammeList(const google::protobuf::RepeatedField<int>& programmes) {
  std::string text;
  for (const int programme : programmes) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    Label(static_cast<common::v1::Programme>(programme)));
  }
  return text;
}

}  // namespace lingkaran::cli
