#include "services/cli/session/command.h"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/build_info.h"
#include "common/base/date.h"
#include "common/base/money.h"
#include "services/cli/lists/encoding.h"
#include "services/cli/lists/list_reader.h"

namespace lingkaran::cli {
namespace {

constexpr size_t kMaxKeyFileBytes = size_t{64} << 20;

constexpr char kFooter[] = R"(Exit codes:
  0  done, or "yes"        3  a service can't be reached; the same command may be repeated
  1  the answer is "no"    4  a service refused
  2  wrong input or file   5  no answer could be given (inner fault, verdict "unknown")

Example:
  lingkaran --registry 127.0.0.1:7101 --actor "Budi Santoso;role=officer" agency list)";

// The name of an enum's first value without its last word, e.g. "AGENCY_KIND_".
std::string EnumPrefix(const google::protobuf::EnumDescriptor* type) {
  return std::string(
      absl::StripSuffix(absl::string_view(type->FindValueByNumber(0)->name()), "UNSPECIFIED"));
}

void AddGlobals(CLI::App& app, Globals* globals) {
  app.add_option("--registry", globals->registry, "Address of the registry, HOST:PORT or unix:PATH")
      ->envname("LINGKARAN_REGISTRY")
      ->type_name("");
  app.add_option("--sponsorship", globals->sponsorship, "Address of sponsorship")
      ->envname("LINGKARAN_SPONSORSHIP")
      ->type_name("");
  app.add_option("--coverage", globals->coverage, "Address of coverage")
      ->envname("LINGKARAN_COVERAGE")
      ->type_name("");
  app.add_option("--actor", globals->actor,
                 "Who you are: \"NAME;role=officer\" or \"NAME;role=agency;agency=3\"")
      ->envname("LINGKARAN_ACTOR")
      ->type_name("");
  app.add_flag("--json", globals->json, "Replies as JSON, one object per line");
  app.add_option("--field", globals->fields,
                 "Only this value of the reply, e.g. pledge.invoice.payment_code; repeatable")
      ->type_name("")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--json-to", globals->json_to, "Write the replies as JSON into this file as well")
      ->type_name("");
  app.add_option("--timeout", globals->timeout_seconds, "Seconds for each call")
      ->check(Positive())
      ->capture_default_str()
      ->type_name("");
  app.add_option("--request-id", globals->request_id,
                 "Id of this change; the same id repeats a command safely")
      ->check([](const std::string& id) {
        return id.size() <= 40 ? std::string() : std::string("paling banyak 40 huruf");
      })
      ->type_name("");
  app.add_flag("--progress", globals->progress, "A progress bar even if this is no terminal");
}

// What follows `start` in a text that begins with it; the text otherwise.
std::string After(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0 ? text.substr(start.size()) : text;
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
    return "bukan angka: " + After(what, "Could not convert: ") + ".";
  }
  return what;
}

}  // namespace

CLI::Validator Positive() {
  return CLI::Validator(
      [](std::string& text) {
        double number = 0;
        if (absl::SimpleAtod(text, &number) && number > 0) return std::string();
        return "\"" + text + "\" bukan angka di atas 0";
      },
      "");
}

CLI::App* Commands::Noun(const std::string& name, const std::string& description) {
  CLI::App* noun = root_.add_subcommand(name, description);
  noun->require_subcommand(1);
  return noun;
}

CLI::App* Commands::Verb(CLI::App* noun, const std::string& name, const std::string& description,
                         const std::string& example, Action action) {
  CLI::App* verb = noun->add_subcommand(name, description);
  verb->footer("Example:\n  lingkaran " + example);
  if (noun->get_footer() == root_.get_footer()) noun->footer(verb->get_footer());
  verb->callback([this, action = std::move(action)] { chosen_ = action; });
  return verb;
}

void Commands::Default(CLI::App* noun, const std::string& example, Action action) {
  noun->require_subcommand(0, 1);
  noun->footer("Example:\n  lingkaran " + example);
  noun->callback([this, noun, action = std::move(action)] {
    if (noun->get_subcommands().empty()) chosen_ = action;
  });
}

CLI::Option* AddDay(CLI::App* app, const std::string& flag, int32_t* day, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          flag,
          [day, flag](const std::string& text) {
            const absl::StatusOr<Day> parsed = ParseDay(text);
            if (!parsed.ok()) {
              throw CLI::ValidationError(
                  flag, "\"" + text +
                            "\" bukan tanggal; tulis 7 November 2019, 07/11/2019 atau 2019-11-07");
            }
            *day = DayNumber(*parsed);
          },
          help + ", e.g. \"7 November 2019\" or 07/11/2019")
      ->type_name("");
}

absl::StatusOr<int32_t> ParseMonth(const std::string& text) {
  for (const std::string& day : {"1 " + text, "01/" + text, text + "-01"}) {
    if (const absl::StatusOr<Day> parsed = ParseDay(day); parsed.ok()) {
      return MonthNumber(Month(*parsed));
    }
  }
  return absl::InvalidArgumentError("no month");
}

CLI::Option* AddMonth(CLI::App* app, const std::string& flag, int32_t* month,
                      const std::string& help) {
  return app
      ->add_option_function<std::string>(
          flag,
          [month, flag](const std::string& text) {
            const absl::StatusOr<int32_t> parsed = ParseMonth(text);
            if (!parsed.ok()) {
              throw CLI::ValidationError(
                  flag,
                  "\"" + text + "\" bukan bulan; tulis \"Februari 2020\", 02/2020 atau 2020-02");
            }
            *month = *parsed;
          },
          help + ", e.g. \"Februari 2020\" or 2020-02")
      ->type_name("");
}

CLI::Option* AddMoney(CLI::App* app, const std::string& flag, int64_t* rupiah,
                      const std::string& help) {
  return app
      ->add_option_function<std::string>(
          flag,
          [rupiah, flag](const std::string& text) {
            const absl::StatusOr<Rupiah> parsed = ParseRupiah(text);
            if (!parsed.ok()) {
              throw CLI::ValidationError(
                  flag, "\"" + text + "\" bukan jumlah uang; tulis Rp50.400.000 atau 50400000");
            }
            *rupiah = parsed->amount();
          },
          help + ", e.g. Rp50.400.000 or 50400000")
      ->type_name("");
}

CLI::Option* AddProgrammes(CLI::App* app, std::vector<int>* programmes) {
  return app
      ->add_option_function<std::string>(
          "--programme",
          [programmes](const std::string& text) {
            programmes->clear();
            for (const absl::string_view name : absl::StrSplit(text, ',')) {
              const std::optional<int> number =
                  EnumValue(common::v1::Programme_descriptor(),
                            std::string(absl::StripAsciiWhitespace(name)));
              if (!number.has_value()) {
                throw CLI::ValidationError(
                    "--programme",
                    "\"" + text + "\": pilih dari jkk,jkm,jht, dengan koma di antaranya");
              }
              programmes->push_back(*number);
            }
          },
          "Programmes with commas between: jkk|jkm|jht; jkk,jkm unless given")
      ->type_name("");
}

std::optional<int> EnumValue(const google::protobuf::EnumDescriptor* type,
                             const std::string& name) {
  std::string full = EnumPrefix(type);
  for (const char c : name) {
    full += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const auto* value = type->FindValueByName(full);
  if (value == nullptr || value->number() == 0) return std::nullopt;
  return value->number();
}

std::string EnumNames(const google::protobuf::EnumDescriptor* type) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() == 0) continue;
    std::string name = absl::AsciiStrToLower(type->value(i)->name().substr(prefix.size()));
    for (char& c : name) c = c == '_' ? '-' : c;
    names.push_back(std::move(name));
  }
  return absl::StrJoin(names, "|");
}

void AddPerson(CLI::App* app, PersonOptions* person) {
  app->add_option("--nik", person->nik, "The person's NIK; \"-\" reads it from standard input")
      ->type_name("");
  app->add_option("--membership", person->membership, "Membership number (KPJ)")->type_name("");
  app->add_option("--worker", person->worker_id, "The suite's id of the worker")
      ->check(Positive())
      ->type_name("");
}

absl::StatusOr<coverage::v1::PersonRef> ToPersonRef(const PersonOptions& person) {
  const int given = !person.nik.empty() + !person.membership.empty() + (person.worker_id != 0);
  if (given != 1) {
    return absl::InvalidArgumentError(
        "sebutkan satu orang dengan salah satu dari --nik, --membership, atau --worker.");
  }
  coverage::v1::PersonRef ref;
  if (person.nik == "-") {
    std::string nik;
    std::getline(std::cin, nik);
    ref.set_nik(nik);
  } else if (!person.nik.empty()) {
    ref.set_nik(person.nik);
  } else if (!person.membership.empty()) {
    ref.set_membership_number(person.membership);
  } else {
    ref.set_worker_id(person.worker_id);
  }
  return ref;
}

coverage::v1::PersonRef PersonOfKey(const std::string& key) {
  constexpr int kFewestNikDigits = 14;
  coverage::v1::PersonRef person;
  absl::string_view id = key;
  if (absl::ConsumePrefix(&id, "worker:")) {
    int64_t worker_id = 0;
    if (!absl::SimpleAtoi(id, &worker_id)) worker_id = 0;  // the service tells what is missing
    person.set_worker_id(worker_id);
    return person;
  }
  const auto digits = std::count_if(key.begin(), key.end(), absl::ascii_isdigit);
  const bool words = std::any_of(key.begin(), key.end(), absl::ascii_isalpha);
  if (digits >= kFewestNikDigits && !words) {
    person.set_nik(key);
  } else {
    person.set_membership_number(key);
  }
  return person;
}

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFileBytes(path, kMaxKeyFileBytes));
  ASSIGN_OR_RETURN(const DecodedText decoded, DecodeFile(bytes));
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(decoded.text, absl::ByAnyChar("\r\n"))) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (!text.empty()) lines.emplace_back(text);
  }
  if (lines.empty()) return absl::InvalidArgumentError("berkas " + path + " tidak berisi apa pun.");
  return lines;
}

absl::StatusOr<std::vector<int64_t>> ReadIds(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadLines(path));
  std::vector<int64_t> ids;
  for (size_t i = 0; i < lines.size(); ++i) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(lines[i], &id) || id <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("berkas ", path, ", isian ke-", i + 1,
                       " bukan nomor pekerja. Tulis satu nomor per baris."));
    }
    ids.push_back(id);
  }
  return ids;
}

int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("Lingkaran: sponsored work accident and death cover for vulnerable workers.",
               "lingkaran");
  app.footer(kFooter);
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
        AddRulesCommands, AddKeysCommands, AddAuditCommands, AddOwedCommands}) {
    add(commands);
  }
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
