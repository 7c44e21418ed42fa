// How the client writes: tables and amounts for people, JSON and single fields for scripts.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"

namespace lingkaran::cli {

// "1.160"
std::string CountText(int64_t number);
// "Rp50.400.000"
std::string MoneyText(int64_t rupiah);
// 20191107 as "7 November 2019"; "-" for 0.
std::string DayText(int32_t yyyymmdd);
// The same; empty for 0, so that PrintFacts leaves it out.
std::string DayIfAny(int32_t yyyymmdd);
// An id; empty for 0.
std::string IdText(int64_t id);
// 201911 as "November 2019"; "-" for 0.
std::string MonthText(int32_t yyyymm);
// "7 November 2019 08.15 WIB"; "-" if unset.
std::string TimeText(const google::protobuf::Timestamp& time);
// Hundredths of a percent as "42,00%".
std::string PercentText(int basis_points);
// "ya" or "tidak".
std::string YesNo(bool value);

// The text in lines of at most kTextWidth characters, each with `indent` blanks before it and all
// but the first with `hanging` more.
inline constexpr size_t kTextWidth = 96;
std::string Wrapped(const std::string& text, size_t indent, size_t hanging = 0);

// A table with a header line. Titles that begin with ">" align their column to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> titles);
  void Row(std::vector<std::string> cells);
  void Print(std::ostream& out) const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines "label   value" with the values below each other. Empty values are left out.
void PrintFacts(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& facts);

// The message in protobuf's JSON on one line: names as in the proto, zero values written out.
std::string ToJson(const google::protobuf::Message& message);

// The values at a path such as "pledge.invoice.payment_code", "results.worker_id" (one for each
// result) or "results.0.worker_id". Enums by name, messages as JSON, absent messages as nothing.
// INVALID_ARGUMENT, with the names there are, for a path that the message does not have.
absl::StatusOr<std::vector<std::string>> FieldValues(const google::protobuf::Message& message,
                                                     std::string_view path);

}  // namespace lingkaran::cli
