#include "services/cli/lists/encoding.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "absl/status/status.h"
#include "common/base/utf8.h"

namespace lingkaran::cli {
namespace {

constexpr std::string_view kSaveAsCsv =
    " Buka di aplikasi spreadsheet, pilih \"Save As\" / \"Simpan sebagai\", jenis \"CSV UTF-8\", "
    "lalu "
    "kirim berkas hasilnya.";

// Characters 0x80 to 0x9F of Windows-1252; 0 where it has none.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool StartsWith(std::string_view bytes, std::string_view prefix) {
  return bytes.substr(0, prefix.size()) == prefix;
}

bool LooksLikeWebPage(std::string_view bytes) {
  std::string start(bytes.substr(0, 512));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || start[first] != '<') return false;
  return start.find("<html") != std::string::npos || start.find("<table") != std::string::npos ||
         start.find("<!doctype") != std::string::npos || start.find("<?xml") != std::string::npos;
}

// What the file is instead of a list; empty if nothing speaks against text.
std::string_view ForeignFormat(std::string_view bytes) {
  if (StartsWith(bytes, "PK\x03\x04") || StartsWith(bytes, "PK\x05\x06")) {
    return "buku kerja spreadsheet (xlsx/ods) atau arsip zip";
  }
  if (StartsWith(bytes, "\xD0\xCF\x11\xE0")) return "buku kerja spreadsheet lama (xls)";
  if (StartsWith(bytes, "%PDF")) return "dokumen PDF";
  if (StartsWith(bytes, "{\\rtf")) return "dokumen RTF";
  if (StartsWith(bytes, "\x1F\x8B")) return "arsip gzip";
  if (StartsWith(bytes, "\xFF\xFE") || StartsWith(bytes, "\xFE\xFF")) {
    return "teks UTF-16 (\"Unicode Text\")";
  }
  if (LooksLikeWebPage(StartsWith(bytes, kBom) ? bytes.substr(3) : bytes)) return "halaman web";
  return "";
}

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
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
  for (const char byte : bytes) {
    uint32_t code = static_cast<unsigned char>(byte);
    if (code >= 0x80 && code < 0xA0) {
      code = kWindows1252[code - 0x80];
      if (code == 0) {
        return absl::InvalidArgumentError(
            "huruf dalam berkas ini bukan UTF-8 dan bukan Windows-1252." + std::string(kSaveAsCsv));
      }
    }
    AppendUtf8(code, out);
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
  const bool bom = StartsWith(bytes, kBom);
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
