// How commands are declared: nouns, verbs, lists of options, and verbs that are one RPC. The parser
// behind it, CLI11, is known to command.cc alone.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/session/connection.h"

namespace CLI {
class App;
}

namespace lingkaran::cli {

// What a command does; gives the exit code.
using Action = std::function<absl::StatusOr<ExitCode>(Session&)>;

// A field of another message than the verb's request.
struct FieldOf {
  google::protobuf::Message* message;
  const char* path;
};

enum OptionTrait : unsigned {
  kRequired = 1,
  kPositive = 2,     // a number above 0
  kRepeatable = 4,   // takes one value, and may be given several times
  kShowDefault = 8,  // --help shows what the variable holds
  kWithinADay = 16,  // so many seconds
};

// An option, or what stands without a flag (its name is in capitals).
struct Option {
  const char* flag;
  // Where its value goes, which must outlive the parsing: a field of the verb's request by its path
  // (see RequestField), a field of another message, or a variable. A bool is a flag.
  std::variant<const char*, FieldOf, bool*, double*, int*, int64_t*, std::string*,
               std::vector<int64_t>*, std::vector<std::string>*>
      target;
  std::string help;
  unsigned traits = 0;
  // Says what is wrong with a text; empty: nothing.
  std::function<std::string(const std::string&)> check = nullptr;
  const char* variable = nullptr;  // of the environment, for a value that is not given
};

// A verb that is being declared.
class Verb {
 public:
  // `request` has the fields that options name.
  Verb(CLI::App* app, google::protobuf::Message* request) : app_(app), request_(request) {}
  // Adds options; --help lists them in this order.
  Verb& Options(const std::vector<Option>& options);

 private:
  CLI::App* app_;
  google::protobuf::Message* request_;
};

// A verb that is one RPC, or one for each page of its reply: its options fill the request, the
// replies are shown.
template <typename Request, typename Response>
class RpcVerb {
 public:
  using Print = std::function<void(std::ostream&, const Response&)>;

  Request request;
  Print print;  // for people

  RpcVerb& Options(const std::vector<Option>& options) {
    verb_->Options(options);
    return *this;
  }
  // Checks the options and fills in the rest.
  RpcVerb& Prepare(std::function<absl::Status(Request&)> prepare) {
    prepare_ = std::move(prepare);
    return *this;
  }
  // What a reply means, if not always kYes.
  RpcVerb& Code(std::function<ExitCode(const Response&)> code) {
    code_ = std::move(code);
    return *this;
  }
  // Adds --limit; `rows` gives those of a page.
  RpcVerb& Limit(int (Response::*rows)() const) {
    rows_ = rows;
    limit_ = 100;
    return Options({{"--limit", &limit_, "At most so many", kPositive | kShowDefault}});
  }

 private:
  friend class Noun;
  static constexpr int kPageRows = 1000;

  template <typename Stub>
  absl::StatusOr<ExitCode> Run(Session& session, Rpc<Stub, Request, Response> rpc) {
    constexpr bool kPaged = requires(Request & paged) { paged.mutable_page_token(); };
    if (prepare_) RETURN_IF_ERROR(prepare_(request));
    // Of several pages one "yes" is enough.
    ExitCode code = kUnknown;
    for (int left = limit_;;) {
      if constexpr (kPaged) request.set_page_size(left > 0 ? std::min(left, kPageRows) : kPageRows);
      Response reply;
      RETURN_IF_ERROR(session.Call(rpc, request, &reply));
      RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { print(out, reply); }));
      code = std::min(code, code_ ? code_(reply) : kYes);
      if constexpr (kPaged) {
        if (rows_ != nullptr) left -= (reply.*rows_)();
        if (reply.next_page_token().empty() || (rows_ != nullptr && left <= 0)) return code;
        request.set_page_token(reply.next_page_token());
      } else {
        return code;
      }
    }
  }

  std::optional<Verb> verb_;
  std::function<absl::Status(Request&)> prepare_;
  std::function<ExitCode(const Response&)> code_;
  int limit_ = 0;  // rows, over all pages; 0: all
  int (Response::*rows_)() const = nullptr;
};

// "lingkaran NAME ..."; its --help ends with the example of its first verb.
class Noun {
 public:
  // `chosen` gets the action of the verb that was given.
  Noun(CLI::App* app, Action* chosen) : app_(app), chosen_(chosen) {}
  // "lingkaran NOUN NAME ..."; --help ends with the example. An empty name: what the noun does
  // without a verb.
  Verb AddVerb(const std::string& name, const std::string& description, const std::string& example,
               Action action, google::protobuf::Message* request = nullptr);
  template <typename Stub, typename Request, typename Response>
  RpcVerb<Request, Response>& AddRpc(const std::string& name, const std::string& description,
                                     const std::string& example, Rpc<Stub, Request, Response> rpc,
                                     typename RpcVerb<Request, Response>::Print print) {
    auto command = std::make_shared<RpcVerb<Request, Response>>();
    command->print = std::move(print);
    const Action action = [command, rpc](Session& session) { return command->Run(session, rpc); };
    command->verb_ = AddVerb(name, description, example, action, &command->request);
    return *command;
  }

 private:
  CLI::App* app_;
  Action* chosen_;
};

// The command tree and what was chosen from it.
class Commands {
 public:
  // `footer` ends the --help of the program, `version` is said by --version.
  Commands(const std::string& description, const std::string& footer, const std::string& version);
  ~Commands();
  // Adds options that stand before or after any command.
  void Options(const std::vector<Option>& options);
  Noun AddNoun(const std::string& name, const std::string& description);
  // An older spelling of a noun: it works, and --help does not show it.
  Noun AddHiddenNoun(const std::string& name);
  // Reads a command line. The exit code if there is nothing left to do: help was asked for, or
  // `err` says in Indonesian what is wrong.
  std::optional<int> Parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);
  // The action of the command line; set after parsing.
  const Action& chosen() const { return chosen_; }

 private:
  const std::unique_ptr<CLI::App> root_;
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
