#include "tests/kill/client.h"

#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace lingkaran::kill {
namespace {

using workload::ClearField;
using workload::IsOpen;
using workload::Message;
using workload::Rpc;
using workload::Transport;

constexpr absl::Duration kBound = absl::Seconds(30);

grpc::Status CallOnce(grpc::Channel& channel, const Rpc& rpc, grpc::ClientContext* context,
                      Message* response) {
  const std::string path =
      absl::StrCat("/", rpc.method->service()->full_name(), "/", rpc.method->name());
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  response->Clear();
  return grpc::internal::BlockingUnaryCall<Message, Message, google::protobuf::MessageLite,
                                           google::protobuf::MessageLite>(&channel, method, context,
                                                                          *rpc.request, response);
}

// What differs between two answers to one request_id; empty if nothing does but how fresh a check
// after them must be.
std::string Difference(const Message& first, const Message& second) {
  const std::unique_ptr<Message> a(first.New()), b(second.New());
  a->CopyFrom(first);
  b->CopyFrom(second);
  ClearField(*a, "consistency_token");
  ClearField(*b, "consistency_token");
  google::protobuf::util::MessageDifferencer differencer;
  std::string text;
  differencer.ReportDifferencesToString(&text);
  return differencer.Compare(*a, *b) ? "" : text;
}

// Sends all chunks on one stream. What was answered before must be answered again: `differs` says
// if not.
grpc::Status SendChunks(registry::v1::RegistryService::Stub& stub, const Transport::Chunks& chunks,
                        grpc::ClientContext* context, Transport::Answers* seen,
                        std::string* differs) {
  auto stream = stub.SubmitCandidates(context);
  for (size_t i = 0; i < chunks.size(); ++i) {
    registry::v1::SubmitCandidatesResponse answer;
    if (!stream->Write(chunks[i]) || !stream->Read(&answer)) {
      const grpc::Status status = stream->Finish();
      return status.ok() ? grpc::Status(grpc::StatusCode::INTERNAL, "a chunk was not answered")
                         : status;
    }
    answer.clear_batch();  // its totals go on counting
    if (i == seen->size()) {
      seen->push_back(answer);
    } else if (differs->empty()) {
      *differs = Difference((*seen)[i], answer);
    }
  }
  stream->WritesDone();
  return stream->Finish();
}

}  // namespace

Stubs::Stubs(const Cluster& cluster) {
  for (const std::string& service : ServiceNames()) {
    channels[service] = MakeChannel(cluster.address(service));
    operations[service] = ops::v1::OperationsService::NewStub(channels[service]);
  }
  registry = registry::v1::RegistryService::NewStub(channels.at("registry"));
}

absl::Status AskUntilKnown(const CallOptions& options, absl::Duration bound,
                           std::atomic<int64_t>* asked_again,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  const absl::Time end = absl::Now() + bound;
  while (true) {
    const absl::Status status = CallWithRetry(options, rpc);
    if (!IsOpen(status) || absl::Now() >= end) return status;
    if (asked_again != nullptr) ++*asked_again;
    absl::SleepFor(absl::Milliseconds(10));  // another process is awaited
  }
}

Client::Client(const Cluster& cluster, World* world, uint64_t seed, Options options)
    : world_(*world),
      options_(options),
      chance_(seed),
      stubs_(cluster),
      work_(*this, world->ledger, chance_) {}

void Client::Step(const std::string& prefer) {
  for (const std::string& service : ServiceNames()) {
    if (prefer == "RetryOwed" || chance_.Percent(1)) RetryOwed(service);
  }
  if (prefer != "RetryOwed") work_.Act(prefer);
}

CallOptions Client::OptionsFor(const std::string& actor, const std::string& request_id) const {
  CallOptions options;
  options.actor = actor;
  options.request_id = request_id;
  // Who asks again need not wait long at a time.
  if (options_.ask_again) options.timeout = absl::Seconds(5);
  return options;
}

absl::Status Client::Call(const CallOptions& options,
                          absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  if (!options_.ask_again) return CallWithRetry(options, rpc);
  return AskUntilKnown(options, kBound, &world_.asked_again, rpc);
}

bool Client::Note(const std::string& method, const absl::Status& status) {
  if (status.ok()) return true;
  if (IsOpen(status)) {
    world_.Fail(absl::StrCat(method, " got no answer: ", status.ToString()));
  } else if (ReasonOf(status) == Reason::kUnspecified || ReasonOf(status) == Reason::kInternal) {
    world_.Fail(absl::StrCat(method, " got an answer that no fault explains: ", status.ToString()));
  } else {
    ++world_.refused;
  }
  return false;
}

absl::Status Client::Send(const std::string& service, const Rpc& rpc, Message* response) {
  const std::string request_id = workload::TextField(*rpc.request, "request_id");
  const CallOptions options = OptionsFor(rpc.actor, request_id);
  const std::shared_ptr<grpc::Channel> channel = stubs_.channels.at(service);
  const absl::Status status = Call(options, [&](grpc::ClientContext* context) {
    return CallOnce(*channel, rpc, context, response);
  });
  if (!Note(rpc.method->name(), status)) return status;
  if (request_id.empty()) {
    ++world_.reads;
    return status;
  }
  const std::shared_ptr<Message> first(response->New());
  first->CopyFrom(*response);
  world_.Journal({rpc.method->name(), [channel, rpc, first, options]() -> std::string {
                    const std::unique_ptr<Message> second(first->New());
                    const absl::Status again =
                        AskUntilKnown(options, kBound, nullptr, [&](grpc::ClientContext* context) {
                          return CallOnce(*channel, rpc, context, second.get());
                        });
                    return again.ok() ? Difference(*first, *second) : again.ToString();
                  }});
  return status;
}

void Client::Ask(const Rpc& rpc, const Done& done, const std::function<void()>&) {
  const std::unique_ptr<Message> response(rpc.blank->New());
  const absl::Status status = Send(workload::ServiceOf(rpc), rpc, response.get());
  done(status, *response);
}

void Client::RetryOwed(const std::string& service) {
  ops::v1::RetryOwedRequest request;
  request.set_request_id(NewRequestId());
  request.set_reason("diminta ulang oleh petugas");
  ops::v1::RetryOwedResponse response;
  Send(
      service,
      workload::MakeRpc("ops;role=admin", request, &ops::v1::OperationsService::Service::RetryOwed),
      &response)
      .IgnoreError();
}

void Client::Submit(const std::string& actor, const Chunks& chunks,
                    const std::function<void(const Answers&)>& done) {
  const CallOptions options = OptionsFor(actor, "");
  Answers known;
  std::string difference;
  const absl::Status status = Call(options, [&](grpc::ClientContext* context) {
    return SendChunks(*stubs_.registry, chunks, context, &known, &difference);
  });
  if (!Note("SubmitCandidates", status)) return Violation("a list is refused");
  if (!difference.empty()) Violation("SubmitCandidates answered differently: " + difference);
  world_.Journal({"SubmitCandidates", [this, chunks, known, options]() -> std::string {
                    Answers seen = known;
                    std::string differs;
                    const absl::Status again =
                        AskUntilKnown(options, kBound, nullptr, [&](grpc::ClientContext* context) {
                          return SendChunks(*stubs_.registry, chunks, context, &seen, &differs);
                        });
                    // Once it is reviewed nothing may be sent any more.
                    if (ReasonOf(again) == Reason::kBatchState) return "";
                    return again.ok() ? differs : again.ToString();
                  }});
  done(known);
}

}  // namespace lingkaran::kill
