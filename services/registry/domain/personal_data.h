// Personal data as bytes, in the clear and sealed: two types, so that the compiler refuses to store
// or log what is in the clear. Neither converts to or from text by itself.
#pragma once

#include <string>
#include <utility>

namespace lingkaran::registry {

// In the clear. Lives only between reading and sealing; nothing prints it.
class PlainPersonalData {
 public:
  PlainPersonalData() = default;
  explicit PlainPersonalData(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& Reveal() const { return bytes_; }

 private:
  std::string bytes_;
};

// Sealed by PersonalDataVault: may be stored.
class SealedPersonalData {
 public:
  SealedPersonalData() = default;
  explicit SealedPersonalData(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

  friend bool operator==(const SealedPersonalData&, const SealedPersonalData&) = default;

 private:
  std::string text_;
};

}  // namespace lingkaran::registry
