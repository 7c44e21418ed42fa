#include "services/registry/domain/batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran::registry {
namespace {

absl::Status BatchError(Reason reason, const Batch& batch, std::string_view text) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, text,
               {{"batch_id", absl::StrCat(batch.batch_id)},
                {"declared_rows", absl::StrCat(batch.declared_rows)},
                {"received_rows", absl::StrCat(batch.received_rows())}});
}

// Decides the rows of one chunk one after the other.
class ChunkDecider {
 public:
  ChunkDecider(const Batch& batch, absl::Span<const PreparedRow> rows, const KnownFacts& known)
      : rows_(rows), known_(known) {
    decision_.batch = batch;
    decision_.rows.reserve(rows.size());
    accepted_here_.reserve(rows.size());
  }

  absl::Status Add(size_t index) {
    const PreparedRow& row = rows_[index];
    if (const auto sent = known_.rows.find(row.line); sent != known_.rows.end()) {
      if (sent->second.content != row.content) return LineChanged(row.line);
      decision_.rows.push_back(sent->second);
      return absl::OkStatus();
    }
    RowRecord record;
    record.line = row.line;
    record.content = row.content;
    record.findings = row.candidate.findings;
    if (!Repeats(row, record)) {
      CheckNumber(row, record);
      const bool errors = std::any_of(record.findings.begin(), record.findings.end(),
                                      [](const Finding& f) { return !IsWarning(f.code); });
      record.status = errors ? RowStatus::kRejected : RowStatus::kAccepted;
      if (!errors) Propose(index, record);
    }
    Count(record);
    decision_.fresh.push_back(index);
    decision_.rows.push_back(std::move(record));
    return absl::OkStatus();
  }

  ChunkDecision Take() && { return std::move(decision_); }

 private:
  static absl::Status LineChanged(int32_t line) {
    return Error(absl::StatusCode::kInvalidArgument, Reason::kLineChanged,
                 absl::StrCat("line ", line,
                              " was sent before with other content; "
                              "put a corrected row into a new list"),
                 {{"line_number", absl::StrCat(line)}});
  }

  // True if the row is about a person of an earlier row, list or membership; fills the record.
  bool Repeats(const PreparedRow& row, RowRecord& record) {
    if (row.nik_hash.empty()) return false;
    if (const auto here = accepted_here_.find(row.nik_hash); here != accepted_here_.end()) {
      decision_.same_as.emplace_back(decision_.rows.size(), here->second);
      record.worker_id = decision_.rows[here->second].worker_id;
      return Duplicate(record, FindingCode::kDuplicateInList, decision_.rows[here->second].line);
    }
    const auto found = known_.workers.find(row.nik_hash);
    if (found == known_.workers.end()) return false;
    const Worker& worker = found->second;
    if (worker.state == WorkerState::kRefused || worker.state == WorkerState::kWithdrawn) {
      return false;
    }
    if (worker.agency_id == decision_.batch.agency_id) record.worker_id = worker.worker_id;
    if (worker.state == WorkerState::kDeceased) {
      record.findings.insert(record.findings.begin(), FindingOf(FindingCode::kDeceased));
      record.status = RowStatus::kRejected;
      return true;
    }
    if (worker.state == WorkerState::kEnrolled || worker.IsMemberElsewhere()) {
      if (worker.batch_id != decision_.batch.batch_id) {
        return Duplicate(record, FindingCode::kAlreadyMember, 0);
      }
    }
    if (worker.batch_id == decision_.batch.batch_id) {
      return Duplicate(record, FindingCode::kDuplicateInList, worker.line);
    }
    return Duplicate(record, FindingCode::kDuplicateCandidate, 0);
  }

  static bool Duplicate(RowRecord& record, FindingCode code, int32_t other_line) {
    record.findings.insert(record.findings.begin(), FindingOf(code));
    record.status = RowStatus::kDuplicate;
    record.other_line = other_line;
    return true;
  }

  // A member from before must bring a number that nobody else has.
  void CheckNumber(const PreparedRow& row, RowRecord& record) {
    const std::string& number = row.candidate.membership_number;
    if (number.empty() || row.candidate.HasErrors()) return;
    if (const auto own = known_.workers.find(row.nik_hash);
        own != known_.workers.end() && own->second.membership_number == number) {
      return;
    }
    if (known_.taken_numbers.contains(number) || !numbers_here_.insert(number).second) {
      record.findings.insert(record.findings.begin(),
                             FindingOf(FindingCode::kMembershipNumberTaken));
    }
  }

  void Propose(size_t index, RowRecord& record) {
    const PreparedRow& row = rows_[index];
    Proposal proposal{index, nullptr};
    if (const auto back = known_.workers.find(row.nik_hash); back != known_.workers.end()) {
      proposal.known = &back->second;
      record.worker_id = back->second.worker_id;
    } else {
      ++decision_.new_workers;
    }
    accepted_here_.emplace(row.nik_hash, decision_.rows.size());
    decision_.proposals.push_back(proposal);
  }

  void Count(const RowRecord& record) {
    Batch& batch = decision_.batch;
    switch (record.status) {
      case RowStatus::kAccepted:
        ++batch.accepted_rows;
        if (!record.findings.empty()) ++batch.warned_rows;
        break;
      case RowStatus::kRejected:
        ++batch.rejected_rows;
        break;
      case RowStatus::kDuplicate:
        ++batch.duplicate_rows;
        break;
    }
  }

  const absl::Span<const PreparedRow> rows_;
  const KnownFacts& known_;
  ChunkDecision decision_;
  absl::flat_hash_map<absl::string_view, size_t> accepted_here_;  // by NIK hash
  absl::flat_hash_set<std::string> numbers_here_;
};

}  // namespace

bool Batch::SentBy(std::string_view actor) const {
  return std::find(senders.begin(), senders.end(), actor) != senders.end();
}

absl::StatusOr<ChunkDecision> DecideChunk(const Batch& batch, absl::Span<const PreparedRow> rows,
                                          const KnownFacts& known, bool complete,
                                          std::string_view actor) {
  if (batch.state == BatchState::kApproved || batch.state == BatchState::kRejected) {
    return BatchError(Reason::kBatchState, batch,
                      "the list has been reviewed; put further rows into a new list");
  }
  ChunkDecider decider(batch, rows, known);
  for (size_t i = 0; i < rows.size(); ++i) RETURN_IF_ERROR(decider.Add(i));
  ChunkDecision decision = std::move(decider).Take();
  Batch& after = decision.batch;
  if (after.received_rows() > batch.declared_rows) {
    return BatchError(Reason::kControlTotal, batch,
                      "more rows than declared; open a list with the right control total");
  }
  if (complete && after.received_rows() < batch.declared_rows) {
    return BatchError(Reason::kControlTotal, after,
                      "fewer rows than declared; send the missing rows, then complete the list");
  }
  if (complete) after.state = BatchState::kSubmitted;
  decision.changed = !decision.fresh.empty() || after.state != batch.state;
  if (decision.changed && !after.SentBy(actor)) after.senders.emplace_back(actor);
  return decision;
}

void AssignIds(ChunkDecision& decision, int64_t first_id) {
  for (const Proposal& proposal : decision.proposals) {
    if (proposal.known == nullptr) decision.rows[proposal.index].worker_id = first_id++;
  }
  for (const auto& [row, original] : decision.same_as) {
    decision.rows[row].worker_id = decision.rows[original].worker_id;
  }
}

Worker ProposedWorker(const Proposal& proposal, int64_t worker_id, const PreparedRow& row,
                      const Batch& batch, absl::Time now) {
  Worker worker;
  if (proposal.known != nullptr) {
    worker = *proposal.known;
    ++worker.version;
  } else {
    worker.worker_id = worker_id;
    worker.nik_hash = row.nik_hash;
    worker.create_time = now;
  }
  // His number from an earlier enrolment here stays; one from elsewhere is as this list says.
  if (!worker.KnownToCoverage()) worker.membership_number = row.candidate.membership_number;
  worker.state = WorkerState::kProposed;
  worker.region_code = row.candidate.region_code;
  worker.occupation = row.candidate.occupation;
  worker.sector = row.candidate.sector;
  worker.agency_id = batch.agency_id;
  worker.batch_id = batch.batch_id;
  worker.line = row.line;
  return worker;
}

absl::StatusOr<Batch> DecideReview(Batch batch, const Review& review) {
  if (batch.state != BatchState::kSubmitted) {
    return BatchError(Reason::kBatchState, batch,
                      batch.state == BatchState::kOpen
                          ? "the list is not complete yet; send its rows and complete it first"
                          : "the list has been reviewed already");
  }
  if (batch.SentBy(review.actor)) {
    return BatchError(Reason::kFourEyes, batch,
                      "who submitted a list may not review it; ask a colleague");
  }
  if (!review.approve && review.reason.empty()) {
    return InvalidField("reason", "say why the list is rejected");
  }
  if (review.approve) {
    const Evidence& evidence = review.evidence;
    if (!evidence.working_attested || !evidence.healthy_attested || evidence.attested_by.empty()) {
      return BatchError(Reason::kEvidenceRequired, batch,
                        "approval needs evidence that the workers work and are not ill, and by "
                        "whom it is given");
    }
    const absl::StatusOr<Day> attested = DayFromNumber(evidence.attested_day);
    if (!attested.ok() || *attested > review.today ||
        *attested < review.today - review.evidence_max_age_days) {
      return BatchError(
          Reason::kEvidenceRequired, batch,
          absl::StrCat("the evidence must be dated, at most ", review.evidence_max_age_days,
                       " days old and not in the future"));
    }
    batch.evidence = evidence;
  }
  batch.state = review.approve ? BatchState::kApproved : BatchState::kRejected;
  batch.review_reason = review.reason;
  batch.reviewed_by = review.actor;
  batch.review_time = review.time;
  return batch;
}

}  // namespace lingkaran::registry
