#include "common/base/money.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "money: %s\n", what);
  std::abort();
}

absl::Status NoAmount() {
  return absl::InvalidArgumentError(
      "this is no amount of rupiah; write it as 50400000 or Rp50.400.000");
}

// Digits, plain or in groups of three with dots. False for anything else.
bool ReadDigits(absl::string_view text, int64_t* amount) {
  const size_t first_dot = text.find('.');
  const bool grouped = first_dot != absl::string_view::npos;
  // A leading zero would make "0.400" look like a fraction.
  if (text.empty() || (grouped && first_dot > 3) || (text.size() > 1 && text[0] == '0')) {
    return false;
  }
  int64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dot_due = grouped && i >= first_dot && (i - first_dot) % 4 == 0;
    if (dot_due) {
      if (text[i] != '.' || i == 0 || text.size() - i < 4) {
        return false;
      }
      continue;
    }
    if (!absl::ascii_isdigit(text[i]) || value > kMaxAmount.amount()) {
      return false;
    }
    value = value * 10 + (text[i] - '0');
  }
  *amount = value;
  return true;
}

}  // namespace

Rupiah& Rupiah::operator+=(Rupiah other) {
  if (__builtin_add_overflow(amount_, other.amount_, &amount_)) {
    Die("a sum does not fit 64 bits");
  }
  return *this;
}

Rupiah& Rupiah::operator-=(Rupiah other) {
  if (__builtin_sub_overflow(amount_, other.amount_, &amount_)) {
    Die("a difference does not fit 64 bits");
  }
  return *this;
}

Rupiah operator*(Rupiah a, int64_t times) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a.amount(), times, &product)) {
    Die("a product does not fit 64 bits");
  }
  return Rupiah(product);
}

Rupiah MulDiv(Rupiah a, int64_t b, int64_t c) {
  if (a.amount() < 0 || b < 0 || c <= 0) {
    Die("MulDiv of a negative number or by zero");
  }
  __extension__ using Wide = unsigned __int128;
  const Wide result = static_cast<Wide>(a.amount()) * static_cast<Wide>(b) / static_cast<Wide>(c);
  if (result > static_cast<Wide>(INT64_MAX)) {
    Die("a share does not fit 64 bits");
  }
  return Rupiah(static_cast<int64_t>(result));
}

std::string FormatRupiah(Rupiah amount) {
  const std::string number = absl::StrCat(amount.amount());
  const bool negative = number[0] == '-';
  std::string text = negative ? "-Rp" : "Rp";
  for (size_t i = negative ? 1 : 0; i < number.size(); ++i) {
    text += number[i];
    const size_t left = number.size() - 1 - i;
    if (left > 0 && left % 3 == 0) {
      text += '.';
    }
  }
  return text;
}

absl::StatusOr<Rupiah> ParseRupiah(std::string_view text) {
  absl::string_view rest = absl::StripAsciiWhitespace(AbslView(text));
  if (absl::StartsWithIgnoreCase(rest, "rp")) {
    rest.remove_prefix(2);
    absl::ConsumePrefix(&rest, ".");
    rest = absl::StripLeadingAsciiWhitespace(rest);
  }
  if (!absl::ConsumeSuffix(&rest, ",-")) {
    absl::ConsumeSuffix(&rest, ",00");
  }
  int64_t amount = 0;
  if (!ReadDigits(rest, &amount)) {
    return NoAmount();
  }
  if (amount > kMaxAmount.amount()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this amount is above the highest possible, ", FormatRupiah(kMaxAmount)));
  }
  return Rupiah(amount);
}

}  // namespace lingkaran
