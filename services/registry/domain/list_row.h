// A row of a list as the office wrote it, before anything is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lingkaran::registry {

// What the rows of a list are. Numbers of lingkaran.registry.v1.BatchKind.
enum class BatchKind : int8_t { kCandidates = 1, kExistingMembers = 2 };

// The columns as they are written. Views into the request, which must outlive them.
struct RawRow {
  int32_t line = 0;
  std::string_view nik = {};
  std::string_view full_name = {};
  std::string_view birth_place = {};
  std::string_view birth_date = {};
  std::string_view sex = {};
  std::string_view address = {};
  std::string_view village = {};
  std::string_view district = {};
  std::string_view occupation = {};
  std::string_view disability = {};
  std::string_view monthly_income = {};
  std::string_view phone = {};
  std::string_view membership_number = {};
};

// All columns but the line in one text, each with its length: two rows have the same content only
// if every column is the same. Personal data: hash it with a key before it is kept.
//
// A row sent again must hash as it did when it was stored. So the columns above always stand in it,
// in this order; a column of a later release may only be added behind them, with its field number,
// and only where a row has it.
std::string ContentOf(const RawRow& row);

}  // namespace lingkaran::registry
