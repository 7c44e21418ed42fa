// A hot pledge: many callers give seats of one pledge to named workers, one worker a call.
//
// Measured inside one process, from the handler's desk down to the commit: the request is digested,
// the group is formed, and request_ids, seats, money, event, outbox row and reply are committed
// with full durability. Grouped and single (groups of one call: a commit each) run the same code
// with the same callers, in turns, each turn on a fresh pledge; medians of the turns. gRPC and the
// delivery to registry and coverage are not in these figures; a third figure, for comparison, is
// taken through gRPC with all three services at work.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/rpc/client.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "sponsorship_schema.h"
#include "tests/bench/check/figures.h"
#include "tests/support/ask.h"
#include "tests/support/cluster.h"
#include "tests/support/requests.h"
#include "tests/support/sponsorship_host.h"
#include "tests/support/test_database.h"

namespace lingkaran::bench {
namespace {

namespace sv1 = sponsorship::v1;

constexpr int kSeats = 1'000'000;

// Seconds of CPU that this process has used.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Settings {
  int callers = 512;
  int rounds = 5;
  double seconds = 1;
};

// Calls `one(caller, number)` from so many threads until the time is over; calls per second. Ends
// the program with the first error that it gives.
template <typename One>
double Rate(const Settings& settings, int callers, One one) {
  std::mutex mutex;
  absl::Status error;
  std::atomic<bool> stop{false};
  std::atomic<int64_t> done{0};
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      for (int64_t number = 0; !stop; ++number) {
        const absl::Status status = one(caller, number);
        if (!status.ok()) {
          std::lock_guard<std::mutex> lock(mutex);
          error = status;
          stop = true;
        }
        ++done;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(settings.seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  if (!error.ok()) Fail(error.ToString());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(done.load()) / took.count();
}

// As random as NewRequestId, and cheaper: making ids is the callers' work, not the service's.
std::string RequestId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return absl::StrFormat("%016x-%016x", random(), random());
}

struct Speed {
  double rate = 0;  // calls per second
  double cpu = 0;   // microseconds of a call in this process
};

// One turn: all callers at one desk, on a pledge of their own.
Speed Turn(sql::Database& database, const Settings& settings, SponsorshipHost::Bounds bounds) {
  SponsorshipHost host(database, nullptr, bounds);
  const int64_t pledge = host.PaidPledge(kSeats, kSeats);
  std::atomic<int64_t> accepted{0};
  const double cpu = CpuSeconds();
  const double rate = Rate(settings, settings.callers, [&](int caller, int64_t number) {
    const int64_t worker = 1 + caller + number * settings.callers;
    const auto answer = host.Allocate(pledge, {worker}, RequestId());
    accepted += answer.ok();
    return answer.status();
  });
  const Speed speed{rate, (CpuSeconds() - cpu) * 1e6 / static_cast<double>(accepted.load())};
  const Rupiah reserved = host.Pledge(pledge).funds.reserved;
  if (reserved != Rupiah(SponsorshipHost::kSeatPrice) * accepted.load()) Fail("the money is off");
  return speed;
}

// Adds the figures of one database; their keys end with `suffix`.
void Measure(sql::Dialect dialect, const Settings& settings, const std::string& name,
             const std::string& suffix, Figures& out) {
  Series grouped, single, grouped_cpu, single_cpu;
  for (int round = 0; round < settings.rounds; ++round) {
    TestDatabase database = MakeTestDatabase(dialect, sponsorship::Schema());
    const Speed together = Turn(*database.db, settings, {});
    const Speed alone = Turn(*database.db, settings, {.calls = 1, .weight = 1});
    grouped.Add(together.rate);
    grouped_cpu.Add(together.cpu);
    single.Add(alone.rate);
    single_cpu.Add(alone.cpu);
    const absl::Status closes =
        database.db->Read([](sql::Tx& tx) { return sponsorship::AuditLedger(tx); });
    if (!closes.ok()) Fail(closes.ToString());
    std::fprintf(stderr, "%s, round %d of %d: %.0f grouped, %.0f single\n", name.c_str(), round + 1,
                 settings.rounds, together.rate, alone.rate);
  }
  out.Add("grouped_per_s" + suffix, name + ", grouped commits (calls/s)", grouped);
  out.Add("single_per_s" + suffix, "  one commit each (calls/s)", single);
  out.Add("grouped_vs_single" + suffix, "  grouped / single", grouped.Median() / single.Median(),
          Bar::kAtLeast, 20);
  out.Add("grouped_cpu_us" + suffix, "  CPU of a grouped call here (us)", grouped_cpu);
  out.Add("single_cpu_us" + suffix, "  CPU of a single call here (us)", single_cpu);
}

const CallOptions kOfficer{.actor = "bench;role=officer"};

template <typename Request, typename Response>
Response Must(Cluster& cluster, StubMethod<sv1::SponsorshipService::Stub, Request, Response> rpc,
              const Request& request) {
  auto response = AskWithRetry(cluster.sponsorship(), rpc, request, kOfficer);
  if (!response.ok()) Fail(response.status().ToString());
  return *std::move(response);
}

// Through gRPC and with the services behind. The workers are unknown to the registry, so that all
// of them are refused there and their seats are free again.
double ThroughGrpc(const Settings& settings, const std::string& postgres) {
  Cluster cluster({.postgres = postgres, .clock = "2019-11-07T08:00:00+07:00"});
  using Stub = sv1::SponsorshipService::Stub;
  const int64_t sponsor_id =
      Must(cluster, &Stub::CreateSponsor, NewSponsor()).sponsor().sponsor_id();
  sv1::CreatePledgeRequest pledge = NewPledge(sponsor_id, kSeats, /*months=*/1);
  pledge.clear_programmes();
  pledge.add_programmes(common::v1::PROGRAMME_JKK);
  const sv1::Pledge made = Must(cluster, &Stub::CreatePledge, pledge).pledge();
  Must(cluster, &Stub::RecordPayment, PaymentFor(made));
  constexpr int kCallers = 64;
  return Rate(settings, kCallers, [&](int caller, int64_t number) {
    sv1::AllocatePledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(made.pledge_id());
    request.add_worker_ids(1'000'000'000 + caller + number * kCallers);
    // Who is sent away for the load comes again.
    absl::Status status;
    do {
      status =
          AskWithRetry(cluster.sponsorship(), &Stub::AllocatePledge, request, kOfficer).status();
    } while (ReasonOf(status) == Reason::kOverloaded);
    return status;
  });
}

}  // namespace
}  // namespace lingkaran::bench

int main(int argc, char** argv) {
  CLI::App app("Many small allocations on one pledge");
  std::string postgres, json;
  lingkaran::bench::Settings settings;
  app.add_option("--postgres", postgres, "URL of a PostgreSQL server")->required();
  app.add_option("--json", json, "Where to write the figures");
  app.add_option("--rounds", settings.rounds, "Medians are taken over so many");
  app.add_option("--callers", settings.callers, "Callers at once");
  app.add_option("--turn-seconds", settings.seconds, "How long a turn lasts");
  CLI11_PARSE(app, argc, argv);
  setenv("LINGKARAN_TEST_POSTGRES", postgres.c_str(), 1);
  lingkaran::SetUpLog("bench", lingkaran::Severity::kWarning);

  lingkaran::bench::Figures figures;
  using lingkaran::sql::Dialect;
  lingkaran::bench::Measure(Dialect::kSqlite, settings, "SQLite", "", figures);
  lingkaran::bench::Measure(Dialect::kPostgres, settings, "PostgreSQL", "_postgres", figures);
  const std::string what = "through gRPC, all three services, ";
  figures.Add("grpc_per_s", what + "SQLite (calls/s)", lingkaran::bench::ThroughGrpc(settings, ""));
  figures.Add("grpc_per_s_postgres", what + "PostgreSQL (calls/s)",
              lingkaran::bench::ThroughGrpc(settings, postgres));
  figures.Print();
  if (!json.empty()) figures.WriteJson(json);
  return 0;
}
