// lingkaran owed
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

// Who owes something to others.
const std::vector<std::string>& Owing() {
  static const auto& services = *new std::vector<std::string>{"registry", "sponsorship"};
  return services;
}

CLI::Option* AddService(CLI::App* app, std::string* service) {
  return app->add_option("--service", *service, "registry or sponsorship")
      ->check([](const std::string& name) {
        for (const std::string& known : Owing()) {
          if (name == known) return std::string();
        }
        return "\"" + name + "\" tidak dikenal; pilih registry atau sponsorship";
      })
      ->type_name("");
}

void PrintRows(std::ostream& out, const std::string& service,
               const ops::v1::ListOwedResponse& reply) {
  out << service << ": " << CountText(reply.waiting()) << " menunggu, " << CountText(reply.parked())
      << " diparkir\n";
  if (reply.rows().empty()) return;
  Table table({">Nomor", "Kunci", "Jenis", ">Dicoba", "Diantar lagi", "Kesalahan terakhir"});
  for (const ops::v1::OwedRow& row : reply.rows()) {
    table.Row({std::to_string(row.seq()), row.key(), row.kind(), CountText(row.attempts()),
               row.parked() ? "diparkir" : TimeText(row.due_time()), row.last_error()});
  }
  table.Print(out);
}

struct ListOptions {
  std::string service;
  ops::v1::ListOwedRequest request;
  bool parked = false;
};

absl::Status ListOf(Session& session, const std::string& service, ListOptions options) {
  options.request.set_page_size(1'000);
  options.request.set_parked_only(options.parked);
  ops::v1::ListOwedResponse reply;
  for (bool more = true; more;) {
    ops::v1::ListOwedResponse page;
    RETURN_IF_ERROR(
        session.CallOperations(service, &OperationsStub::ListOwed, options.request, &page));
    options.request.set_page_token(page.next_page_token());
    more = !page.next_page_token().empty();
    page.clear_next_page_token();
    reply.clear_waiting();
    reply.clear_parked();
    reply.MergeFrom(page);
  }
  return session.Show(reply, [&](std::ostream& out) { PrintRows(out, service, reply); });
}

void AddList(Commands& commands, CLI::App* noun) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* verb = commands.Verb(noun, "list", "What waits to be delivered to another service",
                                 "owed list --service sponsorship --key allocation/7",
                                 [options](Session& session) -> absl::StatusOr<ExitCode> {
                                   for (const std::string& service : Owing()) {
                                     if (!options->service.empty() && options->service != service)
                                       continue;
                                     RETURN_IF_ERROR(ListOf(session, service, *options));
                                   }
                                   return kYes;
                                 });
  AddService(verb, &options->service);
  verb->add_option("--key", *options->request.mutable_key_prefix(),
                   "Only keys that begin like this, e.g. allocation/7")
      ->type_name("");
  verb->add_flag("--parked", options->parked, "Only what was given up on");
}

void AddRetry(Commands& commands, CLI::App* noun) {
  struct Options {
    std::string service;
    std::vector<int64_t> seqs;
    bool parked = false;
    std::string reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      commands.Verb(noun, "retry", "Deliver now what waits or was given up on",
                    "owed retry --service sponsorship --parked --reason \"coverage sudah pulih\"",
                    [options](Session& session) -> absl::StatusOr<ExitCode> {
                      if (options->seqs.empty() != options->parked) {
                        return absl::InvalidArgumentError(
                            "sebutkan nomor barisnya, atau --parked untuk semua yang diparkir.");
                      }
                      ops::v1::RetryOwedRequest request;
                      request.mutable_seqs()->Add(options->seqs.begin(), options->seqs.end());
                      request.set_reason(options->reason);
                      ops::v1::RetryOwedResponse reply;
                      RETURN_IF_ERROR(session.MutateOperations(
                          options->service, &OperationsStub::RetryOwed, request, &reply));
                      RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
                        out << CountText(reply.retried()) << " baris diantar sekarang.\n";
                      }));
                      return kYes;
                    });
  AddService(verb, &options->service)->required();
  verb->add_option("SEQ", options->seqs, "Numbers of rows, see owed list")
      ->check(Positive())
      ->type_name("");
  verb->add_flag("--parked", options->parked, "All that was given up on");
  verb->add_option("--reason", options->reason, "Why, for the record")->required()->type_name("");
}

}  // namespace

void AddOwedCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("owed", "What a service still owes to another");
  AddList(commands, noun);
  AddRetry(commands, noun);
}

}  // namespace lingkaran::cli
