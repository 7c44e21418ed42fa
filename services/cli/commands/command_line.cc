#include "services/cli/commands/command_line.h"

#include "absl/strings/strip.h"
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

void AddGlobals(CLI::App& app, Globals* globals) {
  app.add_option("--registry", globals->registry, "Address of the registry, HOST:PORT or unix:PATH")
      ->envname("LINGKARAN_REGISTRY");
  app.add_option("--sponsorship", globals->sponsorship, "Address of sponsorship")
      ->envname("LINGKARAN_SPONSORSHIP");
  app.add_option("--coverage", globals->coverage, "Address of coverage")
      ->envname("LINGKARAN_COVERAGE");
  app.add_option("--actor", globals->actor,
                 "Who you are: \"NAME;role=officer\" or \"NAME;role=agency;agency=3\"")
      ->envname("LINGKARAN_ACTOR");
  app.add_flag("--json", globals->json, "Replies as JSON, one object per line");
  Repeatable(
      app.add_option("--field", globals->fields,
                     "Only this value of the reply, e.g. pledge.invoice.payment_code; repeatable"));
  app.add_option("--json-to", globals->json_to, "Write the replies as JSON into this file as well");
  app.add_option("--timeout", globals->timeout_seconds, "Seconds for each call")
      ->check(Positive())
      ->capture_default_str();
  app.add_option("--request-id", globals->request_id,
                 "Id of this change; the same id repeats a command safely")
      ->check([](const std::string& id) {
        return id.size() <= 40 ? std::string() : std::string("paling banyak 40 huruf");
      });
  app.add_flag("--progress", globals->progress, "A progress bar even if this is no terminal");
}

// Leaves CLI11's names of types (TEXT, INT) out of --help, which says itself what is written.
void HideTypes(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) option->type_name("");
  for (CLI::App* below : app.get_subcommands([](CLI::App*) { return true; })) HideTypes(*below);
}

// CLI11's complaint about a command line in Indonesian; its words are stable within a release.
std::string UsageText(const CLI::App& app, const CLI::ParseError& error) {
  const std::string what = error.what();
  const std::string& kind = error.get_name();
  if (kind == "RequiredError") {
    const std::vector<std::string> rest = app.remaining(true);
    if (what.find("subcommand") == std::string::npos) {
      return what.substr(0, what.find(' ')) + " belum diisi.";
    }
    if (rest.empty()) return "perintahnya belum lengkap.";
    return "perintah \"" + rest.front() + "\" tidak dikenal.";
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {  // its name is the command
    return "tidak dikenal: " + what.substr(what.find(": ") + 2) + ".";
  }
  if (kind == "ArgumentMismatch") {
    if (what.find(" required ") != std::string::npos) {
      return what.substr(0, what.find(':')) + " memerlukan nilai.";
    }
    return "jumlah nilainya keliru: " + what + ".";
  }
  if (kind == "ConversionError") {
    return "bukan angka: " + std::string(absl::StripPrefix(what, "Could not convert: ")) + ".";
  }
  return what;
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("Lingkaran: sponsored work accident and death cover for vulnerable workers.",
               "lingkaran");
  app.footer(kFooter);
  app.set_version_flag("--version", VersionLine("lingkaran"));
  app.set_version_flag("--version", VersionLine("lingkaran"));
  app.require_subcommand(1);
  app.fallthrough();
  Globals globals;
  AddGlobals(app, &globals);
  Commands commands(app);
  for (const auto add :
       {AddAgencyCommands, AddBatchCommands, AddWorkerCommands, AddSponsorCommands,
        AddPledgeCommands, AddPaymentCommands, AddAllocationCommands, AddCoverCommands,
        AddCheckCommands, AddBenefitCommands, AddReportCommands, AddContributionCommands,
        AddRulesCommands, AddKeysCommands, AddReconcileCommands, AddOutboxCommands}) {
    add(commands);
  }
  HideTypes(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, out, err);
    const CLI::App* at = &app;  // the command that was being typed
    std::string path = "lingkaran";
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
      path += " " + at->get_name();
    }
    err << "Masukan keliru: " << UsageText(app, error) << "\nLihat: " << path << " --help\n";
    return kBadInput;
  }
  Session session(globals, out, err);
  const absl::StatusOr<ExitCode> result = commands.chosen()(session);
  if (result.ok()) return *result;
  err << DescribeError(result.status(), globals.json) << '\n';
  const ExitCode code = ExitCodeOf(result.status());
  if (code == kUnreachable && !session.RepeatHint().empty()) err << session.RepeatHint() << '\n';
  return code;
}

}  // namespace lingkaran::cli
