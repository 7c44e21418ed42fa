// The book of a service as its audit reads it: plain values that know neither the wire nor the
// database. Contract: proto/lingkaran/ops/v1/ops.proto, which says what each line means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace lingkaran {

// What one source of money, a pledge or a contribution (the other is 0), comes to. Whole rupiah.
// What a service does not know stays 0.
struct AuditTotal {
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
  int64_t received = 0;
  int64_t available = 0;
  int64_t reserved = 0;
  int64_t refunded = 0;
  int64_t moved_to_credit = 0;
  int64_t spent = 0;
  int64_t person_months = 0;
  bool under_way = false;
  int64_t last_transaction = 0;
};

// A paid person-month.
struct AuditMonth {
  int programme = 0;  // number of lingkaran.common.v1.Programme
  int32_t month = 0;  // yyyymm
  int64_t amount = 0;
  friend bool operator==(const AuditMonth&, const AuditMonth&) = default;
};

// What a source pays for one worker.
struct AuditWorker {
  int64_t worker_id = 0;
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
  std::vector<AuditMonth> months;  // by programme and month
};

// A member.
struct AuditMember {
  int64_t worker_id = 0;
  int64_t version = 0;
  std::string membership_number;
  bool owed = false;
  bool registering = false;
};

// What else the audit counted.
struct AuditCounts {
  int64_t owed = 0;     // rows of the outbox
  int64_t entries = 0;  // journal entries, person-months or list rows that were added
};

// Where an audit puts what it reads. An error means that nobody wants the rest: pass it on.
class AuditLines {
 public:
  virtual ~AuditLines() = default;
  // Something that does not add up. `text` holds ids and amounts, never personal data.
  virtual absl::Status Finding(const std::string& text) = 0;
  // By pledge_id and contribution_id; before all workers.
  virtual absl::Status Total(const AuditTotal& total) = 0;
  // By pledge_id, contribution_id and worker_id; before all members.
  virtual absl::Status Worker(const AuditWorker& worker) = 0;
  // By worker_id.
  virtual absl::Status Member(const AuditMember& member) = 0;
};

// Wants to know only whether the book adds up: INTERNAL with the first finding.
class FirstFault final : public AuditLines {
 public:
  absl::Status Finding(const std::string& text) override { return absl::InternalError(text); }
  absl::Status Total(const AuditTotal&) override { return absl::OkStatus(); }
  absl::Status Worker(const AuditWorker&) override { return absl::OkStatus(); }
  absl::Status Member(const AuditMember&) override { return absl::OkStatus(); }
};

}  // namespace lingkaran
