#include "services/cli/session/command.h"

namespace lingkaran::cli {

CLI::App* Commands::Noun(const std::string& name, const std::string& description) {
  CLI::App* noun = root_.add_subcommand(name, description);
  noun->require_subcommand(1);
  return noun;
}

CLI::App* Commands::HiddenNoun(const std::string& name) { return Noun(name, "")->group(""); }

CLI::App* Commands::Verb(CLI::App* noun, const std::string& name, const std::string& description,
                         const std::string& example, Action action) {
  const std::string footer = "Example:\n  lingkaran " + example;
  if (name.empty()) {
    noun->require_subcommand(0, 1);
    noun->footer(footer);
    noun->callback([this, noun, action = std::move(action)] {
      if (noun->get_subcommands().empty()) chosen_ = action;
    });
    return noun;
  }
  CLI::App* verb = noun->add_subcommand(name, description);
  verb->footer(footer);
  if (noun->get_footer() == root_.get_footer()) noun->footer(footer);
  verb->callback([this, action = std::move(action)] { chosen_ = action; });
  return verb;
}

}  // namespace lingkaran::cli
