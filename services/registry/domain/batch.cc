#include "services/registry/domain/batch.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "services/registry/domain/errors.h"

namespace lingkaran::registry {
namespace {

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
    RowAnswer answer;
    answer.line = row.line;
    answer.content = row.content;
    answer.findings = row.candidate.findings;
    if (!Repeats(row, answer)) {
      CheckNumber(row, answer);
      const bool errors = HasErrors(answer.findings);
      answer.status = errors ? RowStatus::kRejected : RowStatus::kAccepted;
      if (!errors) Propose(index, answer);
    }
    Count(answer);
    decision_.fresh.push_back(index);
    decision_.rows.push_back(std::move(answer));
    return absl::OkStatus();
  }

  ChunkDecision Take() && { return std::move(decision_); }

 private:
  // True if the row is about a person of an earlier row, list or membership; fills the answer.
  bool Repeats(const PreparedRow& row, RowAnswer& answer) {
    if (!row.nik_hash) return false;
    if (const auto here = accepted_here_.find(*row.nik_hash); here != accepted_here_.end()) {
      decision_.same_as.emplace_back(decision_.rows.size(), here->second);
      answer.worker_id = decision_.rows[here->second].worker_id;
      return Duplicate(answer, FindingCode::kDuplicateInList, decision_.rows[here->second].line);
    }
    const auto found = known_.workers.find(*row.nik_hash);
    if (found == known_.workers.end()) return false;
    const Worker& worker = found->second;
    if (worker.state == WorkerState::kRefused || worker.state == WorkerState::kWithdrawn) {
      return false;
    }
    if (worker.agency_id == decision_.batch.agency_id) answer.worker_id = worker.worker_id;
    if (worker.state == WorkerState::kDeceased) {
      answer.findings.insert(answer.findings.begin(), FindingOf(FindingCode::kDeceased));
      answer.status = RowStatus::kRejected;
      return true;
    }
    if (worker.batch_id == decision_.batch.batch_id) {
      return Duplicate(answer, FindingCode::kDuplicateInList, worker.line);
    }
    const bool member = worker.state == WorkerState::kEnrolled || worker.IsMemberElsewhere();
    return Duplicate(answer,
                     member ? FindingCode::kAlreadyMember : FindingCode::kDuplicateCandidate, 0);
  }

  static bool Duplicate(RowAnswer& answer, FindingCode code, int32_t other_line) {
    answer.findings.insert(answer.findings.begin(), FindingOf(code));
    answer.status = RowStatus::kDuplicate;
    answer.other_line = other_line;
    return true;
  }

  // A member from before must bring a number that nobody else has.
  void CheckNumber(const PreparedRow& row, RowAnswer& answer) {
    const std::string& number = row.candidate.membership_number;
    if (number.empty() || HasErrors(row.candidate.findings)) return;
    if (const auto own = known_.workers.find(*row.nik_hash);
        own != known_.workers.end() && own->second.membership_number == number) {
      return;
    }
    if (known_.taken_numbers.contains(number) || !numbers_here_.insert(number).second) {
      answer.findings.insert(answer.findings.begin(),
                             FindingOf(FindingCode::kMembershipNumberTaken));
    }
  }

  void Propose(size_t index, RowAnswer& answer) {
    const PreparedRow& row = rows_[index];
    Proposal proposal{index, nullptr};
    if (const auto back = known_.workers.find(*row.nik_hash); back != known_.workers.end()) {
      proposal.known = &back->second;
      answer.worker_id = back->second.worker_id;
    } else {
      ++decision_.new_workers;
    }
    accepted_here_.emplace(*row.nik_hash, decision_.rows.size());
    decision_.proposals.push_back(proposal);
  }

  void Count(const RowAnswer& answer) {
    Batch& batch = decision_.batch;
    switch (answer.status) {
      case RowStatus::kAccepted:
        ++batch.accepted_rows;
        if (!answer.findings.empty()) ++batch.warned_rows;
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
  absl::flat_hash_map<NikHash, size_t> accepted_here_;
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
    return ListTakesNoRows(batch);
  }
  ChunkDecider decider(batch, rows, known);
  for (size_t i = 0; i < rows.size(); ++i) RETURN_IF_ERROR(decider.Add(i));
  ChunkDecision decision = std::move(decider).Take();
  Batch& after = decision.batch;
  if (after.received_rows() > batch.declared_rows) return TooManyRows(batch);
  if (complete && after.received_rows() < batch.declared_rows) {
    return TooFewRows(after);
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
    worker.nik_hash = *row.nik_hash;
    worker.create_time = now;
  }
  // The number of an earlier enrolment here stays; one from elsewhere is as this list says.
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
    return batch.state == BatchState::kOpen ? ListNotComplete(batch) : ListReviewed(batch);
  }
  if (batch.SentBy(review.actor)) {
    return ReviewerSubmitted(batch);
  }
  if (!review.approve && review.reason.empty()) {
    return InvalidField("reason", "say why the list is rejected");
  }
  if (review.approve) {
    const Evidence& evidence = review.evidence;
    if (!evidence.working_attested || !evidence.healthy_attested || evidence.attested_by.empty()) {
      return EvidenceMissing(batch);
    }
    const absl::StatusOr<Day> attested = DayFromNumber(evidence.attested_day);
    if (!attested.ok() || *attested > review.today ||
        *attested < review.today - review.evidence_max_age_days) {
      return EvidenceTooOld(batch, review.evidence_max_age_days);
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
