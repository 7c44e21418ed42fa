// The later life of a pledge: replacement, refund, continuation, statement.
#pragma once

#include "services/cli/session/command.h"

namespace lingkaran::cli {

void AddPledgeLifeCommands(Commands& commands, CLI::App* noun);

}  // namespace lingkaran::cli
