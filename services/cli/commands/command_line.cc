#include "services/cli/commands/command_line.h"

#include "common/base/build_info.h"
#include "services/cli/commands/nouns.h"

namespace lingkaran::cli {
namespace {

constexpr char kFooter[] = R"(Exit codes:
  0  done, or "yes"        3  a service can't be reached; the same command may be repeated
  1  the answer is "no"    4  a service refused
  2  wrong input or file   5  no answer could be given (inner fault, verdict "unknown")

Example:
  lingkaran --registry 127.0.0.1:7101 --actor "Budi Santoso;role=officer" agency list)";

std::vector<Option> OptionsOf(Globals* globals) {
  const auto short_id = [](const std::string& id) {
    return id.size() <= 40 ? std::string() : std::string("paling banyak 40 huruf");
  };
  return {
      {"--registry", &globals->registry, "Address of the registry, HOST:PORT or unix:PATH", 0,
       nullptr, "LINGKARAN_REGISTRY"},
      {"--sponsorship", &globals->sponsorship, "Address of sponsorship", 0, nullptr,
       "LINGKARAN_SPONSORSHIP"},
      {"--coverage", &globals->coverage, "Address of coverage", 0, nullptr, "LINGKARAN_COVERAGE"},
      {"--actor", &globals->actor,
       "Who you are: \"NAME;role=officer\" or \"NAME;role=agency;agency=3\"", 0, nullptr,
       "LINGKARAN_ACTOR"},
      {"--json", &globals->json, "Replies as JSON, one object per line"},
      {"--field", &globals->fields,
       "Only this value of the reply, e.g. pledge.invoice.payment_code; repeatable", kRepeatable},
      {"--json-to", &globals->json_to, "Write the replies as JSON into this file as well"},
      {"--timeout", &globals->timeout_seconds, "Seconds for each call", kPositive | kShowDefault},
      {"--request-id", &globals->request_id,
       "Id of this change; the same id repeats a command safely", 0, short_id},
      {"--progress", &globals->progress, "A progress bar even if this is no terminal"}};
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Commands commands("Lingkaran: sponsored work accident and death cover for vulnerable workers.",
                    kFooter, VersionLine("lingkaran"));
  Globals globals;
  commands.Options(OptionsOf(&globals));
  for (const auto add :
       {AddAgencyCommands, AddBatchCommands, AddWorkerCommands, AddSponsorCommands,
        AddPledgeCommands, AddPaymentCommands, AddAllocationCommands, AddCoverCommands,
        AddCheckCommands, AddBenefitCommands, AddReportCommands, AddContributionCommands,
        AddRulesCommands, AddKeysCommands, AddReconcileCommands, AddOutboxCommands}) {
    add(commands);
  }
  if (const auto code = commands.Parse(argc, argv, out, err); code.has_value()) return *code;
  Session session(globals, out, err);
  const absl::StatusOr<ExitCode> result = commands.chosen()(session);
  if (result.ok()) return *result;
  err << DescribeError(result.status(), globals.json) << '\n';
  const ExitCode code = ExitCodeOf(result.status());
  if (code == kUnreachable && !session.RepeatHint().empty()) err << session.RepeatHint() << '\n';
  return code;
}

}  // namespace lingkaran::cli
