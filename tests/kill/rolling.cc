#include "tests/kill/rolling.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/kill/audit.h"
#include "tests/kill/crew.h"
#include "tests/kill/health.h"
#include "tests/support/stack.h"

namespace lingkaran::kill {
namespace {

constexpr int kDrainSeconds = 5;
constexpr char kNow[] = "2019-11-07T08:00:00+07:00";
constexpr int kWarmUp = 60;
constexpr int kStepsBetween = 25;

// SIGTERM, the end, the next start.
absl::Status RestartOne(Stack& stack, const std::string& service, RollingReport* report) {
  HealthWatch health(stack.address(service));
  const absl::Time start = absl::Now();
  stack.process(service).Terminate();
  const std::optional<int> code =
      stack.WaitForEnd(service, std::chrono::seconds(kDrainSeconds + 5));
  const absl::Duration took = absl::Now() - start;
  report->longest_exit = std::max(report->longest_exit, took);
  if (code != 0 || took > absl::Seconds(kDrainSeconds)) {
    return absl::InternalError(absl::StrCat(service, " ended with ",
                                            code.has_value() ? absl::StrCat(*code) : "nothing",
                                            " after ", absl::FormatDuration(took)));
  }
  if (health.SaidNotServing()) ++report->not_serving_first;
  stack.Start(service);
  ++report->restarts;
  return absl::OkStatus();
}

}  // namespace

RollingReport RunRollingRestarts(const RollingPlan& plan) {
  TempDirectory time;
  std::ofstream(time.path() + "/now") << kNow << "\n";
  Stack::Options options;
  options.postgres = plan.postgres;
  options.clock = absl::StrCat("file:", time.path(), "/now");
  options.bin = plan.bin;
  options.flags = {absl::StrCat("--drain-seconds=", kDrainSeconds)};
  Stack stack(options);
  Addresses addresses;
  for (const std::string& service : ServiceNames()) addresses[service] = stack.address(service);
  World world;
  RollingReport report;
  const absl::Time end = absl::Now() + plan.seconds;
  Crew crew(addresses, &world, plan.seed, plan.clients, {.ask_again = false});
  crew.Work("");
  crew.WaitForSteps(kWarmUp, absl::Seconds(20));
  while (report.failure.empty() && absl::Now() < end &&
         (plan.restarts == 0 || report.restarts < plan.restarts)) {
    const std::string& service = ServiceNames()[report.restarts % ServiceNames().size()];
    const absl::Status status = RestartOne(stack, service, &report);
    if (report.failure.empty()) report.failure = world.failure();
    if (!status.ok() && report.failure.empty()) report.failure = status.ToString();
    if (!crew.WaitForSteps(kStepsBetween, absl::Seconds(20))) {
      report.failure = "the clients stand still after the restart of " + service;
    }
    if (report.failure.empty()) report.failure = world.failure();
    if (report.restarts % 20 == 0) {
      std::fprintf(stderr, "rolling: %d restarts, %d answers\n", static_cast<int>(report.restarts),
                   static_cast<int>(world.acknowledged + world.refused + world.checks));
    }
  }
  crew.Rest();
  report.failed_requests = world.failures;
  report.requests = world.acknowledged + world.refused + world.checks;
  Stubs stubs(addresses);
  const Verdict verdict = Audit(stubs, world, absl::Seconds(30));
  if (!verdict.ok()) {
    ++report.audit_failures;
    if (report.failure.empty()) report.failure = verdict.difference;
  }
  if (!report.failure.empty()) {
    stack.Keep();
    absl::StrAppend(&report.failure, "\n  kept: ", stack.directory());
  }
  return report;
}

}  // namespace lingkaran::kill
