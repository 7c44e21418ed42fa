#include "services/cli/lists/encoding.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/string_views.h"
#include "common/base/utf8.h"

namespace lingkaran::cli {
namespace {

constexpr std::string_view kSaveAsCsv =
    " Buka di aplikasi spreadsheet, pilih \"Save As\" / \"Simpan sebagai\", jenis \"CSV UTF-8\", "
    "lalu "
    "kirim berkas hasilnya.";

// Characters 0x80 to 0x9F of Windows-1252; empty where it has none.
constexpr std::array<std::string_view, 32> kWindows1252 = {
    "€", "",  "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "", "Ž", "",
    "",  "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", "", "ž", "Ÿ"};

bool LooksLikeWebPage(std::string_view bytes) {
  const std::string start =
      absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(AbslView(bytes.substr(0, 512))));
  return absl::StartsWith(start, "<") &&
         (absl::StrContains(start, "<html") || absl::StrContains(start, "<table") ||
          absl::StrContains(start, "<!doctype") || absl::StrContains(start, "<?xml"));
}

// What the file is instead of a list; empty if nothing speaks against text.
std::string_view ForeignFormat(std::string_view bytes) {
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
    return "buku kerja spreadsheet (xlsx/ods) atau arsip zip";
  }
  if (bytes.starts_with("\xD0\xCF\x11\xE0")) return "buku kerja spreadsheet lama (xls)";
  if (bytes.starts_with("%PDF")) return "dokumen PDF";
  if (bytes.starts_with("{\\rtf")) return "dokumen RTF";
  if (bytes.starts_with("\x1F\x8B")) return "arsip gzip";
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return "teks UTF-16 (\"Unicode Text\")";
  }
  if (LooksLikeWebPage(bytes.starts_with(kBom) ? bytes.substr(3) : bytes)) return "halaman web";
  return "";
}

// Bytes of the UTF-8 character that starts with `lead`; 0 if none does.
size_t LengthByLead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// True if `rest` is the start of a character that ends with the file.
bool IsCutCharacter(std::string_view rest) {
  const size_t length = LengthByLead(static_cast<unsigned char>(rest[0]));
  return length > rest.size() && std::all_of(rest.begin() + 1, rest.end(), IsContinuation);
}

bool HasWideCharacter(std::string_view bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; });
}

absl::StatusOr<std::string> FromWindows1252(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else if (byte >= 0xA0) {  // as in Unicode
      out += byte < 0xC0 ? '\xC2' : '\xC3';
      out += static_cast<char>(0x80 | (byte & 0x3F));
    } else if (kWindows1252[byte - 0x80].empty()) {
      return absl::InvalidArgumentError(
          "huruf dalam berkas ini bukan UTF-8 dan bukan Windows-1252." + std::string(kSaveAsCsv));
    } else {
      out += kWindows1252[byte - 0x80];
    }
  }
  return out;
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t length = Utf8Length(bytes.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

size_t CharacterCount(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](char c) { return !IsContinuation(c); });
}

absl::StatusOr<std::string> DecodeFile(std::string_view bytes) {
  if (bytes.empty()) return absl::InvalidArgumentError("berkas ini kosong (0 byte).");
  if (const std::string_view format = ForeignFormat(bytes); !format.empty()) {
    return absl::InvalidArgumentError("berkas ini " + std::string(format) + ", bukan CSV." +
                                      std::string(kSaveAsCsv));
  }
  if (bytes.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "berkas ini berisi byte NUL: bukan teks, teks UTF-16, atau rusak saat disalin." +
        std::string(kSaveAsCsv));
  }
  const bool bom = bytes.starts_with(kBom);
  if (bom) bytes.remove_prefix(kBom.size());
  const size_t valid = ValidUtf8Prefix(bytes);
  if (valid == bytes.size()) return std::string(bytes);
  // In UTF-8 a character can only be halved where the file was cut off.
  if (IsCutCharacter(bytes.substr(valid)) && (bom || HasWideCharacter(bytes.substr(0, valid)))) {
    return absl::InvalidArgumentError(
        "berkas ini terpotong di tengah huruf terakhir. Salin atau unduh ulang berkas aslinya.");
  }
  if (bom) {
    return absl::InvalidArgumentError(
        "berkas ini menyatakan diri UTF-8, tetapi isinya bukan UTF-8." + std::string(kSaveAsCsv));
  }
  return FromWindows1252(bytes);
}

}  // namespace lingkaran::cli
