// What several commands print about pledges.
#pragma once

#include <ostream>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"

namespace lingkaran::cli {

void PrintQuote(std::ostream& out, const coverage::v1::QuoteContributionResponse& quote, int seats);
void PrintFunds(std::ostream& out, const sponsorship::v1::Funds& funds);
void PrintPledge(std::ostream& out, const sponsorship::v1::Pledge& pledge);

}  // namespace lingkaran::cli
