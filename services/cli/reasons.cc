#include "services/cli/reasons.h"

namespace lingkaran::cli {

std::string_view ReasonText(Reason reason) {
  switch (reason) {
    case Reason::kUnspecified:
    case Reason::kInvalidField:
      return "";
    case Reason::kRequestIdReused:
      return "request-id ini sudah dipakai untuk permintaan lain; pakai yang baru.";
    case Reason::kActorRequired:
      return "siapa Anda? Tambahkan --actor \"NAMA;role=officer\".";
    case Reason::kNotAllowed:
      return "peran Anda tidak boleh melakukan ini.";
    case Reason::kDeadlinePassed:
      return "waktunya habis sebelum selesai; ulangi.";
    case Reason::kStoreUnavailable:
      return "pangkalan data sedang tidak terjangkau; ulangi sebentar lagi.";
    case Reason::kPeerUnavailable:
      return "layanan lain yang diperlukan tidak terjangkau; ulangi sebentar lagi.";
    case Reason::kTokenNotYetApplied:
      return "perubahan itu belum sampai; ulangi sebentar lagi.";
    case Reason::kTokenInvalid:
      return "token itu bukan dari layanan ini.";
    case Reason::kOverloaded:
      return "layanan sedang penuh; ulangi sebentar lagi.";
    case Reason::kInternal:
      return "ada gangguan di dalam layanan; laporkan nomor rujukannya.";
    case Reason::kAgencyNotFound:
      return "instansi itu tidak ada.";
    case Reason::kBatchNotFound:
      return "usulan itu tidak ada.";
    case Reason::kWorkerNotFound:
      return "pekerja itu tidak ada.";
    case Reason::kBatchState:
      return "keadaan usulan itu tidak mengizinkannya.";
    case Reason::kControlTotal:
      return "jumlah baris tidak sama dengan yang dinyatakan.";
    case Reason::kFourEyes:
      return "yang mengirim daftar tidak boleh memeriksanya sendiri; minta rekan lain.";
    case Reason::kLineChanged:
      return "baris yang sudah dikirim berubah isinya; kirim berkas yang sama seperti semula.";
    case Reason::kNikTaken:
      return "NIK itu milik pekerja lain.";
    case Reason::kWorkerDeceased:
      return "pekerja itu tercatat meninggal.";
    case Reason::kWorkerWithdrawn:
      return "pekerja itu sudah keluar dari program.";
    case Reason::kWorkerNotVerified:
      return "pekerja itu belum diverifikasi.";
    case Reason::kAlreadyMember:
      return "orang itu sudah menjadi peserta.";
    case Reason::kCardNotFound:
      return "kartunya belum diterbitkan.";
    case Reason::kRegionUnknown:
      return "kode wilayah itu tidak dikenal; tulis misalnya 33.72.";
    case Reason::kEvidenceRequired:
      return "persetujuan memerlukan bukti bertanggal bahwa mereka bekerja dan tidak sakit.";
    case Reason::kSponsorNotFound:
      return "donatur itu tidak ada.";
    case Reason::kPledgeNotFound:
      return "komitmen itu tidak ada.";
    case Reason::kAllocationNotFound:
      return "pengisian kursi itu tidak ada.";
    case Reason::kPledgeState:
      return "keadaan komitmen itu tidak mengizinkannya.";
    case Reason::kFundsExhausted:
      return "tidak ada uang yang tersedia; catat pembayaran dahulu.";
    case Reason::kPaymentConflict:
      return "bukti bank itu sudah tercatat dengan isi lain.";
    case Reason::kInvoiceNotFound:
      return "kode bayar itu tidak ada.";
    case Reason::kAllocationRunning:
      return "pengisian kursi masih berjalan; tunggu sampai selesai.";
    case Reason::kSeatNotHeld:
      return "pekerja itu tidak memegang kursi komitmen ini.";
    case Reason::kReserveEmpty:
      return "daftar cadangan sudah habis.";
    case Reason::kSeatsExhausted:
      return "semua kursi sudah terisi.";
    case Reason::kAmountMismatch:
      return "jumlahnya tidak sama dengan tarif.";
    case Reason::kRefundNotAllowed:
      return "sumber dana ini tidak boleh dikembalikan.";
    case Reason::kMemberNotFound:
      return "orang itu belum menjadi peserta.";
    case Reason::kMonthAlreadyPaid:
      return "bulan itu sudah dibayar.";
    case Reason::kNoRuleInForce:
      return "tidak ada aturan yang berlaku pada hari itu.";
    case Reason::kMonthsNotPermitted:
      return "jumlah bulan itu tidak boleh dibayar sekaligus.";
    case Reason::kAfterDeath:
      return "bulan itu sesudah tanggal meninggal.";
    case Reason::kNotCovered:
      return "orang itu tidak terlindungi pada hari itu.";
    case Reason::kBatchTooLarge:
      return "terlalu banyak sekaligus.";
    case Reason::kContributionMismatch:
      return "iuran tidak sesuai tarif.";
    case Reason::kRulesInvalid:
      return "aturan itu salah; yang lama tetap berlaku.";
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

}  // namespace lingkaran::cli
