#include "services/cli/render/error_texts.h"

#include <google/rpc/status.pb.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "services/cli/render/field_texts.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

constexpr std::pair<Reason, std::string_view> kReasons[] = {
    {Reason::kRequestIdReused,
     "request-id ini sudah dipakai untuk permintaan lain; pakai yang baru."},
    {Reason::kActorRequired,
     "siapa Anda tidak disebutkan; tambahkan --actor \"NAMA;role=officer\"."},
    {Reason::kNotAllowed,
     "peran Anda tidak boleh melakukan ini; minta petugas yang berwenang, atau periksa --actor."},
    {Reason::kDeadlinePassed,
     "waktunya habis sebelum selesai; ulangi, atau beri waktu lebih lama dengan --timeout."},
    {Reason::kStoreUnavailable, "pangkalan data sedang tidak terjangkau; ulangi sebentar lagi."},
    {Reason::kPeerUnavailable,
     "layanan lain yang diperlukan tidak terjangkau; ulangi sebentar lagi."},
    {Reason::kTokenNotYetApplied, "perubahan itu belum sampai; ulangi sebentar lagi."},
    {Reason::kTokenInvalid,
     "token itu bukan dari layanan ini; salin consistency_token dari jawaban perubahan itu."},
    {Reason::kOverloaded, "layanan sedang penuh; ulangi sebentar lagi."},
    {Reason::kInternal, "ada gangguan di dalam layanan; laporkan nomor rujukannya."},
    {Reason::kOwedNotFound, "kiriman dengan nomor itu tidak ada lagi; lihat dengan: outbox list."},
    {Reason::kAgencyNotFound, "instansi itu tidak ada; lihat nomornya dengan: agency list."},
    {Reason::kBatchNotFound, "usulan itu tidak ada; periksa nomornya pada jawaban batch submit."},
    {Reason::kWorkerNotFound, "pekerja itu tidak ada; cari dengan: worker find, atau worker list."},
    {Reason::kBatchState,
     "keadaan usulan itu tidak mengizinkannya; lihat dengan: batch show. Yang belum lengkap harus "
     "dilengkapi, yang sudah diperiksa tidak berubah lagi: kirim baris lain sebagai usulan baru."},
    {Reason::kControlTotal,
     "jumlah baris tidak sama dengan yang dinyatakan; cocokkan daftar dengan suratnya, lalu kirim "
     "lagi."},
    {Reason::kFourEyes, "yang mengirim daftar tidak boleh memeriksanya sendiri; minta rekan lain."},
    {Reason::kLineChanged,
     "baris yang sudah dikirim berubah isinya; kirim berkas yang sama seperti semula."},
    {Reason::kNikTaken, "NIK itu milik pekerja lain; periksa KTP-nya."},
    {Reason::kWorkerDeceased,
     "pekerja itu tercatat meninggal; lihat dengan: worker show, dan beri kursinya kepada orang "
     "lain."},
    {Reason::kWorkerWithdrawn,
     "pekerja itu sudah keluar dari program; beri kursinya kepada orang lain."},
    {Reason::kWorkerNotVerified,
     "pekerja itu belum diverifikasi; periksa dahulu usulannya dengan: batch review."},
    {Reason::kAlreadyMember,
     "orang itu sudah menjadi peserta; bayar iurannya dengan: contribution pay."},
    {Reason::kCardNotFound,
     "kartunya belum diterbitkan; terbitkan dengan: worker card NOMOR --issue."},
    {Reason::kRegionUnknown, "kode wilayah itu tidak dikenal; tulis misalnya 33.72."},
    {Reason::kEvidenceRequired,
     "persetujuan memerlukan bukti bahwa mereka bekerja dan tidak sakit; tambahkan --working "
     "--healthy --attested-by --attested-on --document, dengan tanggal yang belum lama dan tidak "
     "di masa depan."},
    {Reason::kSponsorNotFound, "donatur itu tidak ada; lihat nomornya dengan: sponsor list."},
    {Reason::kPledgeNotFound, "komitmen itu tidak ada; lihat nomornya dengan: pledge list."},
    {Reason::kAllocationNotFound,
     "pengisian kursi itu tidak ada; lihat nomornya pada jawaban allocation start."},
    {Reason::kPledgeState,
     "keadaan komitmen itu tidak mengizinkannya; lihat dengan: pledge show. Uang untuk komitmen "
     "yang batal harus dikirim kembali."},
    {Reason::kFundsExhausted,
     "tidak ada uang yang tersedia; catat pembayaran dahulu, atau minta jumlah yang lebih kecil."},
    {Reason::kPaymentConflict,
     "bukti bank itu sudah tercatat dengan isi lain; periksa nomor dan jumlahnya."},
    {Reason::kInvoiceNotFound, "kode bayar itu tidak ada; lihat yang benar dengan: pledge show."},
    {Reason::kAllocationRunning, "pengisian kursi masih berjalan; tunggu sampai selesai."},
    {Reason::kSeatNotHeld,
     "pekerja itu tidak memegang kursi komitmen ini; periksa nomor pekerja dan nomor komitmennya."},
    {Reason::kReserveEmpty,
     "daftar cadangan sudah habis; usulkan calon baru dengan: batch submit."},
    {Reason::kSeatsExhausted, "semua kursi sudah terisi; buat komitmen baru untuk kursi lagi."},
    {Reason::kSeatHeld,
     "pekerja itu sudah mempunyai kursi komitmen ini, atau kursinya sedang diisi; jangan sebut dia "
     "lagi."},
    {Reason::kReservationEnded,
     "batas waktu penyisihan uang sudah lewat; uangnya tersedia lagi, isi kursinya kembali dengan: "
     "allocation start."},
    {Reason::kAmountMismatch,
     "jumlahnya tidak sama dengan tarif; setor tepat sebesar tarif, atau tanpa --amount."},
    {Reason::kRefundNotAllowed,
     "sumber dana ini tidak boleh dikembalikan; sisanya menjadi simpanan donatur bila komitmen "
     "dibatalkan."},
    {Reason::kMemberNotFound,
     "orang itu belum menjadi peserta; beri dahulu kursi dengan: allocation start."},
    {Reason::kMonthAlreadyPaid,
     "bulan itu sudah dibayar; bayar bulan sesudahnya, lihat dengan: cover list."},
    {Reason::kNoRuleInForce,
     "tidak ada aturan yang berlaku pada hari itu; pilih hari lain, lihat dengan: rules list."},
    {Reason::kMonthsNotPermitted,
     "jumlah bulan itu tidak boleh dibayar sekaligus; pilih jumlah lain dengan --months."},
    {Reason::kAfterDeath,
     "bulan itu sesudah orang itu meninggal atau keluar; beri kursinya kepada orang lain."},
    {Reason::kNotCovered,
     "orang itu tidak terlindungi pada hari itu; lihat sebabnya dengan: check explain."},
    {Reason::kBatchTooLarge, "terlalu banyak sekaligus; bagi menjadi beberapa kali."},
    {Reason::kContributionMismatch, "iuran tidak sesuai tarif; hitung lagi dengan: pledge quote."},
    {Reason::kRulesInvalid,
     "aturan itu salah; perbaiki berkas yang disebut dalam catatan layanan, sementara itu yang "
     "lama tetap berlaku."},
    {Reason::kResumeTooOld,
     "catatan perubahan tidak lagi sampai ke tanda itu; ambil dahulu seluruh daftar, lalu mulai "
     "lagi dengan: cover watch tanpa --resume."},
};

// How a fact that comes with an error is written.
enum class Form { kText, kList, kNumber, kMoney, kDay, kMonth };

struct Fact {
  const char* key;  // of the metadata
  const char* label;
  Form form;
};

constexpr Fact kFacts[] = {
    {"permitted", "yang boleh: ", Form::kList},
    {"programme", "", Form::kText},
    {"month", "", Form::kMonth},
    {"from_month", "sejak ", Form::kMonth},
    {"day", "", Form::kDay},
    {"rule", "aturan ", Form::kText},
    {"due_rupiah", "seharusnya ", Form::kMoney},
    {"price_rupiah", "tarifnya ", Form::kMoney},
    {"available_rupiah", "tersedia ", Form::kMoney},
    {"declared_rows", "dinyatakan ", Form::kNumber},
    {"received_rows", "diterima ", Form::kNumber},
    {"line_number", "baris ", Form::kText},
    {"size", "dikirim ", Form::kNumber},
    {"most", "paling banyak ", Form::kNumber},
    {"region_code", "kode ", Form::kText},
    {"batch_id", "usulan ", Form::kText},
    {"pledge_id", "komitmen ", Form::kText},
    {"sponsor_id", "donatur ", Form::kText},
    {"allocation_id", "pengisian ", Form::kText},
    {"worker_id", "pekerja ", Form::kText},
    {"bank_reference", "bukti ", Form::kText},
    {"reference", "rujukan ", Form::kText},
    {"role", "peran ", Form::kText},
};

std::string ValueText(const std::string& value, Form form) {
  int64_t number = 0;
  if (form == Form::kList) return absl::StrReplaceAll(value, {{",", ", "}});
  if (form == Form::kText || !absl::SimpleAtoi(value, &number)) return value;
  switch (form) {
    case Form::kMoney:
      return MoneyText(number);
    case Form::kDay:
      return DayText(static_cast<int32_t>(number));
    case Form::kMonth:
      return MonthText(static_cast<int32_t>(number));
    default:
      return CountText(number);
  }
}

// "komitmen 7, tersedia Rp700"; empty if nothing came along that people can use.
std::string FactsText(const absl::Status& status) {
  const Metadata metadata = MetadataOf(status);
  std::string text;
  for (const Fact& fact : kFacts) {
    for (const auto& [key, value] : metadata) {
      if (key != fact.key || value.empty()) continue;
      absl::StrAppend(&text, text.empty() ? "" : ", ", fact.label, ValueText(value, fact.form));
    }
  }
  return text;
}

std::string FieldsText(const std::vector<std::pair<std::string, std::string>>& violations) {
  std::string text;
  for (const auto& [field, what] : violations) {
    if (violations.size() > 1) text += "\n  ";
    const std::optional<std::string> ours = FieldText(field);
    text += ours.has_value() ? *ours : absl::StrCat(field, " (", what, ")");
  }
  return text;
}

}  // namespace

std::string_view ReasonText(Reason reason) {
  for (const auto& [known, text] : kReasons) {
    if (reason == known) return text;
  }
  return "";
}

std::string ReasonLabel(const std::string& name) {
  std::string_view text = ReasonText(ReasonFromName(name));
  if (text.empty()) return name;
  text = text.substr(0, text.find(';'));
  if (text.back() == '.') text.remove_suffix(1);
  return std::string(text);
}

std::string ErrorText(const absl::Status& status) {
  const auto violations = FieldViolationsOf(status);
  if (!violations.empty()) return FieldsText(violations);
  std::string text(ReasonText(ReasonOf(status)));
  if (text.empty()) return std::string(status.message());
  const std::string facts = FactsText(status);
  return facts.empty() ? text : absl::StrCat(text, " (", facts, ")");
}

std::string ErrorText(const google::rpc::Status& status) { return ErrorText(FromProto(status)); }

}  // namespace lingkaran::cli
