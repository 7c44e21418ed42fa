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
  double most = 0;  // the worst of all rounds counts: this is a promise, no average
  // A round in which the warm start was over before anybody asked says nothing.
  for (int round = 0, told = 0; told < setting.rounds && round < 10 * setting.rounds; ++round) {
    // There is room for all, and the one who is asked about comes last in the warm start.
    CoverageServer server(
        setting, {.database = setting.Nation(members), .near_members = members + members / 50});
    std::vector<std::unique_ptr<v1::CoverageService::Stub>> stubs;
    for (int i = 0; i < kConnections; ++i) {
      stubs.push_back(v1::CoverageService::NewStub(OwnConnection(server.address())));
    }
    AskAtOnce(server, setting.verdicts, members, stubs);
    const double statements = server.Metric(kStatements);
    most = std::max(most, statements);
    told += statements > 0;
  }
  if (most == 0) Fail("the warm start was over before anybody asked, in every round");
  setting.figures.Add("stampede_statements", "SQL statements, 1,000 callers miss one person", most,
                      Bar::kAtMost, 1);
}

}  // namespace lingkaran::bench
