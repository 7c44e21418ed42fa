#include "services/sponsorship/workflow/contribution_workflow.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {

using sql::Tx;

std::string ContributionKey(int64_t contribution_id) {
  return absl::StrCat("contribution/", contribution_id);
}

void ContributionWorkflow::Register() {
  context_.outbox->Register("contribute", [this](const OutboxMessage& m) { return Deliver(m); });
}

absl::StatusOr<int64_t> ContributionWorkflow::Start(Tx& tx, const ContributionRow& contribution,
                                                    const std::vector<ContributionLineRow>& lines) {
  const int64_t id = InsertContribution(tx, contribution, lines);
  InsertReceipt(tx,
                {.bank_reference = contribution.bank_reference,
                 .kind = "contribution",
                 .contribution_id = id,
                 .amount = contribution.amount,
                 .applied = contribution.amount,
                 .value_day = DayNumber(context_.Today())},
                context_.Now());
  RETURN_IF_ERROR(Post(tx, ContributionPaid(id, contribution.amount, contribution.bank_reference),
                       context_.Now()));
  context_.outbox->Put(tx, ContributionKey(id), "contribute", absl::StrCat(id));
  return id;
}

absl::StatusOr<Outbox::Commit> ContributionWorkflow::Deliver(const OutboxMessage& message) {
  int64_t id = 0;
  if (!absl::SimpleAtoi(message.body, &id)) return WorkItemDamaged();
  ContributionRow contribution;
  std::vector<ActivationOrder> orders;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    orders.clear();
    ASSIGN_OR_RETURN(contribution, GetContribution(tx, id));
    ASSIGN_OR_RETURN(const std::vector<ContributionLineRow> lines, ListContributionLines(tx, id));
    for (const ContributionLineRow& line : lines) {
      orders.push_back({line.worker_id, line.first_day, line.schedule.months()});
    }
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const Activation activation,
                   context_.peers->Activate(message.request_id, {contribution.payer_class, 0, id},
                                            contribution.wage_base, contribution.sector, orders,
                                            /*after=*/""));
  return [this, id, activation](Tx& tx) { return Commit(tx, id, activation); };
}

absl::Status ContributionWorkflow::Commit(Tx& tx, int64_t contribution_id,
                                          const Activation& activation) {
  ASSIGN_OR_RETURN(ContributionRow contribution, GetContribution(tx, contribution_id));
  ASSIGN_OR_RETURN(std::vector<ContributionLineRow> lines,
                   ListContributionLines(tx, contribution_id));
  Rupiah spent;
  for (size_t i = 0; i < lines.size(); ++i) {
    ContributionLineRow& line = lines[i];
    const Activation::Result& result = activation.results[i];
    if (!result.status.ok()) {
      const RefusalRow error = RefusalOf(line.worker_id, result.status);
      line.code = error.code;
      line.error_reason = error.reason;
      line.message = error.message;
      continue;
    }
    line.cover_first_day = result.first_day;
    line.cover_last_day = result.last_day;
    spent += line.schedule.PerSeat();
  }
  contribution.unused = contribution.amount - spent;
  contribution.token = activation.token;
  FinishContribution(tx, contribution, lines);
  if (spent > Rupiah()) {
    RETURN_IF_ERROR(Post(tx, ContributionSpent(contribution_id, spent), context_.Now()));
  }
  if (contribution.unused > Rupiah()) {
    RETURN_IF_ERROR(
        Post(tx, ContributionUnused(contribution_id, contribution.unused), context_.Now()));
  }
  NotifyAfterCommit(tx, context_);
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
