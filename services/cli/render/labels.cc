#include "services/cli/render/labels.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace lingkaran::cli {
namespace {

using google::protobuf::EnumDescriptor;

// The words of each enum in the order of its numbers.
const std::map<const EnumDescriptor*, std::vector<std::string>>& Words() {
  static const auto& words = *new std::map<const EnumDescriptor*, std::vector<std::string>>{
      {common::v1::Programme_descriptor(), {"-", "JKK", "JKM", "JHT"}},
      {common::v1::PayerClass_descriptor(),
       {"-", "CSR perusahaan", "bank", "lembaga", "perorangan", "pekerja sendiri", "APBN", "APBD",
        "dana desa"}},
      {common::v1::Sector_descriptor(), {"-", "umum", "transportasi"}},
      {common::v1::Confidence_descriptor(), {"-", "belum diperiksa", "rendah", "sedang", "tinggi"}},
      {registry::v1::AgencyKind_descriptor(),
       {"-", "dinas sosial", "kelurahan/desa", "dinas tenaga kerja", "cabang"}},
      {registry::v1::BatchKind_descriptor(), {"-", "calon peserta", "peserta lama"}},
      {registry::v1::BatchState_descriptor(),
       {"-", "terbuka", "lengkap, menunggu pemeriksaan", "disetujui", "ditolak"}},
      {registry::v1::RowStatus_descriptor(), {"-", "diterima", "ditolak", "ganda"}},
      {registry::v1::FindingCode_descriptor(),
       {"-",
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
        "isi tidak terbaca"}},
      {registry::v1::WorkerState_descriptor(),
       {"-", "diusulkan", "terverifikasi", "peserta", "tidak disetujui", "keluar", "meninggal",
        "peserta lama"}},
      {sponsorship::v1::PledgeState_descriptor(),
       {"-", "menunggu pembayaran", "dibayar sebagian", "lunas", "terpakai seluruhnya",
        "dibatalkan"}},
      {sponsorship::v1::AllocationState_descriptor(),
       {"-", "berjalan", "selesai", "selesai, calon kurang"}},
      {coverage::v1::Verdict_descriptor(), {"-", "TERLINDUNGI", "TIDAK", "BELUM DIKETAHUI"}},
      {coverage::v1::BenefitLevel_descriptor(), {"", "penuh", "dikurangi"}},
      {coverage::v1::AnswerReason_descriptor(),
       {"", "iuran hari itu sudah dibayar", "masih dalam masa tunggu",
        "belum pernah ada iuran program ini", "perlindungan belum mulai",
        "perlindungan sudah berakhir, masih bisa dilanjutkan",
        "kepesertaan berakhir, perlu daftar ulang", "di antara dua masa iuran", "sesudah meninggal",
        "sudah keluar dari program", "orang tidak dikenal", "tidak terlindungi",
        "data tidak terjangkau, tanyakan lagi", "iuran menunggak, masih dalam masa tenggang"}},
  };
  return words;
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

std::string WordOf(const EnumDescriptor* type, int value) {
  const std::vector<std::string>& words = Words().at(type);
  if (value < 0 || value >= static_cast<int>(words.size())) return absl::StrCat("?", value);
  return words[value];
}

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

std::string ProgrammeList(const google::protobuf::RepeatedField<int>& programmes) {
  return absl::StrJoin(programmes, ", ", [](std::string* text, int programme) {
    text->append(Label(static_cast<common::v1::Programme>(programme)));
  });
}

}  // namespace lingkaran::cli
