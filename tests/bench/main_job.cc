// The main job at scale: import, allocation and activation of 100,000 workers.
//
// Prints a table and writes a flat JSON object. Import on PostgreSQL alternates with a plain COPY
// of the same rows into the same indexed table; medians of the rounds.
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "services/cli/reconcile/reconciler.h"
#include "tests/bench/check/figures.h"
#include "tests/support/candidate.h"
#include "tests/support/cluster.h"
#include "tests/support/requests.h"

namespace lingkaran::bench {
namespace {

namespace rv1 = registry::v1;
namespace sv1 = sponsorship::v1;

constexpr int kChunk = 2000;
constexpr char kClock[] =
    "2019-11-07T08:00:00+07:00";  // the generated people are young enough then

double Seconds(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

void Check(const grpc::Status& status, const char* what) {
  if (!status.ok())
    Fail(absl::StrCat(what, ": ", status.error_code(), " ", status.error_message()));
}

// Calls a unary RPC as a branch officer.
template <typename Stub, typename Request, typename Response>
Response Ask(Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
             const Request& request, const char* what, const char* officer = "bench") {
  grpc::ClientContext context;
  CallOptions options;
  options.actor = absl::StrCat(officer, ";role=officer");
  options.timeout = absl::Minutes(5);
  Prepare(context, options);
  Response response;
  Check((stub.*rpc)(&context, request, &response), what);
  return response;
}

int64_t OpenBatch(Cluster& cluster, int rows) {
  using Registries = rv1::RegistryService::Stub;
  const int64_t agency_id =
      Ask(cluster.registry(), &Registries::CreateAgency, NewAgency(), "agency")
          .agency()
          .agency_id();
  return Ask(cluster.registry(), &Registries::CreateBatch, NewBatch(agency_id, rows), "batch")
      .batch()
      .batch_id();
}

// Sends the chunks on one stream, reading the answers beside; seconds until the last answer.
double Import(Cluster& cluster, const std::vector<rv1::SubmitCandidatesRequest>& chunks, int rows) {
  grpc::ClientContext context;
  CallOptions options;
  options.actor = "dinsos;role=officer";
  options.timeout = absl::Minutes(5);
  Prepare(context, options);
  const auto start = std::chrono::steady_clock::now();
  auto stream = cluster.registry().SubmitCandidates(&context);
  std::thread sender([&] {
    for (const auto& chunk : chunks) {
      if (!stream->Write(chunk)) break;
    }
    stream->WritesDone();
  });
  int answered = 0, accepted = 0;
  rv1::SubmitCandidatesResponse response;
  while (stream->Read(&response)) {
    answered += response.results_size();
    accepted = response.batch().accepted_rows();
  }
  sender.join();
  Check(stream->Finish(), "import");
  if (answered != rows || accepted != rows) {
    Fail(absl::StrCat("import: ", answered, " rows answered, ", accepted, " accepted of ", rows));
  }
  return Seconds(start);
}

// Seconds of a plain COPY of the imported workers into an empty table with the same indexes.
double PlainCopy(const std::string& url) {
  PGconn* connection = PQconnectdb(url.c_str());
  PQclear(PQexec(connection, "CREATE TABLE copy_target (LIKE workers INCLUDING ALL)"));
  std::string rows;
  PQclear(PQexec(connection, "COPY workers TO STDOUT"));
  char* line = nullptr;
  for (int n; (n = PQgetCopyData(connection, &line, 0)) > 0; PQfreemem(line)) rows.append(line, n);
  while (PGresult* result = PQgetResult(connection)) PQclear(result);
  const auto start = std::chrono::steady_clock::now();
  PQclear(PQexec(connection, "COPY copy_target FROM STDIN"));
  constexpr size_t kPart = 1 << 20;
  for (size_t at = 0; at < rows.size(); at += kPart) {
    PQputCopyData(connection, rows.data() + at,
                  static_cast<int>(std::min(kPart, rows.size() - at)));
  }
  PQputCopyEnd(connection, nullptr);
  PGresult* result = PQgetResult(connection);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) {
    Fail(absl::StrCat("COPY: ", PQerrorMessage(connection)));
  }
  const double seconds = Seconds(start);
  PQclear(result);
  PQfinish(connection);
  return seconds;
}

void Approve(Cluster& cluster, int64_t batch_id) {
  Ask(cluster.registry(), &rv1::RegistryService::Stub::ReviewBatch, ApprovalOf(batch_id), "review",
      "reviewer");
}

// Pledges and pays `seats`, allocates them, and gives the seconds of allocation with activation.
double Allocate(Cluster& cluster, int seats) {
  using Sponsorships = sv1::SponsorshipService::Stub;
  const int64_t sponsor_id =
      Ask(cluster.sponsorship(), &Sponsorships::CreateSponsor, NewSponsor(), "sponsor")
          .sponsor()
          .sponsor_id();
  sv1::CreatePledgeRequest pledge = NewPledge(sponsor_id, seats, /*months=*/3);
  pledge.mutable_criteria()->set_disabled_first(true);
  const sv1::Pledge made =
      Ask(cluster.sponsorship(), &Sponsorships::CreatePledge, pledge, "pledge").pledge();
  Ask(cluster.sponsorship(), &Sponsorships::RecordPayment, PaymentFor(made), "payment");

  const auto start = std::chrono::steady_clock::now();
  sv1::WatchAllocationRequest watch;
  watch.set_allocation_id(Ask(cluster.sponsorship(), &Sponsorships::AllocatePledge,
                              AllocationOf(made.pledge_id()), "allocate")
                              .allocation()
                              .allocation_id());
  grpc::ClientContext context;
  CallOptions options;
  options.actor = "bench;role=officer";
  options.timeout = absl::Minutes(10);
  Prepare(context, options);
  auto stream = cluster.sponsorship().WatchAllocation(&context, watch);
  sv1::WatchAllocationResponse progress;
  while (stream->Read(&progress)) {
  }
  Check(stream->Finish(), "watch");
  const double seconds = Seconds(start);
  if (progress.allocation().state() != sv1::ALLOCATION_STATE_COMPLETE ||
      progress.allocation().seats_filled() != seats) {
    Fail(absl::StrCat("allocation filled ", progress.allocation().seats_filled(), " of ", seats,
                      " seats"));
  }
  return seconds;
}

// Adds all books anew and compares them; in how many seconds.
double Audit(Cluster& cluster, int seats) {
  const auto start = std::chrono::steady_clock::now();
  ReconcileSummary summary;
  const absl::Status status = Reconcile(
      cluster.operations("registry"), cluster.operations("sponsorship"),
      cluster.operations("coverage"), "bench;role=officer", {.wait = absl::Minutes(1)}, &summary);
  const double seconds = Seconds(start);
  if (!status.ok() || summary.report.workers() != seats || summary.report.rounds() != 1) {
    Fail(absl::StrCat("audit of ", seats, " seats: ", status.ToString(), ", ",
                      summary.report.workers(), " workers in ", summary.report.rounds(),
                      " rounds"));
  }
  return seconds;
}

Figures Measure(const std::string& postgres, int rows, int rounds, double story_seconds) {
  Series sqlite, server, copy, allocation, audit_sqlite, audit_postgres;
  double peak_mb = 0;
  for (int round = 0; round < rounds; ++round) {
    std::fprintf(stderr, "round %d of %d\n", round + 1, rounds);
    {
      Cluster cluster({.clock = kClock});
      const int64_t batch_id = OpenBatch(cluster, rows);
      sqlite.Add(rows / Import(cluster, CandidateList(batch_id, 0, rows, 10, kChunk), rows));
      Approve(cluster, batch_id);
      allocation.Add(rows / Allocate(cluster, rows));
      audit_sqlite.Add(Audit(cluster, rows));
      peak_mb = std::max(peak_mb, cluster.PeakMegabytes());
    }
    Cluster cluster({.postgres = postgres, .clock = kClock});
    const int64_t batch_id = OpenBatch(cluster, rows);
    server.Add(rows / Import(cluster, CandidateList(batch_id, 0, rows, 10, kChunk), rows));
    copy.Add(rows / PlainCopy(cluster.Database("registry")));
    Approve(cluster, batch_id);
    Allocate(cluster, rows);
    audit_postgres.Add(Audit(cluster, rows));
    peak_mb = std::max(peak_mb, cluster.PeakMegabytes());
  }
  Figures out;
  out.Add("import_rows_per_s_sqlite", "import, SQLite (rows/s)", sqlite, Bar::kAtLeast, 25'000);
  out.Add("import_rows_per_s_postgres", "import, PostgreSQL (rows/s)", server);
  out.Add("copy_rows_per_s_postgres", "plain COPY, same table (rows/s)", copy);
  out.Add("import_vs_copy_postgres", "import / COPY, PostgreSQL", server.Median() / copy.Median(),
          Bar::kAtLeast, 0.3);
  out.Add("allocation_workers_per_s", "allocation and activation (workers/s)", allocation,
          Bar::kAtLeast, 5'000);
  out.Add("story_1000_workers_s", "story of 1,000 workers, steps 1-9 (s)", story_seconds,
          Bar::kAtMost, 3);
  out.Add("audit_s_sqlite", "audit of all books, SQLite (s)", audit_sqlite);
  out.Add("audit_s_postgres", "audit of all books, PostgreSQL (s)", audit_postgres);
  out.Add("peak_rss_mb", "largest service (MiB)", peak_mb, Bar::kAtMost, 300);
  return out;
}

}  // namespace
}  // namespace lingkaran::bench

int main(int argc, char** argv) {
  CLI::App app("Import, allocation and activation at scale");
  std::string postgres, json;
  int rows = 100000, rounds = 3;
  double story_seconds = 0;
  app.add_option("--postgres", postgres, "URL of a PostgreSQL server")->required();
  app.add_option("--json", json, "Where to write the figures");
  app.add_option("--rows", rows, "Candidates and seats");
  app.add_option("--rounds", rounds, "Medians are taken over so many");
  app.add_option("--story-seconds", story_seconds, "What the demo took for steps 1 to 9")
      ->required();
  CLI11_PARSE(app, argc, argv);

  const auto figures = lingkaran::bench::Measure(postgres, rows, rounds, story_seconds);
  figures.Print();
  if (!json.empty()) figures.WriteJson(json);
  return 0;
}
