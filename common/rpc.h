// The one place where an RPC runs: who calls, may he, what it took, what went wrong.
//
// Every handler of every service is one line that hands its body to RunRpc. RunRpc reads the actor,
// enforces the rights table (common/rights.h), turns absl::Status into grpc::Status with
// google.rpc details, blanks inner errors to a reference, writes the log line and counts.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/rights.h"
#include "common/sql/requests.h"
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

// Runs a handler's body. `method` as in Call. The response may be filled only if OK is returned.
grpc::Status RunRpc(grpc::ServerContextBase* context, std::string_view method,
                    absl::FunctionRef<absl::Status(const Call&)> body);

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
absl::StatusOr<Token> FromToken(std::string_view text);

// Page tokens: an opaque position. INVALID_FIELD "page_token" for what is none.
std::string ToPageToken(int64_t position);
absl::StatusOr<int64_t> FromPageToken(std::string_view text);
// 0 gives `normal`; INVALID_FIELD if negative or above `most`.
absl::StatusOr<int> PageSize(int asked, int normal, int most);

}  // namespace lingkaran
