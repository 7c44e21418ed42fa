// lingkaran benefit
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/person.h"

namespace lingkaran::cli {
namespace {

void PrintBenefit(std::ostream& out, const coverage::v1::EstimateBenefitResponse& reply) {
  Table table({"Bagian", ">Jumlah", "Dasar"});
  for (const coverage::v1::BenefitLine& line : reply.lines()) {
    table.Row({line.label(), MoneyText(line.amount_rupiah()), line.rule_source()});
  }
  table.Row({"Jumlah", MoneyText(reply.total_rupiah()), ""});
  out << "Peristiwa pada " << DayText(reply.day()) << ", santunan " << Label(reply.level());
  if (reply.level() == coverage::v1::BENEFIT_LEVEL_REDUCED) out << ": " << Label(reply.reason());
  out << '\n';
  table.Print(out);
  for (const std::string& note : reply.notes()) out << Wrapped(note, 2);
}

}  // namespace

void AddBenefitCommands(Commands& commands) {
  Noun noun = commands.AddNoun("benefit", "What a family gets");
  AddPerson(
      noun.AddRpc("estimate", "What is due for an event on a day",
                  "benefit estimate --worker 17 --event natural-death --day \"2 Desember 2019\"",
                  &CoverageStub::EstimateBenefit, PrintBenefit))
      .Options({{"--event", "event", "What happened", kRequired},
                {"--day", "day", "On which day, today unless given"}});
}

}  // namespace lingkaran::cli
