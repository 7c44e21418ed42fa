#include "services/sponsorship/workflow/replacement_workflow.h"

#include <algorithm>
#include <limits>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/seats.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

std::string Reference(int64_t replacement_id) {
  return absl::StrCat("replacement/", replacement_id);
}

void SetError(ReplacementLineRow& line, const absl::Status& status) {
  const RefusalRow error = RefusalOf(line.worker_id, status);
  line.state = ReplacementState::kDone;
  line.code = error.code;
  line.error_reason = error.reason;
  line.message = error.message;
}

// Body of a replace_revoke row: "<replacement> <line> <line> ...".
struct RevokeItem {
  int64_t replacement_id = 0;
  std::vector<int> lines;
};

absl::StatusOr<RevokeItem> RevokeItemFromText(const std::string& text) {
  RevokeItem step;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ' ');
  bool ok = parts.size() > 1 && absl::SimpleAtoi(parts[0], &step.replacement_id);
  for (size_t i = 1; i < parts.size(); ++i) {
    ok = absl::SimpleAtoi(parts[i], &step.lines.emplace_back()) && ok;
  }
  if (!ok) return absl::DataLossError("a step of the outbox can't be read");
  return step;
}

// The line whose seat it is; every worker of a request holds another seat.
ReplacementLineRow* LineOfSeat(std::vector<ReplacementLineRow>& lines, int seat_number) {
  for (ReplacementLineRow& line : lines) {
    if (line.state == ReplacementState::kToFill && line.seat_number == seat_number) return &line;
  }
  return nullptr;
}

}  // namespace

std::string ReplacementKey(int64_t pledge_id) { return absl::StrCat("replace/", pledge_id); }

void ReplacementWorkflow::Register() {
  context_.outbox->Register("replace_revoke", [this](const OutboxMessage& m) { return Revoke(m); });
  context_.outbox->Register("replace_enrol", [this](const OutboxMessage& m) { return Enrol(m); });
  context_.outbox->Register("replace_activate",
                            [this](const OutboxMessage& m) { return Activate(m); });
}

absl::StatusOr<int64_t> ReplacementWorkflow::Start(Tx& tx, const PledgeRow& pledge,
                                                   std::vector<ReplacementLineRow> lines) {
  std::map<std::string, std::string> steps;  // by reason, for the history at coverage
  for (size_t i = 0; i < lines.size(); ++i) {
    ReplacementLineRow& line = lines[i];
    line.line = static_cast<int>(i);
    const std::optional<SeatOfWorker> held = FindSeat(tx, pledge.pledge_id, line.worker_id);
    if (!held.has_value()) {
      SetError(line, Error(absl::StatusCode::kFailedPrecondition, Reason::kSeatNotHeld,
                           "the worker holds no seat of this pledge"));
      continue;
    }
    if (held->busy != 0) {
      SetError(line, Error(absl::StatusCode::kFailedPrecondition, Reason::kAllocationRunning,
                           "the seat is being worked on; ask again with a new request_id when that "
                           "has ended"));
      continue;
    }
    const absl::StatusOr<int> cut = CutOf(pledge.schedule, held->seat, line.from_month);
    if (!cut.ok()) {
      SetError(line, cut.status());
      continue;
    }
    line.seat_number = held->seat.seat_number;
    line.cut = *cut;
    line.to = held->seat.paid_to;
    absl::StrAppend(&steps[line.reason], " ", line.line);
  }
  ReplacementRow replacement;
  replacement.pledge_id = pledge.pledge_id;
  replacement.done = steps.empty();
  replacement.create_time = absl::ToUnixMillis(context_.Now());
  const int64_t id = InsertReplacement(tx, replacement, lines);
  for (const ReplacementLineRow& line : lines) {
    if (line.state != ReplacementState::kDone) SetBusy(tx, pledge.pledge_id, line.seat_number, id);
  }
  for (const auto& [reason, numbers] : steps) {
    context_.outbox->Put(tx, ReplacementKey(pledge.pledge_id), "replace_revoke",
                         absl::StrCat(id, numbers));
  }
  return id;
}

absl::StatusOr<ReplacementWorkflow::Work> ReplacementWorkflow::Lock(Tx& tx,
                                                                    int64_t replacement_id) const {
  Work work;
  ASSIGN_OR_RETURN(work.replacement, GetReplacement(tx, replacement_id));
  ASSIGN_OR_RETURN(work.pledge, LockPledge(tx, work.replacement.pledge_id));
  work.lines = ListReplacementLines(tx, replacement_id);
  return work;
}

absl::StatusOr<ReplacementWorkflow::Work> ReplacementWorkflow::Load(int64_t replacement_id) const {
  Work work;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(work.replacement, GetReplacement(tx, replacement_id));
    ASSIGN_OR_RETURN(work.pledge, GetPledge(tx, work.replacement.pledge_id));
    work.lines = ListReplacementLines(tx, replacement_id);
    return absl::OkStatus();
  }));
  return work;
}

ReplacementWorkflow::Settled ReplacementWorkflow::Revoke(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(const RevokeItem step, RevokeItemFromText(message.body));
  ASSIGN_OR_RETURN(const Work work, Load(step.replacement_id));
  std::vector<int64_t> workers;
  std::vector<int32_t> from_months;
  for (int number : step.lines) {
    workers.push_back(work.lines[number].worker_id);
    // Where the seat is cut, not what was asked for: of an earlier seat of this pledge he may have
    // kept months that stand before.
    from_months.push_back(work.pledge.schedule.at(work.lines[number].cut).month);
  }
  ASSIGN_OR_RETURN(const Revocation revocation,
                   context_.peers->Revoke(
                       message.request_id, {work.pledge.payer_class, work.pledge.pledge_id, 0},
                       workers, from_months, work.lines[step.lines.front()].reason));
  return [this, step, revocation](Tx& tx) {
    return SettleRevocation(tx, step.replacement_id, step.lines, revocation);
  };
}

absl::Status ReplacementWorkflow::SettleRevocation(Tx& tx, int64_t replacement_id,
                                                   const std::vector<int>& lines,
                                                   const Revocation& revocation) {
  ASSIGN_OR_RETURN(Work work, Lock(tx, replacement_id));
  const int64_t pledge_id = work.pledge.pledge_id;
  std::vector<SeatChange> changes;
  Rupiah taken_back;
  for (size_t i = 0; i < lines.size(); ++i) {
    ReplacementLineRow& line = work.lines[lines[i]];
    const HeldSeat seat{line.seat_number, line.worker_id, false, line.cut, line.to};
    RETURN_IF_ERROR(CheckRevoked(work.pledge.schedule, seat, line.cut, revocation.revoked[i]));
    taken_back += work.pledge.schedule.Price(line.cut, line.to);
    VacateSeat(tx, pledge_id, line.seat_number, line.cut, replacement_id);
    changes.push_back({line.worker_id, 0});
    line.state = ReplacementState::kToFill;
    UpdateReplacementLine(tx, replacement_id, line);
  }
  AddSeatsFilled(tx, pledge_id, -static_cast<int>(lines.size()));
  RETURN_IF_ERROR(Post(tx, sponsorship::Revoke(pledge_id, taken_back, Reference(replacement_id)),
                       context_.Now()));
  work.replacement.token = revocation.token;
  CacheSeats(tx, context_, pledge_id, std::move(changes));
  const bool more_to_revoke = std::any_of(
      work.lines.begin(), work.lines.end(),
      [](const ReplacementLineRow& line) { return line.state == ReplacementState::kToRevoke; });
  if (!more_to_revoke) return Continue(tx, work);
  UpdateReplacement(tx, work.replacement);
  return absl::OkStatus();
}

ReplacementWorkflow::Settled ReplacementWorkflow::Enrol(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(WorkItem step, WorkItemFromText(message.body));
  ASSIGN_OR_RETURN(const Work work, Load(step.owner_id));
  std::vector<int64_t> workers;
  for (const Slot& slot : step.slots) workers.push_back(slot.worker_id);
  ASSIGN_OR_RETURN(const Enrolment enrolment,
                   context_.peers->Enrol(message.request_id, work.pledge.pledge_id, workers));
  return [this, step, enrolment](Tx& tx) { return SettleEnrolment(tx, step, enrolment); };
}

absl::Status ReplacementWorkflow::SettleEnrolment(Tx& tx, const WorkItem& step,
                                                  const Enrolment& enrolment) {
  ASSIGN_OR_RETURN(Work work, Lock(tx, step.owner_id));
  WorkItem enrolled{step.owner_id, step.number, enrolment.token, {}};
  std::vector<RefusalRow> refusals;
  for (size_t i = 0; i < step.slots.size(); ++i) {
    const Slot& slot = step.slots[i];
    if (!enrolment.statuses[i].ok()) {
      refusals.push_back(RefusalOf(slot.worker_id, enrolment.statuses[i]));
      continue;
    }
    ReplacementLineRow* line = LineOfSeat(work.lines, slot.seat_number);
    if (line == nullptr) return absl::InternalError("a replacement's seat has no line");
    line->membership_number = enrolment.membership_numbers[i];
    UpdateReplacementLine(tx, step.owner_id, *line);
    enrolled.slots.push_back(slot);
  }
  RETURN_IF_ERROR(RecordRefusals(tx, work, refusals));
  if (enrolled.slots.empty()) return Continue(tx, work);
  context_.outbox->Put(tx, ReplacementKey(work.pledge.pledge_id), "replace_activate",
                       WorkItemToText(enrolled));
  return absl::OkStatus();
}

ReplacementWorkflow::Settled ReplacementWorkflow::Activate(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(WorkItem step, WorkItemFromText(message.body));
  ASSIGN_OR_RETURN(const Work work, Load(step.owner_id));
  const PledgeRow& pledge = work.pledge;
  ASSIGN_OR_RETURN(
      const Activation activation,
      context_.peers->Activate(message.request_id, {pledge.payer_class, pledge.pledge_id, 0},
                               pledge.wage_base, pledge.sector,
                               OrdersOf(pledge.schedule, step.slots), step.token));
  return [this, step, activation](Tx& tx) { return SettleActivation(tx, step, activation); };
}

absl::Status ReplacementWorkflow::SettleActivation(Tx& tx, const WorkItem& step,
                                                   const Activation& activation) {
  ASSIGN_OR_RETURN(Work work, Lock(tx, step.owner_id));
  const PriceSchedule& schedule = work.pledge.schedule;
  const int64_t pledge_id = work.pledge.pledge_id;
  std::vector<SeatFill> fills;
  std::vector<SeatChange> changes;
  std::vector<RefusalRow> refusals;
  Rupiah spent;
  for (size_t i = 0; i < step.slots.size(); ++i) {
    const Slot& slot = step.slots[i];
    const Activation::Result& result = activation.results[i];
    if (!result.status.ok()) {
      refusals.push_back(RefusalOf(slot.worker_id, result.status));
      continue;
    }
    ReplacementLineRow* line = LineOfSeat(work.lines, slot.seat_number);
    if (line == nullptr) return absl::InternalError("a replacement's seat has no line");
    line->state = ReplacementState::kDone;
    line->new_worker_id = slot.worker_id;
    line->moved = schedule.Price(slot.from, slot.to);
    UpdateReplacementLine(tx, step.owner_id, *line);
    fills.push_back({slot.seat_number, slot.worker_id, slot.disabled, slot.from, slot.to,
                     result.first_day, result.last_day, slot.to < schedule.size()});
    changes.push_back({slot.worker_id, slot.seat_number});
    spent += line->moved;
  }
  FillSeats(tx, pledge_id, fills);
  AddSeatsFilled(tx, pledge_id, static_cast<int>(fills.size()));
  if (spent > Rupiah()) {
    RETURN_IF_ERROR(Post(tx, Spend(pledge_id, spent, Reference(step.owner_id)), context_.Now()));
  }
  work.replacement.token = activation.token;
  RETURN_IF_ERROR(RecordRefusals(tx, work, refusals));
  CacheSeats(tx, context_, pledge_id, std::move(changes));
  return Continue(tx, work);
}

absl::Status ReplacementWorkflow::Continue(Tx& tx, Work& work) {
  const int64_t id = work.replacement.replacement_id;
  std::vector<ReplacementLineRow*> waiting;
  for (ReplacementLineRow& line : work.lines) {
    if (line.state == ReplacementState::kToFill) waiting.push_back(&line);
  }
  std::vector<Ranked> reserve;
  std::optional<AllocationRow> draw = LatestDraw(tx, work.pledge.pledge_id);
  if (draw.has_value() && !waiting.empty()) {
    reserve = TakeReserve(tx, *draw, static_cast<int>(waiting.size()));
  }
  WorkItem step{id, ++work.replacement.rounds, "", {}};
  for (size_t i = 0; i < waiting.size(); ++i) {
    ReplacementLineRow& line = *waiting[i];
    if (i >= reserve.size()) {
      RETURN_IF_ERROR(EndWithoutNewcomer(tx, work, line));
      continue;
    }
    const int32_t first_day = FirstCoveredDay(
        work.pledge.first_day, work.pledge.schedule.at(line.cut).month, context_.Today());
    step.slots.push_back({line.seat_number, reserve[i].worker_id, reserve[i].disabled, false,
                          line.cut, line.to, first_day});
  }
  if (step.slots.empty()) {
    work.replacement.done = true;
  } else {
    TakeSeats(tx, work.pledge.pledge_id, step.slots, /*first_new=*/std::numeric_limits<int>::max(),
              id);
    context_.outbox->Put(tx, ReplacementKey(work.pledge.pledge_id), "replace_enrol",
                         WorkItemToText(step));
  }
  UpdateReplacement(tx, work.replacement);
  NotifyAfterCommit(tx, context_);
  return absl::OkStatus();
}

std::vector<Ranked> ReplacementWorkflow::TakeReserve(Tx& tx, AllocationRow& draw, int count) {
  std::vector<Ranked> reserve;
  std::vector<RefusalRow> refusals;
  while (static_cast<int>(reserve.size()) < count) {
    const std::vector<Ranked> next =
        ListDraw(tx, draw.allocation_id, draw.drawn, count - static_cast<int>(reserve.size()));
    if (next.empty()) break;
    std::vector<int64_t> workers;
    for (const Ranked& one : next) workers.push_back(one.worker_id);
    const absl::flat_hash_set<int64_t> seated = Seated(tx, draw.pledge_id, workers);
    for (const Ranked& one : next) {
      if (seated.contains(one.worker_id)) {
        refusals.push_back(RefusalOf(one.worker_id, SeatHeld(one.worker_id)));
      } else {
        reserve.push_back(one);
      }
    }
    draw.drawn += static_cast<int>(next.size());
  }
  InsertRefusals(tx, draw.allocation_id, draw.refused, refusals);
  draw.refused += static_cast<int>(refusals.size());
  UpdateAllocation(tx, draw);
  return reserve;
}

absl::Status ReplacementWorkflow::EndWithoutNewcomer(Tx& tx, const Work& work,
                                                     ReplacementLineRow& line) {
  const int64_t pledge_id = work.pledge.pledge_id;
  SetError(line, Error(absl::StatusCode::kFailedPrecondition, Reason::kReserveEmpty,
                       "nobody is left on the reserve list; the seat is free and its money is "
                       "available again"));
  line.released = work.pledge.schedule.Price(line.cut, line.to);
  UpdateReplacementLine(tx, work.replacement.replacement_id, line);
  SetBusy(tx, pledge_id, line.seat_number, 0);
  return Post(tx, Release(pledge_id, line.released, Reference(work.replacement.replacement_id)),
              context_.Now());
}

absl::Status ReplacementWorkflow::RecordRefusals(Tx& tx, const Work& work,
                                                 const std::vector<RefusalRow>& refusals) {
  std::optional<AllocationRow> draw = LatestDraw(tx, work.pledge.pledge_id);
  if (!draw.has_value() || refusals.empty()) return absl::OkStatus();
  InsertRefusals(tx, draw->allocation_id, draw->refused, refusals);
  draw->refused += static_cast<int>(refusals.size());
  UpdateAllocation(tx, *draw);
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
