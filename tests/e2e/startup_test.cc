// Services start in any order, wait for nothing for ever, and end when they are told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tests/support/ask.h"
#include "tests/support/cluster.h"
#include "tests/support/requests.h"
#include "tests/support/servers.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;

using Sponsorships = sv::SponsorshipService::Stub;
using testing::HasSubstr;

CallOptions Officer(absl::Duration timeout) {
  CallOptions options;
  options.actor = "sari;role=officer";
  options.timeout = timeout;
  return options;
}

// A sponsor needs nobody but sponsorship itself. Gives its id.
int64_t CreateSponsor(Cluster& cluster) {
  const auto made = AskWithRetry(cluster.sponsorship(), &Sponsorships::CreateSponsor, NewSponsor(),
                                 Officer(absl::Minutes(1)));
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? made->sponsor().sponsor_id() : 0;
}

// A pledge needs its price from coverage.
absl::Status CreatePledge(Cluster& cluster, int64_t sponsor_id, absl::Duration timeout) {
  return AskWithRetry(cluster.sponsorship(), &Sponsorships::CreatePledge,
                      NewPledge(sponsor_id, /*seats=*/1, /*months=*/1), Officer(timeout))
      .status();
}

TEST(StartupTest, AllOrders) {
  std::vector<std::string> order = ServiceNames();
  std::sort(order.begin(), order.end());
  do {
    SCOPED_TRACE(absl::StrJoin(order, ", "));
    Cluster cluster({.start = false});
    for (const std::string& service : order) cluster.Start(service);
    const absl::Status pledged = CreatePledge(cluster, CreateSponsor(cluster), absl::Minutes(1));
    EXPECT_TRUE(pledged.ok()) << pledged;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(StartupTest, EachAlone) {
  for (const std::string& service : ServiceNames()) {
    Cluster cluster({.start = false});
    cluster.Start(service);
    EXPECT_EQ(cluster.Stop(service), 0) << service;
  }
}

// What it can do alone it does; for the rest it says within the caller's time which service is
// missing, and goes on when that one is there.
TEST(StartupTest, SponsorshipAloneServesWhatItCan) {
  Cluster cluster({.start = false});
  cluster.Start("sponsorship");
  const int64_t sponsor_id = CreateSponsor(cluster);
  const absl::Status alone = CreatePledge(cluster, sponsor_id, absl::Seconds(2));
  EXPECT_TRUE(absl::IsUnavailable(alone) || absl::IsDeadlineExceeded(alone)) << alone;
  cluster.Start("coverage");
  const absl::Status together = CreatePledge(cluster, sponsor_id, absl::Minutes(1));
  EXPECT_TRUE(together.ok()) << together;
}

TEST(ShutdownTest, SigtermEndsIt) {
  Cluster cluster({});
  for (const char* service : {"sponsorship", "registry", "coverage"}) {
    cluster.process(service).Terminate();
    EXPECT_EQ(cluster.WaitForEnd(service, std::chrono::minutes(1)), 0) << service;
  }
}

// Without its database a service ends soon and says so: whoever runs it starts it again. A database
// that hangs takes it hardly longer than one that is away.
TEST(StartupTest, WithoutPostgresItEndsWithAnError) {
  PostgresServer server;
  Cluster cluster({.postgres = server.url(), .start = false, .drop_databases = false});
  const auto ends = [&](const std::string& service) {
    cluster.Launch(service);
    EXPECT_EQ(cluster.WaitForEnd(service, std::chrono::minutes(1)), 1) << service;
    EXPECT_THAT(cluster.process(service).Log(), HasSubstr("lingkaran-" + service + ": "));
  };
  server.Kill();
  for (const std::string& service : ServiceNames()) ends(service);
  server.Start();
  server.Pause();
  ends("sponsorship");
  server.Resume();
  for (const std::string& service : ServiceNames()) cluster.Start(service);
  CreateSponsor(cluster);
}

}  // namespace
}  // namespace lingkaran
