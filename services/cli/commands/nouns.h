// One function per noun: declares its verbs.
#pragma once

#include "services/cli/session/command.h"

namespace lingkaran::cli {

void AddAgencyCommands(Commands& commands);
void AddBatchCommands(Commands& commands);
void AddWorkerCommands(Commands& commands);
void AddSponsorCommands(Commands& commands);
void AddPledgeCommands(Commands& commands);
void AddPaymentCommands(Commands& commands);
void AddAllocationCommands(Commands& commands);
void AddCoverCommands(Commands& commands);
void AddCheckCommands(Commands& commands);
void AddBenefitCommands(Commands& commands);
void AddReportCommands(Commands& commands);
void AddContributionCommands(Commands& commands);
void AddRulesCommands(Commands& commands);
void AddKeysCommands(Commands& commands);
void AddReconcileCommands(Commands& commands);
void AddOutboxCommands(Commands& commands);
// The later life of a pledge: replacement, refund, continuation, statement.
void AddPledgeChanges(Noun& noun);

}  // namespace lingkaran::cli
