// Compares the books of the three services: money with person-months, person-months with cover,
// cover with members. It is the oracle of every test that kills, cuts or restarts, so it never
// calls a true difference "still under way", and never calls work under way a difference.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"

namespace lingkaran {

struct ReconcileOptions {
  // How long what is under way, or a service that does not answer, is waited for.
  absl::Duration wait = absl::Seconds(60);
  absl::Duration pause = absl::Milliseconds(100);  // between two looks
};

// The first thing that differs.
struct ReconcileDifference {
  enum class Kind {
    kNone,
    kFinding,          // `service` found a fault in its own book: `text`
    kSource,           // a source that coverage has person-months of and sponsorship does not know
    kMoney,            // spent rupiah of a source: sponsorship `left`, coverage `right`
    kPersonMonths,     // person-months of a source: sponsorship `left`, coverage `right`
    kPaidNotCovered,   // sponsorship paid the worker's month (`left` rupiah), coverage has it not
    kCoveredNotPaid,   // coverage has it (`right` rupiah), sponsorship did not pay it
    kAmount,           // both have it: sponsorship `left` rupiah, coverage `right`
    kTwice,            // two sources pay the same month of a worker
    kNoMember,         // a worker with cover, or a member at coverage, whom registry never enrolled
    kMemberMissing,    // enrolled by registry, unknown to coverage
    kMemberAhead,      // version at registry `left`, at coverage `right`
    kMemberBehind,     // the same, and nothing is owed
    kMembershipNumber  // of another number at coverage than at registry
  };
  Kind kind = Kind::kNone;
  std::string service = "";
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
  int64_t worker_id = 0;
  int programme = 0;  // number of lingkaran.common.v1.Programme
  int32_t month = 0;  // yyyymm
  int64_t left = 0;
  int64_t right = 0;
  std::string text = "";  // of a finding

  // In one English line.
  std::string ToString() const;
};

// What was added up, and the first thing that differs.
struct ReconcileSummary {
  ops::v1::BooksReport report;
  ReconcileDifference difference;
};

// OK if every book adds up and all agree, whatever is under way beside. Errors:
// DATA_LOSS: a true difference; the first is in the message and in `summary`. It was there with
//   nothing under way on it before, while and after it was read.
// UNAVAILABLE: not known, since time was over first: what is under way still differs, or a service
//   does not answer; the message says which and what is owed.
// Other errors are those of the services (no right to ask, ...).
absl::Status Reconcile(ops::v1::OperationsService::StubInterface& registry,
                       ops::v1::OperationsService::StubInterface& sponsorship,
                       ops::v1::OperationsService::StubInterface& coverage,
                       const std::string& actor, const ReconcileOptions& options,
                       ReconcileSummary* summary);

}  // namespace lingkaran
