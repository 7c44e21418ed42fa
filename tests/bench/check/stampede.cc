#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/calls.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {
namespace {

namespace v1 = coverage::v1;

constexpr int64_t kMembers = 1'000'000;
constexpr int kCallers = 1'000;
constexpr int kConnections = 8;
constexpr char kStatements[] = "lingkaran_event_total{name=\"check_statement\"}";
// Until all calls have left this process and wait in the sockets of a server that is stopped.
constexpr std::chrono::milliseconds kOnTheirWay(300);

struct Caller {
  grpc::ClientContext context;
  v1::CheckEligibilityRequest request;
  v1::CheckEligibilityResponse response;
};

// All ask about one person before the service sees the first of them.
void AskAtOnce(CoverageServer& server, const Verdicts& verdicts, int64_t worker_id,
               std::vector<std::unique_ptr<v1::CoverageService::Stub>>& stubs) {
  std::vector<Caller> callers(kCallers);
  std::atomic<int> answered = 0;
  server.process().Pause();
  for (int i = 0; i < kCallers; ++i) {
    Caller& caller = callers[i];
    caller.request.mutable_person()->set_nik(NikOf(worker_id));
    PrepareCall(caller.context);
    stubs[i % kConnections]->async()->CheckEligibility(
        &caller.context, &caller.request, &caller.response,
        [&answered](const grpc::Status& status) {
          if (!status.ok()) Fail("a check failed: " + status.error_message());
          ++answered;
          answered.notify_one();
        });
  }
  std::this_thread::sleep_for(kOnTheirWay);
  server.process().Resume();
  for (int seen = 0; seen < kCallers; seen = answered) answered.wait(seen);
  for (const Caller& caller : callers) verdicts.Judge(worker_id, caller.response);
}

}  // namespace

void MeasureStampede(Setting& setting) {
  const int64_t members = setting.AtMost(kMembers);
  // Room for a thousandth of the nation, so that whoever is asked about is not there.
  CoverageServer server(setting, {.database = setting.Nation(members),
                                  .near_members = std::max<int64_t>(64, members / 1'000)});
  std::vector<std::unique_ptr<v1::CoverageService::Stub>> stubs;
  for (int i = 0; i < kConnections; ++i) {
    stubs.push_back(v1::CoverageService::NewStub(OwnConnection(server.address())));
    // Each connection is there, and the service has settled.
    OneCheck(server.address(), setting.verdicts).AskRight(1);
    grpc::ClientContext context;
    PrepareCall(context);
    v1::CheckEligibilityRequest request;
    v1::CheckEligibilityResponse response;
    request.mutable_person()->set_nik(NikOf(1));
    if (!stubs[i]->CheckEligibility(&context, request, &response).ok()) Fail("a check failed");
  }
  Series statements;
  for (int round = 0; round < setting.rounds; ++round) {
    const double before = server.Metric(kStatements);
    AskAtOnce(server, setting.verdicts, Asked(int64_t{1} << 40 | round, members), stubs);
    statements.Add(server.Metric(kStatements) - before);
  }
  // The worst of all rounds counts: this is a promise, no average.
  const double most = statements.At(1);
  setting.figures.Add("stampede_statements", "SQL statements, 1,000 callers miss one person", most,
                      Bar::kAtMost, 1);
}

}  // namespace lingkaran::bench
