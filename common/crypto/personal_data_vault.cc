// SHA-256 a block at a time is "deprecated" in OpenSSL 3, whose new way is three times as slow.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/crypto/personal_data_vault.h"

#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;
constexpr size_t kMaxKeyId = 16;

using Key = std::array<unsigned char, kKeySize>;

struct NamedKey {
  std::string id;
  Key key;
};

struct Keys {
  // Place of the sealing key with this id; their number if there is none.
  size_t Find(std::string_view id) const {
    return absl::c_find_if(sealing, [&](const NamedKey& k) { return k.id == id; }) -
           sealing.begin();
  }

  std::vector<NamedKey> sealing;
  size_t active = 0;
  Key nik_hash{};
};

// For what only a lack of memory or a broken libcrypto can cause: going on would store personal
// data unsealed or lose it.
void Check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "sealer: libcrypto failed at %s\n", what);
    std::abort();
  }
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Random nonces, drawn in blocks: one call of the generator costs more than sealing a row.
class Nonces {
 public:
  const unsigned char* Next() {
    if (next_ + kNonceSize > sizeof(block_)) {
      Check(RAND_bytes(block_, sizeof(block_)) == 1, "RAND_bytes");
      next_ = 0;
    }
    const unsigned char* nonce = block_ + next_;
    next_ += kNonceSize;
    return nonce;
  }

 private:
  unsigned char block_[4092];  // 341 nonces
  size_t next_ = sizeof(block_);
};

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

Cipher NewCipher(const Key& key, bool sealing) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  Check(cipher != nullptr && EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                                               nullptr, sealing ? 1 : 0) == 1,
        "EVP_CipherInit_ex");
  return cipher;
}

// HMAC-SHA-256 (RFC 2104). The two blocks that depend on the key alone are hashed once and copied;
// libcrypto's own HMAC takes three times as long, most of it to make and drop contexts.
class Hmac {
 public:
  using Full = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

  explicit Hmac(const Key& key) {
    unsigned char block[SHA256_CBLOCK];
    const auto begin = [&](unsigned char pad, SHA256_CTX* state) {
      std::memset(block, pad, sizeof(block));
      for (size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
      Check(SHA256_Init(state) == 1 && SHA256_Update(state, block, sizeof(block)) == 1, "SHA256");
    };
    begin(0x36, &inner_);
    begin(0x5C, &outer_);
    OPENSSL_cleanse(block, sizeof(block));
  }
  ~Hmac() {
    OPENSSL_cleanse(&inner_, sizeof(inner_));
    OPENSSL_cleanse(&outer_, sizeof(outer_));
  }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  // Of both texts, one after the other.
  Full Of(std::string_view first, std::string_view second) const {
    Full full;
    SHA256_CTX state = inner_;
    Check(SHA256_Update(&state, first.data(), first.size()) == 1 &&
              SHA256_Update(&state, second.data(), second.size()) == 1 &&
              SHA256_Final(full.data(), &state) == 1,
          "hashing");
    state = outer_;
    Check(SHA256_Update(&state, full.data(), full.size()) == 1 &&
              SHA256_Final(full.data(), &state) == 1,
          "hashing");
    return full;
  }

 private:
  SHA256_CTX inner_;
  SHA256_CTX outer_;
};

// What one thread keeps ready: contexts with their keys already scheduled, made when first needed.
// By number of the vault, of which a program has one, place of the key, and whether it seals.
thread_local absl::flat_hash_map<std::tuple<uint64_t, size_t, bool>, Cipher> ready_ciphers;
thread_local Nonces nonces;

class KeyedVault : public PersonalDataVault {
 public:
  explicit KeyedVault(Keys keys) : keys_(std::move(keys)), hmac_(keys_.nik_hash) {
    static std::atomic<uint64_t> last{0};
    number_ = ++last;
  }
  ~KeyedVault() override {
    for (NamedKey& key : keys_.sealing) {
      OPENSSL_cleanse(key.key.data(), key.key.size());
    }
    OPENSSL_cleanse(keys_.nik_hash.data(), keys_.nik_hash.size());
  }

  std::string Seal(std::string_view context, std::string_view plain) const override;
  absl::StatusOr<std::string> Open(std::string_view context,
                                   std::string_view sealed) const override;
  NikHash HashNik(std::string_view nik) const override { return Hash("", nik); }
  NikHash HashContent(std::string_view purpose, std::string_view text) const override {
    // Begins with a letter, so it never equals the digits of a NIK; the length keeps purpose and
    // text apart.
    return Hash(absl::StrCat("content:", purpose.size(), ":", AbslView(purpose)), text);
  }

 private:
  EVP_CIPHER_CTX* CipherFor(size_t key, bool sealing) const;
  NikHash Hash(std::string_view prefix, std::string_view text) const;

  Keys keys_;
  const Hmac hmac_;
  uint64_t number_;
};

EVP_CIPHER_CTX* KeyedVault::CipherFor(size_t key, bool sealing) const {
  Cipher& cipher = ready_ciphers[{number_, key, sealing}];
  if (cipher == nullptr) {
    cipher = NewCipher(keys_.sealing[key].key, sealing);
  }
  return cipher.get();
}

std::string KeyedVault::Seal(std::string_view context, std::string_view plain) const {
  EVP_CIPHER_CTX* cipher = CipherFor(keys_.active, /*sealing=*/true);
  // nonce, ciphertext, tag
  std::string bytes(kNonceSize + plain.size() + kTagSize, '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  std::memcpy(out, nonces.Next(), kNonceSize);
  int size = 0;
  Check(EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, out) == 1 &&
            EVP_EncryptUpdate(cipher, nullptr, &size, Bytes(context),
                              static_cast<int>(context.size())) == 1 &&
            EVP_EncryptUpdate(cipher, out + kNonceSize, &size, Bytes(plain),
                              static_cast<int>(plain.size())) == 1 &&
            EVP_EncryptFinal_ex(cipher, out + kNonceSize + plain.size(), &size) == 1 &&
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagSize,
                                out + kNonceSize + plain.size()) == 1,
        "sealing");
  return absl::StrCat(keys_.sealing[keys_.active].id, ".", Base64Url(bytes));
}

absl::StatusOr<std::string> KeyedVault::Open(std::string_view context,
                                             std::string_view sealed) const {
  const size_t dot = sealed.find('.');
  const size_t key = keys_.Find(sealed.substr(0, dot));
  if (dot == std::string_view::npos || key == keys_.sealing.size()) {
    return absl::DataLossError("a sealed value names a key that the key file does not hold");
  }
  const absl::StatusOr<std::string> bytes = FromBase64Url(sealed.substr(dot + 1));
  if (!bytes.ok() || bytes->size() < kNonceSize + kTagSize) {
    return absl::DataLossError("a sealed value is cut or not in its form");
  }
  EVP_CIPHER_CTX* cipher = CipherFor(key, /*sealing=*/false);
  const unsigned char* in = Bytes(*bytes);
  const size_t size = bytes->size() - kNonceSize - kTagSize;
  std::string plain(size + 1, '\0');  // one more, so that there is an address for an empty text
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  unsigned char tag[kTagSize];
  std::memcpy(tag, in + kNonceSize + size, kTagSize);
  int done = 0;
  Check(EVP_DecryptInit_ex(cipher, nullptr, nullptr, nullptr, in) == 1 &&
            EVP_DecryptUpdate(cipher, nullptr, &done, Bytes(context),
                              static_cast<int>(context.size())) == 1 &&
            EVP_DecryptUpdate(cipher, out, &done, in + kNonceSize, static_cast<int>(size)) == 1 &&
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag) == 1,
        "opening");
  if (EVP_DecryptFinal_ex(cipher, out + size, &done) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return absl::DataLossError("a sealed value was changed, or stands where it was not written");
  }
  plain.resize(size);
  return plain;
}

NikHash KeyedVault::Hash(std::string_view prefix, std::string_view text) const {
  const Hmac::Full full = hmac_.Of(prefix, text);
  NikHash hash;
  std::memcpy(hash.data(), full.data(), hash.size());
  return hash;
}

absl::Status BadKeys(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("key file: ", text));
}

bool ReadKey(const google::protobuf::Value& value, Key* key) {
  std::string bytes;
  const bool ok = value.kind_case() == google::protobuf::Value::kStringValue &&
                  absl::Base64Unescape(value.string_value(), &bytes) && bytes.size() == kKeySize;
  if (ok) {
    std::memcpy(key->data(), bytes.data(), kKeySize);
  }
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return ok;
}

bool IsKeyId(absl::string_view id) {
  return !id.empty() && id.size() <= kMaxKeyId &&
         absl::c_all_of(id, [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

absl::StatusOr<Keys> ReadKeys(const google::protobuf::Struct& file) {
  Keys keys;
  std::string active;
  bool hash_seen = false;
  for (const auto& [name, value] : file.fields()) {
    if (name == "active") {
      active = value.string_value();
    } else if (name == "nik_hash") {
      if (!ReadKey(value, &keys.nik_hash)) {
        return BadKeys("\"nik_hash\" is not the base64 of 32 bytes");
      }
      hash_seen = true;
    } else if (name == "sealing") {
      for (const auto& [id, key] : value.struct_value().fields()) {
        NamedKey named{id, {}};
        // The id is not repeated in the text: in a broken file it may be a key.
        if (!IsKeyId(id) || !ReadKey(key, &named.key)) {
          return BadKeys(
              "an entry of \"sealing\" is not a short name of letters and digits with the base64 "
              "of 32 bytes");
        }
        keys.sealing.push_back(std::move(named));
      }
    } else {
      return BadKeys("holds something else than \"active\", \"sealing\" and \"nik_hash\"");
    }
  }
  if (!hash_seen) {
    return BadKeys("\"nik_hash\" is missing");
  }
  if (absl::c_any_of(keys.sealing, [&](const NamedKey& k) { return k.key == keys.nik_hash; })) {
    return BadKeys("\"nik_hash\" must not be a sealing key as well");
  }
  keys.active = keys.Find(active);
  if (keys.active == keys.sealing.size()) {
    return BadKeys("\"active\" does not name an entry of \"sealing\"");
  }
  return keys;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PersonalDataVault>> PersonalDataVault::FromFile(
    const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  struct stat info {};
  if (file == nullptr || fstat(fileno(file.get()), &info) != 0) {
    return BadKeys(absl::StrCat(path, " can't be read"));
  }
  if (!S_ISREG(info.st_mode)) return BadKeys(absl::StrCat(path, " is no file"));
  if ((info.st_mode & 077) != 0) {
    return BadKeys(absl::StrCat(path, " can be read by others; run chmod 600 ", path));
  }
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // no copy of the keys stays behind
  std::string text(static_cast<size_t>(info.st_size), '\0');
  if (std::fread(text.data(), 1, text.size(), file.get()) != text.size()) {
    return BadKeys(absl::StrCat(path, " can't be read"));
  }
  absl::StatusOr<std::unique_ptr<PersonalDataVault>> sealer = FromText(text);
  OPENSSL_cleanse(text.data(), text.size());
  return sealer;
}

absl::StatusOr<std::unique_ptr<PersonalDataVault>> PersonalDataVault::FromText(
    std::string_view json) {
  google::protobuf::Struct file;
  // The parser's own text is not passed on: it quotes what it could not read.
  if (!google::protobuf::util::JsonStringToMessage(std::string(json), &file).ok()) {
    return BadKeys("is no JSON object");
  }
  ASSIGN_OR_RETURN(Keys keys, ReadKeys(file));
  return std::make_unique<KeyedVault>(std::move(keys));
}

std::string PersonalDataVault::NewKeyFile() {
  std::string texts[2];
  for (std::string& text : texts) {
    std::string key(kKeySize, '\0');
    Check(RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), kKeySize) == 1, "RAND_bytes");
    text = absl::Base64Escape(key);
    OPENSSL_cleanse(key.data(), key.size());
  }
  return absl::StrCat("{\n  \"active\": \"k1\",\n  \"sealing\": {\"k1\": \"", texts[0],
                      "\"},\n  \"nik_hash\": \"", texts[1], "\"\n}\n");
}

std::string Base64Url(std::string_view bytes) { return absl::WebSafeBase64Escape(AbslView(bytes)); }

absl::StatusOr<std::string> FromBase64Url(std::string_view text) {
  std::string bytes;
  // Abseil also takes padding, blanks and stray bits at the end. One value has one text here, so
  // that a changed text never passes.
  if (!absl::WebSafeBase64Unescape(AbslView(text), &bytes) || Base64Url(bytes) != text) {
    return absl::InvalidArgumentError("this is no base64url without padding");
  }
  return bytes;
}

std::string HashText(const NikHash& hash) {
  return Base64Url(std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

absl::StatusOr<NikHash> HashFromText(std::string_view text) {
  const absl::StatusOr<std::string> bytes = FromBase64Url(text);
  NikHash hash;
  if (!bytes.ok() || bytes->size() != hash.size()) {
    return absl::InvalidArgumentError("this is no hash of 22 characters");
  }
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return hash;
}

}  // namespace lingkaran
