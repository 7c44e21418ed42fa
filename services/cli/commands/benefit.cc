// lingkaran benefit
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

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
  struct Options {
    PersonOptions person;
    coverage::v1::BenefitEvent event = coverage::v1::BENEFIT_EVENT_UNSPECIFIED;
    int32_t day = 0;
  };
  CLI::App* noun = commands.Noun("benefit", "What a family gets");
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "estimate", "What is due for an event on a day",
      "benefit estimate --worker 17 --event natural-death --day \"2 Desember 2019\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        coverage::v1::EstimateBenefitRequest request;
        ASSIGN_OR_RETURN(*request.mutable_person(), ToPersonRef(options->person));
        request.set_event(options->event);
        request.set_day(options->day);
        coverage::v1::EstimateBenefitResponse reply;
        RETURN_IF_ERROR(
            session.Call(session.coverage(), &CoverageStub::EstimateBenefit, request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintBenefit(out, reply); }));
        return kYes;
      });
  AddPerson(verb, &options->person);
  AddEnum(verb, "--event", &options->event, "What happened")->required();
  AddDay(verb, "--day", &options->day, "On which day, today unless given");
}

}  // namespace lingkaran::cli
