#include "tests/freshness/redis_box.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"

namespace lingkaran::freshness {

void RedisBox::StartEmpty() {
  std::filesystem::remove(std::filesystem::path(server_.socket()).parent_path() / "dump.rdb");
  server_.Start();
}

void RedisBox::Tell(const std::vector<std::string_view>& words) {
  const RedisReply reply = server_.Ask(words);
  if (reply.Is(RedisReply::Kind::kStatus)) return;
  std::fprintf(stderr, "Redis says to %s: %s\n", std::string(words[0]).c_str(), reply.text.c_str());
  std::abort();
}

std::string RedisBox::Info(std::string_view name) {
  const std::string info = server_.Ask({"INFO"}).text;
  for (absl::string_view line : absl::StrSplit(info, "\r\n")) {
    if (absl::ConsumePrefix(&line, absl::StrCat(AbslView(name), ":"))) return std::string(line);
  }
  return "";
}

}  // namespace lingkaran::freshness
