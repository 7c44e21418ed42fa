// How commands are declared: nouns, verbs, and verbs that are one RPC.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "services/cli/session/connection.h"
#include "services/cli/session/fields.h"

namespace lingkaran::cli {

// What a command does; gives the exit code.
using Action = std::function<absl::StatusOr<ExitCode>(Session&)>;

// A verb that is one RPC: its options fill the request, the reply is shown.
template <typename Request, typename Response>
struct RpcCommand {
  using Print = std::function<void(std::ostream&, const Response&)>;

  CLI::App* verb = nullptr;
  Request request;
  Print print;                                    // for people
  std::function<absl::Status(Request&)> prepare;  // checks the options and fills in the rest
  std::function<ExitCode(const Response&)> code;  // what a reply means; unset: kYes
  int limit = 0;                                  // rows, over all pages; 0: all
  std::function<int(const Response&)> row_count;  // of a page; set with a limit

  CLI::Option* Add(const std::string& flag, const std::string& path, const std::string& help) {
    return AddField(verb, &request, flag, path, help);
  }
  // Adds --limit; `size` gives the rows of a page.
  void AddLimit(int (Response::*size)() const) {
    limit = 100;
    row_count = [size](const Response& reply) { return (reply.*size)(); };
    verb->add_option("--limit", limit, "At most so many")->check(Positive())->capture_default_str();
  }
};

// The command tree and what was chosen from it.
class Commands {
 public:
  explicit Commands(CLI::App& root) : root_(root) {}
  // "lingkaran NAME ..."; its --help ends with the example of its first verb.
  CLI::App* Noun(const std::string& name, const std::string& description);
  // An older spelling of a noun: it works, and --help does not show it.
  CLI::App* HiddenNoun(const std::string& name);
  // "lingkaran NOUN NAME ..."; --help ends with the example. An empty name: what the noun does
  // without a verb.
  CLI::App* Verb(CLI::App* noun, const std::string& name, const std::string& description,
                 const std::string& example, Action action);
  // A verb that is one RPC, or one for each page of its reply.
  template <typename Stub, typename Request, typename Response>
  std::shared_ptr<RpcCommand<Request, Response>> Rpc(
      CLI::App* noun, const std::string& name, const std::string& description,
      const std::string& example, cli::Rpc<Stub, Request, Response> rpc,
      typename RpcCommand<Request, Response>::Print print) {
    auto command = std::make_shared<RpcCommand<Request, Response>>();
    command->print = std::move(print);
    command->verb = Verb(noun, name, description, example,
                         [command, rpc](Session& session) { return Run(session, rpc, *command); });
    return command;
  }
  // The action of the command line; set after parsing.
  const Action& chosen() const { return chosen_; }

 private:
  static constexpr int kPageRows = 1000;

  template <typename Stub, typename Request, typename Response>
  static absl::StatusOr<ExitCode> Run(Session& session, cli::Rpc<Stub, Request, Response> rpc,
                                      RpcCommand<Request, Response>& command) {
    constexpr bool kPaged = requires(Request & request) { request.mutable_page_token(); };
    Request& request = command.request;
    if (command.prepare) RETURN_IF_ERROR(command.prepare(request));
    // Of several pages one "yes" is enough.
    ExitCode code = kUnknown;
    for (int left = command.limit;;) {
      if constexpr (kPaged) request.set_page_size(left > 0 ? std::min(left, kPageRows) : kPageRows);
      Response reply;
      RETURN_IF_ERROR(session.Call(rpc, request, &reply));
      RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { command.print(out, reply); }));
      code = std::min(code, command.code ? command.code(reply) : kYes);
      if constexpr (kPaged) {
        if (command.row_count) left -= command.row_count(reply);
        if (reply.next_page_token().empty() || (command.row_count && left <= 0)) return code;
        request.set_page_token(reply.next_page_token());
      } else {
        return code;
      }
    }
  }

  CLI::App& root_;
  Action chosen_;
};

// kNo if a line of a reply was refused.
template <typename Results>
ExitCode CodeOfResults(const Results& results) {
  for (const auto& result : results) {
    if (result.status().code() != 0) return kNo;
  }
  return kYes;
}

}  // namespace lingkaran::cli
