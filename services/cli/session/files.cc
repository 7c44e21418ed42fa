#include "services/cli/session/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "services/cli/lists/encoding.h"
#include "services/cli/lists/list_reader.h"

namespace lingkaran::cli {
namespace {

constexpr size_t kMaxKeyFileBytes = size_t{64} << 20;

absl::Status CannotWrite(const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat("berkas ", path, " tidak dapat ditulis: ", strerror(errno), "."));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFileBytes(path, kMaxKeyFileBytes));
  ASSIGN_OR_RETURN(const std::string decoded, DecodeFile(bytes));
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(decoded, absl::ByAnyChar("\r\n"))) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (!text.empty()) lines.emplace_back(text);
  }
  if (lines.empty()) return absl::InvalidArgumentError("berkas " + path + " tidak berisi apa pun.");
  return lines;
}

absl::StatusOr<std::vector<int64_t>> ReadIds(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadLines(path));
  std::vector<int64_t> ids;
  for (size_t i = 0; i < lines.size(); ++i) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(lines[i], &id) || id <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("berkas ", path, ", isian ke-", i + 1,
                       " bukan nomor pekerja. Tulis satu nomor per baris."));
    }
    ids.push_back(id);
  }
  return ids;
}

absl::Status WritePrivateFile(const std::string& path, const std::string& text, bool replace) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL), 0600);
  if (fd < 0 && errno == EEXIST) return absl::AlreadyExistsError("berkas " + path + " sudah ada");
  if (fd < 0) return CannotWrite(path);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote <= 0) break;
    done += wrote;
  }
  // A secret must be there after a power cut; what is replaced may be a pipe, which has no disk.
  const bool written = done == text.size() && (replace || fsync(fd) == 0);
  absl::Status status = written ? absl::OkStatus() : CannotWrite(path);
  if (close(fd) != 0 && status.ok()) status = CannotWrite(path);
  if (!status.ok() && !replace) unlink(path.c_str());
  return status;
}

}  // namespace lingkaran::cli
