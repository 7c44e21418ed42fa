// What Prometheus reads.
#include "common/base/metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/build_info.h"
#include "tests/support/process.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;

// The answer to GET /metrics at a port of the loopback address.
std::string Scrape(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  constexpr std::string_view kAsk = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
      send(fd, kAsk.data(), kAsk.size(), 0) == static_cast<ssize_t>(kAsk.size())) {
    char part[4096];
    for (ssize_t n; (n = recv(fd, part, sizeof part, 0)) > 0;) answer.append(part, n);
  }
  close(fd);
  return answer;
}

TEST(MetricsTest, ServesTheReleaseAndWhatWasCounted) {
  CountEvent("redis_error");
  SetGauge("lingkaran_near_members", 17);
  const int port = FreePort();
  ASSERT_TRUE(ExposeMetrics(absl::StrCat("127.0.0.1:", port)).ok());
  const std::string metrics = Scrape(port);
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("lingkaran_build_info{build_type=\"", Build().build_type,
                                     "\",compiler=\"", Build().compiler, "\",version=\"",
                                     Build().version, "\"} 1")));
  EXPECT_THAT(metrics, HasSubstr("lingkaran_event_total{name=\"redis_error\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("lingkaran_near_members 17"));
}

TEST(MetricsTest, AnAddressThatIsTakenIsAnError) {
  const int port = FreePort();
  ASSERT_TRUE(ExposeMetrics(absl::StrCat("127.0.0.1:", port)).ok());
  const absl::Status taken = ExposeMetrics(absl::StrCat("127.0.0.1:", port));
  EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(taken.message()), HasSubstr("--metrics"));
}

}  // namespace
}  // namespace lingkaran
