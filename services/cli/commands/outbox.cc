// lingkaran outbox: what a service still has to deliver to another.
#include <algorithm>

#include "services/cli/commands/nouns.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

// Who has an outbox.
constexpr const char* kServices[] = {"registry", "sponsorship"};

Option ServiceOption(std::string* service, unsigned traits = 0) {
  const auto check = [](const std::string& name) {
    if (std::count(std::begin(kServices), std::end(kServices), name) > 0) return std::string();
    return "\"" + name + "\" tidak dikenal; pilih registry atau sponsorship";
  };
  return {"--service", service, "registry or sponsorship", traits, check};
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
};

absl::Status ListOf(Session& session, const std::string& service, ListOptions options) {
  options.request.set_page_size(1'000);
  ops::v1::ListOwedResponse reply;
  for (bool more = true; more;) {
    ops::v1::ListOwedResponse page;
    RETURN_IF_ERROR(session.CallAt(service, &OperationsStub::ListOwed, options.request, &page));
    options.request.set_page_token(page.next_page_token());
    more = !page.next_page_token().empty();
    page.clear_next_page_token();
    reply.clear_waiting();
    reply.clear_parked();
    reply.MergeFrom(page);
  }
  return session.Show(reply, [&](std::ostream& out) { PrintRows(out, service, reply); });
}

void AddList(Noun& noun) {
  auto options = std::make_shared<ListOptions>();
  const auto list = [options](Session& session) -> absl::StatusOr<ExitCode> {
    for (const char* service : kServices) {
      if (!options->service.empty() && options->service != service) continue;
      RETURN_IF_ERROR(ListOf(session, service, *options));
    }
    return kYes;
  };
  noun.AddVerb("list", "What waits to be delivered to another service",
               "outbox list --service sponsorship --key allocation/7", list, &options->request)
      .Options({ServiceOption(&options->service),
                {"--key", "key_prefix", "Only keys that begin like this, e.g. allocation/7"},
                {"--parked", "parked_only", "Only what was given up on"}});
}

void AddRetry(Noun& noun) {
  struct Options {
    std::string service;
    ops::v1::RetryOwedRequest request;
    bool parked = false;
  };
  auto options = std::make_shared<Options>();
  const auto retry = [options](Session& session) -> absl::StatusOr<ExitCode> {
    if (options->request.seqs().empty() != options->parked) {
      return absl::InvalidArgumentError(
          "sebutkan nomor barisnya, atau --parked untuk semua yang diparkir.");
    }
    ops::v1::RetryOwedResponse reply;
    RETURN_IF_ERROR(session.CallAt(options->service, &OperationsStub::RetryOwed, options->request,
                                   &reply, options->service));
    RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
      out << CountText(reply.retried()) << " baris diantar sekarang.\n";
    }));
    return kYes;
  };
  noun.AddVerb("retry", "Deliver now what waits or was given up on",
               "outbox retry --service sponsorship --parked --reason \"coverage sudah pulih\"",
               retry, &options->request)
      .Options({ServiceOption(&options->service, kRequired),
                {"SEQ", "seqs", "Numbers of rows, see outbox list", kPositive},
                {"--parked", &options->parked, "All that was given up on"},
                {"--reason", "reason", "Why, for the record", kRequired}});
}

}  // namespace

void AddOutboxCommands(Commands& commands) {
  for (Noun noun : {commands.AddNoun("outbox", "What a service has yet to deliver to another"),
                    commands.AddHiddenNoun("owed")}) {
    AddList(noun);
    AddRetry(noun);
  }
}

}  // namespace lingkaran::cli
