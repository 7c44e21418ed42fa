#include "tests/kill/audit.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/sql/database.h"
#include "services/cli/reconcile/reconciler.h"
#include "tests/kill/places.h"
#include "tests/workload/oracle.h"

namespace lingkaran::kill {
namespace {

namespace ov = ops::v1;

constexpr char kAuditor[] = "auditor;role=admin";

// Paid, and not there to whom it was paid for; or the other way round.
workload::Fault FaultOf(const ReconcileDifference& difference) {
  switch (difference.kind) {
    case ReconcileDifference::Kind::kPaidNotCovered:
    case ReconcileDifference::Kind::kMemberMissing:
      return workload::Fault::kLost;
    case ReconcileDifference::Kind::kCoveredNotPaid:
    case ReconcileDifference::Kind::kTwice:
      return workload::Fault::kDoubled;
    default:
      return workload::Fault::kOther;
  }
}

// On connections that end with it: a service that starts again finds its store as the killed one
// left it.
void CompareStores(const Cluster& cluster, const workload::Facts& facts,
                   const std::function<void(workload::Fault, const std::string&)>& report) {
  std::map<std::string, std::unique_ptr<sql::Database>> databases;
  for (const std::string& service : ServiceNames()) {
    auto opened = sql::Database::Open({.url = cluster.Database(service), .connections = 1});
    if (!opened.ok()) return report(workload::Fault::kOther, opened.status().ToString());
    databases[service] = *std::move(opened);
  }
  workload::CheckEnd(
      {[&](const std::string& service) -> sql::Database& { return *databases.at(service); },
       report},
      facts);
}

// OK if nothing is owed, UNAVAILABLE if something is, an error if it won't be delivered.
absl::Status LookAtOwed(Stubs& stubs) {
  for (auto& [service, stub] : stubs.operations) {
    ov::ListOwedResponse owed;
    CallOptions options;
    options.actor = kAuditor;
    RETURN_IF_ERROR(AskUntilKnown(options, absl::Seconds(20), nullptr,
                                  [&, &stub = stub](grpc::ClientContext* context) {
                                    return stub->ListOwed(context, {}, &owed);
                                  }));
    const std::vector<std::string>& kinds = OwedKinds(service);
    for (const ov::OwedRow& row : owed.rows()) {
      if (std::find(kinds.begin(), kinds.end(), row.kind()) == kinds.end()) {
        return absl::InternalError(absl::StrCat("the list of places lacks the kind ", row.kind()));
      }
    }
    // The rows and their number are read one after the other.
    const std::string first = owed.rows().empty() ? "" : owed.rows(0).ShortDebugString();
    if (owed.parked() > 0) {
      return absl::InternalError(absl::StrCat(service, " gave up on: ", first));
    }
    if (owed.waiting() > 0) {
      return absl::UnavailableError(absl::StrCat(service, " still owes: ", first));
    }
  }
  return absl::OkStatus();
}

// Waits until nothing is owed; the error says what is under way, or what was given up on.
absl::Status WaitUntilSettled(Stubs& stubs, absl::Duration bound) {
  const absl::Time end = absl::Now() + bound;
  while (true) {
    const absl::Status status = LookAtOwed(stubs);
    if (!absl::IsUnavailable(status) || absl::Now() >= end) return status;
    absl::SleepFor(absl::Milliseconds(10));  // other processes are awaited
  }
}

}  // namespace

Verdict Audit(const Cluster& cluster, Stubs& stubs, World& world, absl::Duration bound) {
  Verdict verdict;
  const auto report = [&](workload::Fault fault, const std::string& what) {
    ++(fault == workload::Fault::kLost      ? verdict.lost
       : fault == workload::Fault::kDoubled ? verdict.doubled
                                            : verdict.faults);
    if (verdict.difference.empty()) verdict.difference = what;
  };
  if (const absl::Status settled = WaitUntilSettled(stubs, bound); !settled.ok()) {
    report(workload::Fault::kOther, settled.ToString());
    return verdict;
  }
  CompareStores(cluster, world.ledger.facts(), report);
  for (const Acknowledged& entry : world.TakeJournal()) {
    if (const std::string wrong = entry.again(); !wrong.empty()) {
      report(workload::Fault::kLost,
             absl::StrCat("the answer to ", entry.method, " with the same request_id: ", wrong));
    }
  }
  ReconcileSummary summary;
  const absl::Status books =
      Reconcile(*stubs.operations.at("registry"), *stubs.operations.at("sponsorship"),
                *stubs.operations.at("coverage"), kAuditor, {.wait = bound}, &summary);
  if (!books.ok()) report(FaultOf(summary.difference), books.ToString());
  if (!world.failure().empty()) report(workload::Fault::kOther, world.failure());
  return verdict;
}

}  // namespace lingkaran::kill
