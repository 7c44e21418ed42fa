#include "services/cli/render/field_texts.h"

#include "absl/strings/str_cat.h"

namespace lingkaran::cli {
namespace {

struct Field {
  const char* path;  // without indexes; a path that is not here is looked up by its last name
  const char* label;
  const char* option;
  const char* mend;
};

constexpr Field kFields[] = {
    {"agency_id", "instansi", "--agency", "tulis nomor instansi; lihat: agency list"},
    {"allocation_id", "pengisian kursi", "ALLOCATION", "tulis nomornya, lebih dari 0"},
    {"amount_rupiah", "jumlah uang", "--amount", "tulis jumlah rupiah, misalnya Rp50.400.000"},
    {"as_of_day", "tanggal", "--day", "tulis tanggal, misalnya 7 November 2019"},
    {"attested_by", "pemberi bukti", "--attested-by", "tulis nama dan jabatan yang menyatakannya"},
    {"attested_day", "tanggal bukti", "--attested-on", "tulis tanggal, tidak di masa depan"},
    {"bank_reference", "bukti bank", "--reference", "tulis nomor bukti dari bank, tanpa NIK"},
    {"batch_id", "usulan", "--batch atau BATCH", "tulis nomor usulan; lihat jawaban batch submit"},
    {"birth_date", "tanggal lahir", "--birth-date", "tulis tanggal, misalnya 7 November 1980"},
    {"birth_place", "tempat lahir", "--birth-place", "tulis nama tempat"},
    {"address", "alamat", "--address", "tulis alamat sekarang"},
    {"village", "kelurahan", "--village", "tulis nama kelurahan atau desa"},
    {"district", "kecamatan", "--district", "tulis nama kecamatan"},
    {"disability", "ragam disabilitas", "--disability", "tulis ragamnya, misalnya tuna netra"},
    {"monthly_income", "penghasilan", "--income", "tulis jumlah rupiah sebulan"},
    {"phone", "nomor HP", "--phone", "tulis nomor, misalnya 081234567890"},
    {"sex", "jenis kelamin", "--sex", "tulis L atau P"},
    {"occupation", "pekerjaan", "--occupation", "tulis apa pekerjaannya"},
    {"full_name", "nama", "--name", "tulis nama seperti pada KTP"},
    {"consistency", "kesegaran jawaban", "--after atau --exact", "pakai salah satu"},
    {"day", "tanggal", "--day", "tulis tanggal, misalnya 7 November 2019"},
    {"death_day", "tanggal meninggal", "--date",
     "tulis tanggal sesudah tanggal lahir dan tidak di masa depan"},
    {"decision", "keputusan", "--approve atau --reject", "pilih salah satu"},
    {"declared_rows", "jumlah orang menurut surat", "--declared", "tulis 1 sampai 1.000.000"},
    {"decree_day", "tanggal surat usulan", "--decree-date",
     "tulis tanggal, misalnya 1 November 2019"},
    {"decree_number", "nomor surat usulan", "--decree", "tulis nomor surat, singkat dan tanpa NIK"},
    {"document", "surat bukti", "--document", "tulis nomor atau nama surat, tanpa NIK"},
    {"effective_day", "tanggal keluar", "--from", "tulis tanggal, misalnya 7 November 2019"},
    {"event", "peristiwa", "--event", "pilih satu, misalnya natural-death"},
    {"first_day", "hari pertama", "--first-day", "tulis tanggal, misalnya 7 November 2019"},
    {"first_month", "bulan pertama", "--first-month",
     "bulan yang sudah lewat hanya dapat dibayar tanpa terputus: mulai dari bulan sesudah bulan "
     "terakhir yang dibayar, atau tanpa --first-month"},
    {"from_day", "hari pertama rentang", "--from", "tulis tanggal, misalnya 1 Januari 2020"},
    {"from_month", "bulan pertama", "--from-month", "tulis bulan, misalnya Februari 2020"},
    {"kind", "jenis", "--kind", "pilih satu dari daftar dalam --help"},
    {"lines.worker_id", "pekerja", "--worker", "sebutkan setiap pekerja satu kali"},
    {"lines", "pekerja", "--worker", "sebutkan paling sedikit satu pekerja"},
    {"max_age_years", "umur tertinggi", "--max-age", "tulis umur, tidak di bawah --min-age"},
    {"max_income_rupiah", "penghasilan tertinggi", "--max-income", "tulis jumlah rupiah"},
    {"membership_number", "nomor peserta", "--membership", "tulis 11 angka seperti pada kartu"},
    {"min_age_years", "umur terendah", "--min-age", "tulis umur, tidak di atas --max-age"},
    {"months", "jumlah bulan", "--months", "tulis 1, 3, 6, atau 12"},
    {"name", "nama", "--name", "tulis nama, singkat dan tidak kosong"},
    {"nik", "NIK", "--nik", "tulis 16 angka seperti pada KTP"},
    {"payer_class", "pembayar", "--payer atau --self", "pilih yang sesuai dengan donatur itu"},
    {"payment_code", "kode bayar", "--code", "tulis kode dari tagihan; lihat: pledge show"},
    {"person", "orang", "--nik, --membership, atau --worker", "sebutkan satu orang"},
    {"pledge_id", "komitmen", "--pledge atau PLEDGE", "tulis nomor komitmen; lihat: pledge list"},
    {"programmes", "program", "--programme", "pilih dari jkk,jkm,jht, masing-masing satu kali"},
    {"reason", "alasan", "--reason", "tulis alasannya, singkat dan tanpa NIK"},
    {"region_code", "wilayah", "--region", "tulis kode wilayah, misalnya 33.72"},
    {"request_id", "nomor permintaan", "--request-id", "pakai huruf, angka, dan tanda hubung"},
    {"sector", "sektor", "--sector", "pilih other atau transport"},
    {"criteria.sector", "sektor", "--only-sector", "pilih other atau transport"},
    {"criteria.batch_id", "usulan", "--batch", "usulan itu tidak ada; lihat jawaban batch submit"},
    {"seats", "jumlah orang", "--seats", "tulis 1 sampai 1.000.000"},
    {"seed", "benih undian", "--seed", "tulis kalimat pendek yang diumumkan, tanpa NIK"},
    {"source", "sumber kabar", "--source", "tulis suratnya, singkat dan tanpa NIK"},
    {"seqs", "nomor baris", "SEQ", "tulis nomor dari: outbox list, paling banyak 1.000"},
    {"sponsor_id", "donatur", "--sponsor", "tulis nomor donatur; lihat: sponsor list"},
    {"state", "keadaan", "--state", "pilih satu dari daftar dalam --help"},
    {"status", "hasil", "--status", "pilih satu dari daftar dalam --help"},
    {"to_day", "hari terakhir rentang", "--to", "tulis tanggal yang tidak sebelum --from"},
    {"value_day", "tanggal pembayaran", "--date",
     "tulis tanggal pada bukti bank, misalnya 7 November 2019"},
    {"wage_base_rupiah", "upah dasar", "--wage-base", "tulis penghasilan sebulan"},
    {"worker_id", "pekerja", "--worker atau WORKER", "tulis nomor pekerja, lebih dari 0"},
    {"worker_ids", "pekerja", "--worker atau --workers",
     "sebutkan paling sedikit satu, masing-masing satu kali"},
};

const Field* Find(std::string_view path) {
  for (const Field& field : kFields) {
    if (path == field.path) return &field;
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> FieldText(std::string_view path) {
  std::string plain(path);  // "lines[2].worker_id" without its index
  for (size_t at = 0; (at = plain.find('[')) != std::string::npos;) {
    plain.erase(at, plain.find(']', at) - at + 1);
  }
  const Field* field = Find(plain);
  if (const size_t dot = plain.rfind('.'); field == nullptr && dot != std::string::npos) {
    field = Find(std::string_view(plain).substr(dot + 1));
  }
  if (field == nullptr) return std::nullopt;
  return absl::StrCat(field->label, " (", field->option, "): ", field->mend);
}

}  // namespace lingkaran::cli
