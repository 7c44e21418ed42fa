// lingkaran rules
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

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

void AddList(Commands& commands, CLI::App* noun) {
  auto day = std::make_shared<int32_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "list", "The rules with their sources", "rules list --day \"2 Desember 2019\"",
      [day](Session& session) -> absl::StatusOr<ExitCode> {
        coverage::v1::ListRulesRequest request;
        request.set_day(*day);
        coverage::v1::ListRulesResponse reply;
        RETURN_IF_ERROR(
            session.Call(session.coverage(), &CoverageStub::ListRules, request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintRules(out, reply); }));
        return kYes;
      });
  AddDay(verb, "--day", day.get(), "Only what is in force on this day");
}

void AddReload(Commands& commands, CLI::App* noun) {
  commands.Verb(noun, "reload", "Let coverage read its rules again; faulty rules change nothing",
                "rules reload", [](Session& session) -> absl::StatusOr<ExitCode> {
                  coverage::v1::ReloadRulesResponse reply;
                  RETURN_IF_ERROR(session.Call(session.coverage(), &CoverageStub::ReloadRules,
                                               coverage::v1::ReloadRulesRequest(), &reply));
                  RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
                    out << "Aturan " << reply.rules_version() << " berlaku (sebelumnya "
                        << reply.previous_rules_version() << ").\n";
                  }));
                  return kYes;
                });
}

}  // namespace

void AddRulesCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("rules", "The rules as data");
  AddList(commands, noun);
  AddReload(commands, noun);
}

}  // namespace lingkaran::cli
