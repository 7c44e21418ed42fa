// JSON lines on standard error: one event, its fields, no personal data.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace lingkaran {

enum class Severity { kDebug, kInfo, kWarning, kError };

// One field of an event.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), text(v) {}
  LogField(std::string_view k, const char* v) : key(k), text(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), text(v) {}
  template <typename T>
  requires std::is_integral_v<T> LogField(std::string_view k, T v)
      : key(k), number(static_cast<int64_t>(v)), is_number(true) {}
  std::string_view key;
  std::string_view text;
  int64_t number = 0;
  bool is_number = false;
};

// True if events of the severity are written: who has much to gather for one asks first.
bool IsLogged(Severity severity);

// Writes {"time":..., "severity":..., "service":..., "event":..., fields}.
void Log(Severity severity, std::string_view event, std::initializer_list<LogField> fields = {});

// The severity that the --log flag names ("debug", "info", "warning", "error"); kInfo for others.
Severity SeverityFromName(std::string_view name);

// Name of the service in every line, and the lowest severity that is written.
void SetUpLog(std::string service, Severity lowest);

}  // namespace lingkaran
