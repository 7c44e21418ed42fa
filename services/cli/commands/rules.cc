// lingkaran rules
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

void PrintRules(std::ostream& out, const coverage::v1::ListRulesResponse& reply) {
  Table table({"Aturan", "Sejak", "Sampai", "Isi", "Sumber", "Keyakinan"});
  for (const coverage::v1::RuleEntry& rule : reply.rules()) {
    table.Row({rule.name(), DayText(rule.valid_from()), DayText(rule.valid_to()), rule.text(),
               rule.source(), Label(rule.confidence())});
  }
  table.Print(out);
  out << "Versi aturan " << reply.rules_version() << '\n';
}

}  // namespace

void AddRulesCommands(Commands& commands) {
  Noun noun = commands.AddNoun("rules", "The rules as data");
  noun.AddRpc("list", "The rules with their sources", "rules list --day \"2 Desember 2019\"",
              &CoverageStub::ListRules, PrintRules)
      .Options({{"--day", "day", "Only what is in force on this day"}});
  noun.AddRpc("reload", "Let coverage read its rules again; faulty rules change nothing",
              "rules reload", &CoverageStub::ReloadRules, [](std::ostream& out, const auto& reply) {
                out << "Aturan " << reply.rules_version() << " berlaku (sebelumnya "
                    << reply.previous_rules_version() << ").\n";
              });
}

}  // namespace lingkaran::cli
