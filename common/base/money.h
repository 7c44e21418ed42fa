// Whole rupiah. Never a floating point number.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lingkaran {

// An amount of rupiah. Sums and products that do not fit end the program: amounts are bounded
// (kMaxAmount) where they come in, so such a sum is a bug, not an input.
class Rupiah {
 public:
  constexpr Rupiah() = default;
  constexpr explicit Rupiah(int64_t amount) : amount_(amount) {}
  constexpr int64_t amount() const { return amount_; }

  Rupiah& operator+=(Rupiah other);
  Rupiah& operator-=(Rupiah other);
  friend Rupiah operator+(Rupiah a, Rupiah b) { return a += b; }
  friend Rupiah operator-(Rupiah a, Rupiah b) { return a -= b; }
  friend Rupiah operator*(Rupiah a, int64_t times);
  Rupiah operator-() const { return Rupiah() - *this; }
  friend constexpr auto operator<=>(Rupiah, Rupiah) = default;

 private:
  int64_t amount_ = 0;
};

// Rp100 trillion: the highest amount that any request may name.
inline constexpr Rupiah kMaxAmount{100'000'000'000'000};

// a x b / c, rounded down; a and b not negative, c positive; 128 bits wide in between.
Rupiah MulDiv(Rupiah a, int64_t b, int64_t c);

// "Rp50.400.000", "-Rp1.000".
std::string FormatRupiah(Rupiah amount);

// Reads "50400000", "Rp50.400.000", "Rp 50.400.000,-", "50.400.000,00". INVALID_ARGUMENT for
// anything else, negative amounts and more than kMaxAmount.
absl::StatusOr<Rupiah> ParseRupiah(std::string_view text);

}  // namespace lingkaran
