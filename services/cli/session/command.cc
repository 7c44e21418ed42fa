#include "services/cli/session/command.h"

#include <type_traits>

#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "services/cli/render/output.h"
#include "services/cli/session/fields.h"

namespace lingkaran::cli {
namespace {

using google::protobuf::FieldDescriptor;

std::string MustBePositive(const std::string& text) {
  double number = 0;
  if (absl::SimpleAtod(text, &number) && number > 0) return "";
  return "\"" + text + "\" bukan angka di atas 0";
}

CLI::Option* AddField(CLI::App* app, const Option& option, const FieldOf& place) {
  const RequestField field(place.message, place.path);
  const std::string flag = option.flag;
  if (const std::optional<FieldForm> form = field.Form(); form.has_value()) {
    const auto read = [field, form, flag](const std::string& text) {
      const absl::Status status = field.Read(*form, text);
      if (!status.ok()) throw CLI::ValidationError(flag, std::string(status.message()));
    };
    return app->add_option_function<std::string>(flag, read, option.help + form->help);
  }
  const auto set = [field](int64_t number) { field.SetNumbers({number}); };
  switch (field.descriptor().cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return app->add_flag_callback(
          flag, [set] { set(1); }, option.help);
    case FieldDescriptor::CPPTYPE_STRING:
      return app->add_option_function<std::string>(
          flag, [field](const std::string& text) { field.SetText(text); }, option.help);
    case FieldDescriptor::CPPTYPE_INT32:  // what does not fit is no number
      return app->add_option_function<int32_t>(flag, set, option.help)->default_function([place] {
        return FieldValues(*place.message, place.path)->front();
      });
    default:
      if (!field.descriptor().is_repeated()) {
        return app->add_option_function<int64_t>(flag, set, option.help);
      }
      return app->add_option_function<std::vector<int64_t>>(
          flag, [field](const std::vector<int64_t>& numbers) { field.SetNumbers(numbers); },
          option.help);
  }
}

CLI::Option* AddTarget(CLI::App* app, google::protobuf::Message* request, const Option& option) {
  const auto add = [&](const auto& target) {
    using Target = std::decay_t<decltype(target)>;
    if constexpr (std::is_same_v<Target, FieldOf>) {
      return AddField(app, option, target);
    } else if constexpr (std::is_same_v<Target, const char*>) {
      return AddField(app, option, {request, target});
    } else if constexpr (std::is_same_v<Target, bool*>) {
      return app->add_flag(option.flag, *target, option.help);
    } else {
      return app->add_option(option.flag, *target, option.help);
    }
  };
  return std::visit(add, option.target);
}

void AddOption(CLI::App* app, google::protobuf::Message* request, const Option& option) {
  CLI::Option* added = AddTarget(app, request, option);
  if (option.check) added->check(option.check);
  if (option.variable != nullptr) added->envname(option.variable);
  if ((option.traits & kRequired) != 0) added->required();
  if ((option.traits & kPositive) != 0) added->check(MustBePositive);
  if ((option.traits & kShowDefault) != 0) added->capture_default_str();
  if ((option.traits & kWithinADay) != 0) added->check(CLI::Range(0.0, 86'400.0));
  if ((option.traits & kRepeatable) != 0) {
    added->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
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

Verb& Verb::Options(const std::vector<Option>& options) {
  for (const Option& option : options) AddOption(app_, request_, option);
  return *this;
}

Verb Noun::AddVerb(const std::string& name, const std::string& description,
                   const std::string& example, Action action, google::protobuf::Message* request) {
  const std::string footer = "Example:\n  lingkaran " + example;
  if (app_->get_footer() == app_->get_parent()->get_footer()) app_->footer(footer);
  if (name.empty()) {
    app_->require_subcommand(0, 1);
    app_->callback([noun = app_, chosen = chosen_, action = std::move(action)] {
      if (noun->get_subcommands().empty()) *chosen = action;
    });
    return Verb(app_, request);
  }
  CLI::App* verb = app_->add_subcommand(name, description);
  verb->footer(footer);
  verb->callback([chosen = chosen_, action = std::move(action)] { *chosen = action; });
  return Verb(verb, request);
}

Commands::Commands(const std::string& description, const std::string& footer,
                   const std::string& version)
    : root_(std::make_unique<CLI::App>(description, "lingkaran")) {
  root_->footer(footer);
  root_->set_version_flag("--version", version);
  root_->require_subcommand(1);
  root_->fallthrough();
}

Commands::~Commands() = default;

void Commands::Options(const std::vector<Option>& options) {
  Verb(root_.get(), nullptr).Options(options);
}

Noun Commands::AddNoun(const std::string& name, const std::string& description) {
  CLI::App* noun = root_->add_subcommand(name, description);
  noun->require_subcommand(1);
  return Noun(noun, &chosen_);
}

Noun Commands::AddHiddenNoun(const std::string& name) {
  const Noun noun = AddNoun(name, "");
  root_->get_subcommand(name)->group("");
  return noun;
}

std::optional<int> Commands::Parse(int argc, const char* const* argv, std::ostream& out,
                                   std::ostream& err) {
  HideTypes(*root_);
  try {
    root_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return root_->exit(error, out, err);
    const CLI::App* at = root_.get();  // the command that was being typed
    std::string path = "lingkaran";
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
      path += " " + at->get_name();
    }
    err << "Masukan keliru: " << UsageText(*root_, error) << "\nLihat: " << path << " --help\n";
    return kBadInput;
  }
  return std::nullopt;
}

}  // namespace lingkaran::cli
