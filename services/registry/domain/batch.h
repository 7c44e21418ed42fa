// A batch: one list of an agency, with its decree, its control total and its review. Pure.
//
// accepted + rejected + duplicate = rows received, and = declared once the batch is submitted.
#pragma once

#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/registry/domain/candidate_parser.h"
#include "services/registry/domain/worker.h"

namespace lingkaran::registry {

inline constexpr int32_t kMaxDeclaredRows = 1'000'000;
inline constexpr int kMaxChunkRows = 2'000;

// Numbers of lingkaran.registry.v1.AgencyKind.
enum class AgencyKind : int8_t { kSocialAgency = 1, kVillage = 2, kLabourAgency = 3, kBranch = 4 };
inline constexpr int kLastAgencyKind = 4;

// An office that proposes, verifies, enrols or asks.
struct Agency {
  int64_t agency_id = 0;
  std::string name;
  AgencyKind kind{};
  std::string region_code;
  absl::Time create_time;
};

// Numbers of lingkaran.registry.v1.BatchState.
enum class BatchState : int8_t { kOpen = 1, kSubmitted = 2, kApproved = 3, kRejected = 4 };

// Numbers of lingkaran.registry.v1.RowStatus.
enum class RowStatus : int8_t { kAccepted = 1, kRejected = 2, kDuplicate = 3 };

// Dated proof that the people of a list work and are not ill.
struct Evidence {
  bool working_attested = false;
  bool healthy_attested = false;
  std::string attested_by;
  int32_t attested_day = 0;
  std::string document;

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Batch {
  int64_t batch_id = 0;
  int64_t agency_id = 0;
  BatchKind kind = BatchKind::kCandidates;
  std::string decree_number;
  int32_t decree_day = 0;
  int32_t declared_rows = 0;
  BatchState state = BatchState::kOpen;
  int32_t list_day = 0;  // day on which it was opened, where the agency is: ages count on it
  int32_t accepted_rows = 0;
  int32_t rejected_rows = 0;
  int32_t duplicate_rows = 0;
  int32_t warned_rows = 0;
  std::vector<std::string> senders;  // who opened it or sent rows, in that order
  std::string reviewed_by;
  absl::Time review_time = absl::UnixEpoch();
  std::string review_reason;
  Evidence evidence;
  absl::Time create_time = absl::UnixEpoch();

  int32_t received_rows() const { return accepted_rows + rejected_rows + duplicate_rows; }
  bool SentBy(std::string_view actor) const;

  friend bool operator==(const Batch&, const Batch&) = default;
};

// The answer to a row: what stands in the table, and what the sender is told.
struct RowAnswer {
  int32_t line = 0;
  RowStatus status{};
  int64_t worker_id = 0;   // as the sender may see it: 0 for another agency's
  int32_t other_line = 0;  // the earlier line of the same person
  std::vector<Finding> findings;
  std::string content;  // keyed hash of ContentOf, text form
};

// A row of a chunk, read and hashed.
struct PreparedRow {
  int32_t line = 0;
  std::string content;              // as in RowAnswer
  std::optional<NikHash> nik_hash;  // none if the NIK can't be read
  PlainPersonalData personal;       // empty if the row has errors
  Candidate candidate;              // its person is empty: it stands in `personal`
};

// What is known of the people and lines of a chunk when it is decided.
struct KnownFacts {
  absl::flat_hash_map<int32_t, RowAnswer> rows;    // lines sent before
  absl::flat_hash_map<NikHash, Worker> workers;    // personal may be left out
  absl::flat_hash_set<std::string> taken_numbers;  // membership numbers that somebody has
};

// A worker to write: of row `index` in the chunk, new or returning.
struct Proposal {
  size_t index = 0;
  const Worker* known = nullptr;  // null: new, gets the next id
};

struct ChunkDecision {
  std::vector<RowAnswer> rows;                     // one per row of the chunk, in its order
  std::vector<size_t> fresh;                       // which of them are not in the table yet
  std::vector<Proposal> proposals;                 // in the order of the chunk
  size_t new_workers = 0;                          // proposals without a known worker
  std::vector<std::pair<size_t, size_t>> same_as;  // rows that repeat an accepted row of the chunk
  Batch batch;                                     // after the chunk
  bool changed = false;                            // false: a repetition, nothing to write
};

// Decides the rows of a chunk. Call AssignIds before using worker ids. Errors:
//   FAILED_PRECONDITION/BATCH_STATE     reviewed already;
//   FAILED_PRECONDITION/CONTROL_TOTAL   more rows than declared, or complete with fewer;
//   INVALID_ARGUMENT/LINE_CHANGED       a line was sent before with other content.
absl::StatusOr<ChunkDecision> DecideChunk(const Batch& batch, absl::Span<const PreparedRow> rows,
                                          const KnownFacts& known, bool complete,
                                          std::string_view actor);

// Gives the new workers the ids from `first_id` on, and rows that repeat them the same.
void AssignIds(ChunkDecision& decision, int64_t first_id);

// The worker that a proposal makes of its row; `personal` is still to be sealed.
Worker ProposedWorker(const Proposal& proposal, int64_t worker_id, const PreparedRow& row,
                      const Batch& batch, absl::Time now);

// What a reviewer decided.
struct Review {
  bool approve = false;
  std::string reason;
  Evidence evidence;
  std::string actor;
  absl::Time time;
  Day today;                      // where the agency is
  int evidence_max_age_days = 0;  // by the rules of today
};

// The batch after its review. FAILED_PRECONDITION/BATCH_STATE, FOUR_EYES, EVIDENCE_REQUIRED;
// INVALID_FIELD for a missing reason.
absl::StatusOr<Batch> DecideReview(Batch batch, const Review& review);

}  // namespace lingkaran::registry
