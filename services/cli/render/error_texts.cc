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
  switch (reason) {
    case Reason::kUnspecified:
    case Reason::kInvalidField:
      return "";
    case Reason::kRequestIdReused:
      return "request-id ini sudah dipakai untuk permintaan lain; pakai yang baru.";
    case Reason::kActorRequired:
      return "siapa Anda tidak disebutkan; tambahkan --actor \"NAMA;role=officer\".";
    case Reason::kNotAllowed:
      return "peran Anda tidak boleh melakukan ini; minta petugas yang berwenang, atau periksa "
             "--actor.";
    case Reason::kDeadlinePassed:
      return "waktunya habis sebelum selesai; ulangi, atau beri waktu lebih lama dengan --timeout.";
    case Reason::kStoreUnavailable:
      return "pangkalan data sedang tidak terjangkau; ulangi sebentar lagi.";
    case Reason::kPeerUnavailable:
      return "layanan lain yang diperlukan tidak terjangkau; ulangi sebentar lagi.";
    case Reason::kTokenNotYetApplied:
      return "perubahan itu belum sampai; ulangi sebentar lagi.";
    case Reason::kTokenInvalid:
      return "token itu bukan dari layanan ini; salin consistency_token dari jawaban perubahan "
             "itu.";
    case Reason::kOverloaded:
      return "layanan sedang penuh; ulangi sebentar lagi.";
    case Reason::kInternal:
      return "ada gangguan di dalam layanan; laporkan nomor rujukannya.";
    case Reason::kOwedNotFound:
      return "kiriman dengan nomor itu tidak ada lagi; lihat dengan: outbox list.";
    case Reason::kAgencyNotFound:
      return "instansi itu tidak ada; lihat nomornya dengan: agency list.";
    case Reason::kBatchNotFound:
      return "usulan itu tidak ada; periksa nomornya pada jawaban batch submit.";
    case Reason::kWorkerNotFound:
      return "pekerja itu tidak ada; cari dengan: worker find, atau worker list.";
    case Reason::kBatchState:
      return "keadaan usulan itu tidak mengizinkannya; lihat dengan: batch show. Yang belum "
             "lengkap harus dilengkapi, yang sudah diperiksa tidak berubah lagi: kirim baris lain "
             "sebagai usulan baru.";
    case Reason::kControlTotal:
      return "jumlah baris tidak sama dengan yang dinyatakan; cocokkan daftar dengan suratnya, "
             "lalu kirim lagi.";
    case Reason::kFourEyes:
      return "yang mengirim daftar tidak boleh memeriksanya sendiri; minta rekan lain.";
    case Reason::kLineChanged:
      return "baris yang sudah dikirim berubah isinya; kirim berkas yang sama seperti semula.";
    case Reason::kNikTaken:
      return "NIK itu milik pekerja lain; periksa KTP-nya.";
    case Reason::kWorkerDeceased:
      return "pekerja itu tercatat meninggal; lihat dengan: worker show, dan beri kursinya kepada "
             "orang lain.";
    case Reason::kWorkerWithdrawn:
      return "pekerja itu sudah keluar dari program; beri kursinya kepada orang lain.";
    case Reason::kWorkerNotVerified:
      return "pekerja itu belum diverifikasi; periksa dahulu usulannya dengan: batch review.";
    case Reason::kAlreadyMember:
      return "orang itu sudah menjadi peserta; bayar iurannya dengan: contribution pay.";
    case Reason::kCardNotFound:
      return "kartunya belum diterbitkan; terbitkan dengan: worker card NOMOR --issue.";
    case Reason::kRegionUnknown:
      return "kode wilayah itu tidak dikenal; tulis misalnya 33.72.";
    case Reason::kEvidenceRequired:
      return "persetujuan memerlukan bukti bahwa mereka bekerja dan tidak sakit; tambahkan "
             "--working --healthy --attested-by --attested-on --document, dengan tanggal yang "
             "belum lama dan tidak di masa depan.";
    case Reason::kSponsorNotFound:
      return "donatur itu tidak ada; lihat nomornya dengan: sponsor list.";
    case Reason::kPledgeNotFound:
      return "komitmen itu tidak ada; lihat nomornya dengan: pledge list.";
    case Reason::kAllocationNotFound:
      return "pengisian kursi itu tidak ada; lihat nomornya pada jawaban allocation start.";
    case Reason::kPledgeState:
      return "keadaan komitmen itu tidak mengizinkannya; lihat dengan: pledge show. Uang untuk "
             "komitmen yang batal harus dikirim kembali.";
    case Reason::kFundsExhausted:
      return "tidak ada uang yang tersedia; catat pembayaran dahulu, atau minta jumlah yang lebih "
             "kecil.";
    case Reason::kPaymentConflict:
      return "bukti bank itu sudah tercatat dengan isi lain; periksa nomor dan jumlahnya.";
    case Reason::kInvoiceNotFound:
      return "kode bayar itu tidak ada; lihat yang benar dengan: pledge show.";
    case Reason::kAllocationRunning:
      return "pengisian kursi masih berjalan; tunggu sampai selesai.";
    case Reason::kSeatNotHeld:
      return "pekerja itu tidak memegang kursi komitmen ini; periksa nomor pekerja dan nomor "
             "komitmennya.";
    case Reason::kReserveEmpty:
      return "daftar cadangan sudah habis; usulkan calon baru dengan: batch submit.";
    case Reason::kSeatsExhausted:
      return "semua kursi sudah terisi; buat komitmen baru untuk kursi lagi.";
    case Reason::kSeatHeld:
      return "pekerja itu sudah mempunyai kursi komitmen ini, atau kursinya sedang diisi; jangan "
             "sebut dia lagi.";
    case Reason::kReservationEnded:
      return "batas waktu penyisihan uang sudah lewat; uangnya tersedia lagi, isi kursinya kembali "
             "dengan: allocation start.";
    case Reason::kAmountMismatch:
      return "jumlahnya tidak sama dengan tarif; setor tepat sebesar tarif, atau tanpa --amount.";
    case Reason::kRefundNotAllowed:
      return "sumber dana ini tidak boleh dikembalikan; sisanya menjadi simpanan donatur bila "
             "komitmen dibatalkan.";
    case Reason::kMemberNotFound:
      return "orang itu belum menjadi peserta; beri dahulu kursi dengan: allocation start.";
    case Reason::kMonthAlreadyPaid:
      return "bulan itu sudah dibayar; bayar bulan sesudahnya, lihat dengan: cover list.";
    case Reason::kNoRuleInForce:
      return "tidak ada aturan yang berlaku pada hari itu; pilih hari lain, lihat dengan: rules "
             "list.";
    case Reason::kMonthsNotPermitted:
      return "jumlah bulan itu tidak boleh dibayar sekaligus; pilih jumlah lain dengan --months.";
    case Reason::kAfterDeath:
      return "bulan itu sesudah orang itu meninggal atau keluar; beri kursinya kepada orang lain.";
    case Reason::kNotCovered:
      return "orang itu tidak terlindungi pada hari itu; lihat sebabnya dengan: check explain.";
    case Reason::kBatchTooLarge:
      return "terlalu banyak sekaligus; bagi menjadi beberapa kali.";
    case Reason::kContributionMismatch:
      return "iuran tidak sesuai tarif; hitung lagi dengan: pledge quote.";
    case Reason::kRulesInvalid:
      return "aturan itu salah; perbaiki berkas yang disebut dalam catatan layanan, sementara itu "
             "yang lama tetap berlaku.";
    case Reason::kResumeTooOld:
      return "catatan perubahan tidak lagi sampai ke tanda itu; ambil dahulu seluruh daftar, lalu "
             "mulai lagi dengan: cover watch tanpa --resume.";
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
