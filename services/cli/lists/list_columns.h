// Which column of an office's list holds what, by the name in its header.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lingkaran::cli {

// What a list can tell about a person; the fields of lingkaran.registry.v1.CandidateRow.
enum class Column {
  kNik,
  kFullName,
  kBirthPlace,
  kBirthDate,
  kSex,
  kAddress,
  kVillage,
  kDistrict,
  kOccupation,
  kDisability,
  kMonthlyIncome,
  kPhone,
  kMembershipNumber,
};
inline constexpr int kColumnCount = 13;

// The usual Indonesian header of a column, e.g. "Tanggal Lahir".
std::string_view ColumnTitle(Column column);

// The column that a header names, in Indonesian or English; case, spaces, underscores, dots,
// slashes, asterisks and remarks in brackets do not count. nullopt for a header that we don't know.
std::optional<Column> ColumnOfHeader(std::string_view header);

// Columns that the rejects file adds: why a row was not taken, and how to mend it.
inline constexpr char kReasonHeader[] = "alasan";
inline constexpr char kMendHeader[] = "cara memperbaiki";
// True for one of those two, e.g. in a rejects file that is sent again.
bool IsRejectsHeader(std::string_view header);

}  // namespace lingkaran::cli
