// Server pipeline: authenticate, authorize, admit, run, map errors, log.
//
// Every handler hands its body to RunRpc; longer bodies have a function of their own. RunRpc reads
// the actor, enforces the rights table (common/rpc/authorization.h), turns absl::Status into
// grpc::Status with google.rpc details, blanks inner errors to a reference, writes the log line and
// counts. Handlers of gRPC's callback API, which answer later or on another thread, take the same
// steps with an RpcRun.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/string_views.h"
#include "common/rpc/admission_control.h"
#include "common/rpc/authorization.h"
#include "common/sql/idempotency.h"
#include "google/rpc/status.pb.h"

namespace lingkaran {

// Metadata key of the actor: "NAME;role=officer;agency=3". Trusted from loopback and unix sockets
// only.
inline constexpr char kActorMetadata[] = "lingkaran-actor";

// True for peers (ServerContext::peer()) whose actor is believed. Certificates will replace it.
bool IsTrustedPeer(std::string_view peer);

// Who calls.
struct Actor {
  std::string name;
  Role role = Role::kNone;
  int64_t agency_id = 0;
};

// One call under way, for its handler.
struct Call {
  Actor actor;
  std::string_view method;  // "lingkaran.registry.v1.RegistryService/CreateAgency"
  absl::Time deadline = absl::InfiniteFuture();
  grpc::ServerContextBase* context = nullptr;

  // DEADLINE_EXCEEDED/DEADLINE_PASSED or CANCELLED once nobody waits for the answer any more.
  absl::Status StillWanted() const;
};

class RpcMeters;

// What is the same for all calls of one method, looked up once: rights, admission, meters.
class RpcMethod {
 public:
  // `name` as in Call. Lives as long as the process.
  static const RpcMethod& Of(std::string_view name);

  const std::string& name() const { return name_; }
  bool Allows(Role role) const { return (roles_ & static_cast<unsigned>(role)) != 0; }
  AdmissionControl& admission() const { return admission_; }
  RpcMeters& meters() const { return *meters_; }

  RpcMethod(const RpcMethod&) = delete;
  ~RpcMethod();

 private:
  explicit RpcMethod(std::string_view name);

  const std::string name_;
  const unsigned roles_;
  AdmissionControl& admission_;
  const std::unique_ptr<RpcMeters> meters_;
};

// The RPC of a service, as generated, with this name in the contract.
template <typename Service>
const RpcMethod& RpcOf(std::string_view name) {
  return RpcMethod::Of(absl::StrCat(Service::service_full_name(), "/", AbslView(name)));
}

// Runs a handler's body. The response may be filled only if OK is returned.
grpc::Status RunRpc(grpc::ServerContextBase* context, const RpcMethod& method,
                    absl::FunctionRef<absl::Status(const Call&)> body);
// The same by the method's name, as in Call.
grpc::Status RunRpc(grpc::ServerContextBase* context, std::string_view method,
                    absl::FunctionRef<absl::Status(const Call&)> body);

// One RPC under way, for handlers that end it themselves:
//   RpcRun run(context, method);
//   absl::Status status = run.Begin();
//   if (status.ok()) status = ...;                // or later, after a move to another thread
//   reactor->Finish(run.Finish(std::move(status)));
// Until Finish the context must live. Allocates nothing as long as all goes well.
class RpcRun {
 public:
  RpcRun(grpc::ServerContextBase* context, const RpcMethod& method);
  RpcRun(RpcRun&&) = default;
  RpcRun& operator=(RpcRun&&) = delete;

  // Reads the actor, checks rights and the deadline, and takes a permit; hand another status
  // than OK to Finish. Never waits.
  absl::Status Begin();
  // The same, but waits for a place as AdmissionControl::Enter does.
  absl::Status BeginOrWait();
  // gRPC's answer, with pushback if the call is refused; counts and logs. Once.
  grpc::Status Finish(absl::Status status);

  Role role() const { return who_.role; }
  // As handlers of RunRpc get it; from Begin to Finish.
  Call call() const;
  absl::Time deadline() const;
  // As Call::StillWanted.
  absl::Status StillWanted() const;

 private:
  // The actor as the metadata say it.
  struct Who {
    std::string_view name;
    Role role = Role::kNone;
    int64_t agency_id = 0;
  };
  absl::Status ReadWho();
  absl::Status CheckRights() const;
  grpc::Status Refuse(const Refusal& refusal, absl::Duration took);

  grpc::ServerContextBase* const context_;
  const RpcMethod& method_;
  const int64_t start_nanos_;  // steady
  std::string_view peer_kind_;
  Who who_;
  std::optional<AdmissionControl::Permit> permit_;
};

// INVALID_FIELD if the id of a request is empty, longer than 64 or not printable.
absl::Status CheckRequestId(std::string_view field, const std::string& id);

// The key of a mutation: its field request_id, the method, and the SHA-256 of the rest.
// INVALID_FIELD if request_id is empty, longer than 64 or not printable.
absl::StatusOr<sql::RequestKey> RequestKeyOf(const Call& call,
                                             const google::protobuf::Message& request);

// Runs `body` once per request_id and fills `response` with what it filled the first time.
absl::Status Mutate(const Call& call, sql::Database& database, absl::Time now,
                    const google::protobuf::Message& request, google::protobuf::Message* response,
                    absl::FunctionRef<absl::Status(sql::Tx&)> body);

// Conversions; payloads survive in both directions.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);
google::rpc::Status ToProto(const absl::Status& status);
absl::Status FromProto(const google::rpc::Status& status);

// Consistency tokens (common/v1/types.proto, TokenContent) to and from text.
// FromToken: INVALID_ARGUMENT/TOKEN_INVALID.
struct Token {
  int64_t coverage_position = 0;
  std::vector<std::string> owed_request_ids;
};
std::string ToToken(const Token& token);
// The same for a position alone, into a string that keeps its memory.
void SetToken(int64_t coverage_position, std::string* text);
absl::StatusOr<Token> FromToken(std::string_view text);

// Page tokens: an opaque position. INVALID_FIELD "page_token" for what is none.
std::string ToPageToken(int64_t position);
absl::StatusOr<int64_t> FromPageToken(std::string_view text);
// 0 gives `normal`; INVALID_FIELD if negative or above `most`.
absl::StatusOr<int> PageSize(int asked, int normal, int most);

}  // namespace lingkaran
