#include "common/redis/redis_address.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      what,
      "; write HOST:PORT, unix:PATH, redis://[USER[:PASSWORD]@]HOST:PORT[/DB], "
      "redis+unix://[USER[:PASSWORD]@]PATH[?db=N] or redis+cluster://[USER[:PASSWORD]@]HOST:PORT,"
      "HOST:PORT"));
}

std::optional<std::string> Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    int code = 0;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::SimpleHexAtoi(text.substr(i + 1, 2), &code)) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(code));
    i += 2;
  }
  return out;
}

// Takes "USER[:PASSWORD]@" from the front, if it is there.
absl::Status TakeLogin(absl::string_view& text, RedisLogin& login) {
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos) return absl::OkStatus();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text.substr(0, at), absl::MaxSplits(':', 1));
  text.remove_prefix(at + 1);
  std::optional<std::string> user = Unescape(parts.first);
  std::optional<std::string> password = Unescape(parts.second);
  if (!user || !password) return Refuse("user or password has a % without two hex digits");
  login.user = *std::move(user);
  login.password = *std::move(password);
  return absl::OkStatus();
}

absl::Status ReadDatabase(absl::string_view text, RedisLogin& login) {
  if (absl::SimpleAtoi(text, &login.database) && login.database >= 0) return absl::OkStatus();
  return Refuse("the number of the Redis database is no number");
}

absl::StatusOr<RedisAddress> ReadTcp(absl::string_view rest) {
  RedisAddress address;
  RETURN_IF_ERROR(TakeLogin(rest, address.login));
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(rest, absl::MaxSplits('/', 1));
  if (!parts.second.empty()) RETURN_IF_ERROR(ReadDatabase(parts.second, address.login));
  ASSIGN_OR_RETURN(RedisEndpoint server, ParseRedisEndpoint(StdView(parts.first)));
  address.servers = {std::move(server)};
  return address;
}

absl::StatusOr<RedisAddress> ReadUnix(absl::string_view rest) {
  RedisAddress address;
  RETURN_IF_ERROR(TakeLogin(rest, address.login));
  const size_t query = rest.rfind("?db=");
  if (query != absl::string_view::npos) {
    RETURN_IF_ERROR(ReadDatabase(rest.substr(query + 4), address.login));
    rest = rest.substr(0, query);
  }
  if (rest.empty()) return Refuse("the path of the Redis socket is missing");
  address.servers = {{.host = "", .path = std::string(rest)}};
  return address;
}

absl::StatusOr<RedisAddress> ReadCluster(absl::string_view rest) {
  RedisAddress address;
  address.cluster = true;
  RETURN_IF_ERROR(TakeLogin(rest, address.login));
  for (const absl::string_view part : absl::StrSplit(rest, ',')) {
    ASSIGN_OR_RETURN(RedisEndpoint server, ParseRedisEndpoint(StdView(part)));
    address.servers.push_back(std::move(server));
  }
  return address;
}

}  // namespace

std::string RedisEndpoint::ToString() const {
  return path.empty() ? absl::StrCat(host, ":", port) : absl::StrCat("unix:", path);
}

absl::StatusOr<RedisEndpoint> ParseRedisEndpoint(std::string_view view) {
  const absl::string_view text = AbslView(view);
  const size_t colon = text.rfind(':');
  RedisEndpoint server;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &server.port) ||
      server.port < 1 || server.port > 65535) {
    return Refuse("the port of the Redis is missing");
  }
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) host = "";
  if (host.empty() || absl::StrContains(host, '/')) {
    return Refuse("the host of the Redis is missing");
  }
  server.host = std::string(host);
  return server;
}

absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view view) {
  absl::string_view text = AbslView(view);
  if (absl::ConsumePrefix(&text, "redis+cluster://")) return ReadCluster(text);
  if (absl::ConsumePrefix(&text, "redis+unix://")) return ReadUnix(text);
  if (absl::ConsumePrefix(&text, "redis://")) return ReadTcp(text);
  RedisAddress address;
  if (absl::ConsumePrefix(&text, "unix:")) {
    if (text.empty()) return Refuse("the path of the Redis socket is missing");
    address.servers = {{.host = "", .path = std::string(text)}};
    return address;
  }
  if (absl::StrContains(text, "://")) return Refuse("this is no kind of Redis address");
  ASSIGN_OR_RETURN(RedisEndpoint server, ParseRedisEndpoint(StdView(text)));
  address.servers = {std::move(server)};
  return address;
}

std::string DescribeRedis(std::string_view address) {
  if (address.empty()) return "";
  const absl::StatusOr<RedisAddress> parsed = ParseRedisAddress(address);
  if (!parsed.ok()) return "?";
  std::string text;
  for (const RedisEndpoint& server : parsed->servers) {
    absl::StrAppend(&text, text.empty() ? "" : ",", server.ToString());
  }
  return text;
}

}  // namespace lingkaran
