// A value that must not be printed by accident: NIK, keys, names.
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace lingkaran {

// Holds a T that only Reveal() gives out; streams as "[secret]".
template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  const T& Reveal() const { return value_; }
  friend bool operator==(const Secret& a, const Secret& b) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "[secret]"; }

 private:
  T value_{};
};

using SecretString = Secret<std::string>;

}  // namespace lingkaran
