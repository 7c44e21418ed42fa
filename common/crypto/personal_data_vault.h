// Personal data at rest: sealed values and keyed hashes. The keys come from a file outside the
// database:
//   {"active": "k1", "sealing": {"k1": "<base64 of 32 bytes>"}, "nik_hash": "<base64 of 32 bytes>"}
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lingkaran {

// First 16 bytes of HMAC-SHA-256 of a NIK: the look-up key. Useless without the key.
using NikHash = std::array<unsigned char, 16>;

// Seals (AES-256-GCM) and opens values, and hashes NIKs. Thread-safe; cipher contexts are kept per
// thread, because setting them up costs more than sealing a row. Hashing allocates nothing.
class PersonalDataVault {
 public:
  // Reads the key file. INVALID_ARGUMENT says what is wrong with it, never a key.
  static absl::StatusOr<std::unique_ptr<PersonalDataVault>> FromFile(const std::string& path);
  // From the text of a key file.
  static absl::StatusOr<std::unique_ptr<PersonalDataVault>> FromText(std::string_view json);
  // The text of a new key file with random keys.
  static std::string NewKeyFile();

  virtual ~PersonalDataVault() = default;

  // Seals `plain`: text "<key id>.<base64url of nonce, ciphertext and tag>". `context` names the
  // place, e.g. "workers.personal/17", and is bound: the value opens nowhere else.
  virtual std::string Seal(std::string_view context, std::string_view plain) const = 0;
  // Opens a sealed value. DATA_LOSS if it was changed, moved, or its key is unknown.
  virtual absl::StatusOr<std::string> Open(std::string_view context,
                                           std::string_view sealed) const = 0;
  // Keyed hash of a NIK of 16 digits.
  virtual NikHash HashNik(std::string_view nik) const = 0;
  // Keyed hash of any text for one purpose ("batch_rows.content"): equal texts of a purpose have
  // equal hashes, and none equals a NIK's.
  virtual NikHash HashContent(std::string_view purpose, std::string_view text) const = 0;
};

// base64url without padding: how hashes stand in SQL text columns and Redis keys (22 characters).
std::string Base64Url(std::string_view bytes);
absl::StatusOr<std::string> FromBase64Url(std::string_view text);
std::string HashText(const NikHash& hash);
absl::StatusOr<NikHash> HashFromText(std::string_view text);

}  // namespace lingkaran
