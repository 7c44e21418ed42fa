#include "services/sponsorship/workflow/replacement_workflow.h"

#include <algorithm>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/seats.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

// Body of a replace_revoke row: "<replacement> <line> <line> ...".
struct RevokeItem {
  int64_t replacement_id = 0;
  std::vector<int> lines;
};

absl::StatusOr<RevokeItem> ReadRevokeItem(const std::string& text) {
  RevokeItem item;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ' ');
  bool ok = parts.size() > 1 && absl::SimpleAtoi(parts[0], &item.replacement_id);
  for (size_t i = 1; i < parts.size(); ++i) {
    ok = absl::SimpleAtoi(parts[i], &item.lines.emplace_back()) && ok;
  }
  if (!ok) return WorkItemDamaged();
  return item;
}

}  // namespace

void ReplacementWorkflow::Register() {
  context_.outbox->Register("replace_revoke", [this](const OutboxMessage& m) { return Revoke(m); });
}

absl::StatusOr<int64_t> ReplacementWorkflow::Start(Tx& tx, const PledgeRow& pledge,
                                                   std::vector<ReplacementLineRow> lines) {
  std::map<std::string, std::string> items;  // by reason, for the history at coverage
  for (size_t i = 0; i < lines.size(); ++i) {
    ReplacementLineRow& line = lines[i];
    line.line = static_cast<int>(i);
    const std::optional<HeldSeat> held = FindSeat(tx, pledge.pledge_id, line.worker_id);
    BeginLine(pledge.schedule, held.has_value() ? &*held : nullptr, line);
    if (line.state != ReplacementState::kDone) absl::StrAppend(&items[line.reason], " ", line.line);
  }
  const int64_t id = InsertReplacement(tx,
                                       {.pledge_id = pledge.pledge_id,
                                        .done = items.empty(),
                                        .create_time = absl::ToUnixMillis(context_.Now())},
                                       lines);
  for (const ReplacementLineRow& line : lines) {
    if (line.state == ReplacementState::kDone) continue;
    ClaimSeat(tx, pledge.pledge_id, line.seat_number, {ClaimedBy::Kind::kReplacement, id});
  }
  for (const auto& [reason, numbers] : items) {
    context_.outbox->Put(tx, ReplacementKey(pledge.pledge_id), "replace_revoke",
                         absl::StrCat(id, numbers));
  }
  return id;
}

absl::StatusOr<Outbox::Commit> ReplacementWorkflow::Revoke(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(const RevokeItem item, ReadRevokeItem(message.body));
  const ClaimedBy owner{ClaimedBy::Kind::kReplacement, item.replacement_id};
  ASSIGN_OR_RETURN(const FillState state, fill_->Load(owner));
  const PledgeRow& pledge = state.pledge;
  std::vector<int64_t> workers;
  std::vector<int32_t> from_months;
  for (const int number : item.lines) {
    workers.push_back(state.lines[number].worker_id);
    // Where the seat is cut, not what was asked for: of an earlier seat of this pledge the worker
    // may have kept months that stand before.
    from_months.push_back(pledge.schedule.at(state.lines[number].cut).month);
  }
  ASSIGN_OR_RETURN(
      const Revocation revocation,
      context_.peers->Revoke(message.request_id, {pledge.payer_class, pledge.pledge_id, 0}, workers,
                             from_months, state.lines[item.lines.front()].reason));
  return [this, owner, item, revocation](Tx& tx) {
    return CommitRevocation(tx, owner, item.lines, revocation);
  };
}

absl::Status ReplacementWorkflow::CommitRevocation(Tx& tx, const ClaimedBy& owner,
                                                   const std::vector<int>& lines,
                                                   const Revocation& revocation) {
  ASSIGN_OR_RETURN(FillState state, fill_->Lock(tx, owner));
  ASSIGN_OR_RETURN(const Decision decision, DecideRevocation(state, lines, revocation));
  RETURN_IF_ERROR(fill_->Save(tx, state, decision));
  const bool more_to_revoke = std::any_of(
      state.lines.begin(), state.lines.end(),
      [](const ReplacementLineRow& line) { return line.state == ReplacementState::kToRevoke; });
  if (!more_to_revoke) return fill_->Continue(tx, state);
  UpdateReplacement(tx, state.replacement);
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
