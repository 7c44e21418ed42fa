#include "tests/simulation/network.h"

#include <algorithm>
#include <memory>

#include <grpcpp/test/client_context_test_peer.h>
#include <grpcpp/test/server_context_test_spouse.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "services/registry/api/registry_service.h"

namespace lingkaran::simulation {
namespace {

using google::protobuf::FieldDescriptor;
using workload::ClearField;
using workload::TextField;

// Code and reason; the words of an error are for people.
std::string Outcome(const grpc::Status& status) {
  if (status.ok()) return "OK";
  const absl::Status inner = FromGrpc(status);
  return absl::StrCat(absl::StatusCodeToString(inner.code()), "/",
                      std::string(ReasonName(ReasonOf(inner))));
}

// Takes the details of errors away: their bytes hold a map, whose order is not defined.
void StripDetails(Message* message) {
  if (message->GetDescriptor()->full_name() == "google.rpc.Status") ClearField(*message, "details");
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      StripDetails(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      StripDetails(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

uint64_t Digest(const std::string& bytes) {
  uint64_t digest = 14695981039346656037u;
  for (const char c : bytes) digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return digest;
}

// A server's context that names the caller; no connection stands behind it.
class CallerContext {
 public:
  explicit CallerContext(const std::string& actor) {
    spouse_.AddClientMetadata(kActorMetadata, actor);
  }
  grpc::ServerContext* get() { return &context_; }

 private:
  grpc::ServerContext context_;
  grpc::testing::ServerContextTestSpouse spouse_{&context_};
};

// The server's end of a stream whose client has sent everything.
class ChunkStream final : public registry::RegistryServiceImpl::AnyStream {
 public:
  // Only `readable` chunks get through, then the connection is gone.
  ChunkStream(const std::vector<registry::v1::SubmitCandidatesRequest>& chunks, size_t readable,
              std::vector<registry::v1::SubmitCandidatesResponse>* answers)
      : chunks_(chunks), readable_(std::min(readable, chunks.size())), answers_(answers) {}

  void SendInitialMetadata() override {}
  bool NextMessageSize(uint32_t* size) override {
    *size = 1;
    return next_ < readable_;
  }
  bool Read(registry::v1::SubmitCandidatesRequest* chunk) override {
    if (next_ >= readable_) return false;
    *chunk = chunks_[next_++];
    return true;
  }
  bool Write(const registry::v1::SubmitCandidatesResponse& answer, grpc::WriteOptions) override {
    answers_->push_back(answer);
    return true;
  }

 private:
  const std::vector<registry::v1::SubmitCandidatesRequest>& chunks_;
  const size_t readable_;
  std::vector<registry::v1::SubmitCandidatesResponse>* const answers_;
  size_t next_ = 0;
};

}  // namespace

std::string Network::ActorOf(grpc::ClientContext* context) {
  const auto metadata = grpc::testing::ClientContextTestPeer(context).GetSendInitialMetadata();
  const auto actor = metadata.find(kActorMetadata);
  return actor == metadata.end() ? "" : actor->second;
}

grpc::Service* Network::ServiceAt(int place) {
  if (place == kRegistry) return world_.registry().service();
  if (place == kCoverage) return world_.coverage().service();
  return world_.sponsorship().service();
}

void Network::Log(const Letter& letter, const std::string& what) {
  world_.Trace(absl::StrCat(NameOf(letter.from), "->", NameOf(letter.to), " ",
                            letter.rpc.method->name(), " ",
                            TextField(*letter.rpc.request, "request_id"), " ", what));
}

void Network::GoOn(const Letter& letter, int life) {
  if (letter.from != kClient && world_.life(letter.from) != life) throw Crash{letter.from};
}

grpc::Status Network::Lost(const Letter& letter, const char* what, int life) {
  ++world_.counts().lost;
  Log(letter, what);
  const bool noticed = world_.chance().Percent(70);
  world_.Pass(absl::Milliseconds(noticed ? world_.chance().Between(1, 500)
                                         : world_.chance().Between(1'000, 10'000)));
  GoOn(letter, life);
  return noticed ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection broke")
                 : grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no answer in time");
}

grpc::Status Network::Carry(const Letter& letter, Message* response) {
  Chance& chance = world_.chance();
  const Faults faults = world_.faults;
  const int life = world_.life(letter.from);
  ++world_.counts().messages;
  if (world_.IsCut(letter.from, letter.to)) return Lost(letter, "can't be sent", life);
  const auto time = [&] {
    return absl::Microseconds(chance.PerMyriad(faults.slow) ? chance.Between(200'000, 8'000'000)
                                                            : chance.Between(200, 20'000));
  };
  world_.Pass(time());
  GoOn(letter, life);
  if (chance.PerMyriad(faults.lost_request)) return Lost(letter, "is lost", life);
  if (chance.PerMyriad(faults.late_request)) {
    ++world_.counts().late;
    world_.After(absl::Milliseconds(chance.Between(1, 30'000)), [this, letter] {
      const std::unique_ptr<Message> ignored(letter.rpc.blank->New());
      Log(letter, "comes late");
      Arrive(letter, ignored.get());
    });
    return Lost(letter, "is held up", life);
  }
  if (chance.PerMyriad(faults.second_request)) {
    ++world_.counts().twice;
    world_.After(absl::Milliseconds(chance.Between(1, 10'000)), [this, letter] {
      const std::unique_ptr<Message> ignored(letter.rpc.blank->New());
      Log(letter, "comes again");
      Arrive(letter, ignored.get());
    });
  }
  const grpc::Status status = Arrive(letter, response);
  GoOn(letter, life);
  world_.Pass(time());
  GoOn(letter, life);
  if (world_.IsCut(letter.from, letter.to) || chance.PerMyriad(faults.lost_reply)) {
    return Lost(letter, "has no answer", life);
  }
  return status;
}

grpc::Status Network::Arrive(const Letter& letter, Message* response) {
  grpc::Status status(grpc::StatusCode::UNAVAILABLE, "connection refused");
  if (world_.up(letter.to)) {
    const bool alive = world_.OnNode(letter.to, [&] {
      CallerContext context(letter.rpc.actor);
      status = letter.rpc.handle(ServiceAt(letter.to), context.get(), response);
    });
    if (!alive) status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection closed");
  }
  if (!status.ok()) {
    Log(letter, Outcome(status));
    const grpc::StatusCode code = status.error_code();
    if (code == grpc::StatusCode::INTERNAL || code == grpc::StatusCode::UNKNOWN ||
        code == grpc::StatusCode::DATA_LOSS || code == grpc::StatusCode::UNIMPLEMENTED ||
        code == grpc::StatusCode::UNAUTHENTICATED) {
      world_.Violation(absl::StrCat(letter.rpc.method->name(), " fails with ", Outcome(status),
                                    ": ", status.error_message()));
    }
    return status;
  }
  const std::unique_ptr<Message> shown(response->New());
  shown->CopyFrom(*response);
  StripDetails(shown.get());
  Log(letter, absl::StrCat("OK ", absl::Hex(Digest(shown->SerializeAsString()))));
  CheckReplay(letter, *shown);
  return status;
}

void Network::CheckReplay(const Letter& letter, const Message& response) {
  const std::string id = TextField(*letter.rpc.request, "request_id");
  if (id.empty()) return;
  // The token may name more than at first; a repeated contribution says that it is one.
  const std::unique_ptr<Message> answer(response.New());
  answer->CopyFrom(response);
  ClearField(*answer, "consistency_token");
  ClearField(*answer, "already_recorded");
  const Answer now{letter.rpc.request->SerializeAsString(), answer->SerializeAsString()};
  const auto [first, fresh] =
      answers_.emplace(absl::StrCat(letter.to, "/", letter.rpc.method->name(), "/", id), now);
  if (fresh) return;
  if (first->second.request != now.request) {
    world_.Violation(
        absl::StrCat(letter.rpc.method->name(), " took request_id ", id, " for another body"));
  } else if (first->second.response != now.response) {
    world_.Violation(absl::StrCat(letter.rpc.method->name(), " answered request_id ", id,
                                  " differently: ", answer->ShortDebugString()));
  }
}

grpc::Status Network::Submit(const std::string& actor,
                             const std::vector<registry::v1::SubmitCandidatesRequest>& chunks,
                             std::vector<registry::v1::SubmitCandidatesResponse>* answers) {
  Chance& chance = world_.chance();
  ++world_.counts().messages;
  world_.Pass(absl::Milliseconds(chance.Between(1, 20)));
  grpc::Status status(grpc::StatusCode::UNAVAILABLE, "connection refused");
  const bool broken = world_.IsCut(kClient, kRegistry) ||
                      chance.PerMyriad(world_.faults.lost_request + world_.faults.lost_reply);
  const size_t readable =
      broken ? static_cast<size_t>(chance.Between(0, static_cast<int64_t>(chunks.size())))
             : chunks.size();
  if (world_.up(kRegistry)) {
    const bool alive = world_.OnNode(kRegistry, [&] {
      CallerContext context(actor);
      ChunkStream stream(chunks, readable, answers);
      status = static_cast<registry::RegistryServiceImpl*>(world_.registry().service())
                   ->SubmitCandidatesOver(context.get(), &stream);
    });
    if (!alive || broken) {
      status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection closed");
    }
  }
  world_.Trace(
      absl::StrCat("client->registry SubmitCandidates ", readable, " chunks ", Outcome(status)));
  world_.Pass(absl::Milliseconds(chance.Between(1, 20)));
  return status;
}

}  // namespace lingkaran::simulation
