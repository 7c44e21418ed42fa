#include "common/base/log.h"

#include <unistd.h>
#include <cerrno>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/utf8.h"

namespace lingkaran {
namespace {

std::atomic<Severity> g_lowest{Severity::kInfo};
Mutex g_service_mutex;
std::string& ServiceName() ABSL_EXCLUSIVE_LOCKS_REQUIRED(g_service_mutex) {
  static std::string* const name = new std::string;
  return *name;
}

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "DEBUG";
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "ERROR";
}

void AppendQuoted(std::string_view text, std::string* line) {
  static constexpr char kHex[] = "0123456789abcdef";
  line->push_back('"');
  while (!text.empty()) {
    const char c = text[0];
    const size_t length = Utf8Length(text);
    if (c == '"' || c == '\\') {
      line->push_back('\\');
      line->push_back(c);
    } else if (c == '\n') {
      line->append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      line->append("\\u00");
      line->push_back(kHex[(c >> 4) & 0xF]);
      line->push_back(kHex[c & 0xF]);
    } else if (length == 0) {
      line->append("\xEF\xBF\xBD");
    } else {
      line->append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  line->push_back('"');
}

void AppendField(std::string_view key, std::string_view text, std::string* line) {
  line->push_back(',');
  AppendQuoted(key, line);
  line->push_back(':');
  AppendQuoted(text, line);
}

void WriteAll(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nowhere left to complain
    line.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

bool IsLogged(Severity severity) { return severity >= g_lowest.load(std::memory_order_relaxed); }

void Log(Severity severity, std::string_view event, std::initializer_list<LogField> fields) {
  if (!IsLogged(severity)) {
    return;
  }
  std::string line;
  line.reserve(256);
  absl::StrAppend(&line, "{\"time\":\"",
                  absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()),
                  "\",\"severity\":\"", SeverityName(severity), "\"");
  {
    MutexLock lock(g_service_mutex);
    AppendField("service", ServiceName(), &line);
  }
  AppendField("event", event, &line);
  for (const LogField& field : fields) {
    if (field.is_number) {
      line.push_back(',');
      AppendQuoted(field.key, &line);
      absl::StrAppend(&line, ":", field.number);
    } else {
      AppendField(field.key, field.text, &line);
    }
  }
  line.append("}\n");
  // One write: lines of several threads stay whole.
  WriteAll(line);
}

Severity SeverityFromName(std::string_view name) {
  if (name == "debug") return Severity::kDebug;
  if (name == "warning") return Severity::kWarning;
  if (name == "error") return Severity::kError;
  return Severity::kInfo;
}

void SetUpLog(std::string service, Severity lowest) {
  MutexLock lock(g_service_mutex);
  ServiceName() = std::move(service);
  g_lowest.store(lowest, std::memory_order_relaxed);
}

}  // namespace lingkaran
