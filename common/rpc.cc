#include "common/rpc.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <random>
#include <vector>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/admission.h"
#include "common/deadline.h"
#include "common/failpoint.h"
#include "common/log.h"
#include "common/metrics.h"
#include "google/rpc/error_details.pb.h"

namespace lingkaran {
namespace {

constexpr char kHowToSend[] =
    "send metadata \"lingkaran-actor: NAME;role=ROLE\" with a role of agency, officer, sponsor, "
    "clinic, admin or service, and for an agency \";agency=ID\"";

constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

// gRPC's limit for all trailers of an answer is 8 KiB, above which the client sees another error.
// Details travel as base64 (4/3) and hold the message again.
constexpr size_t kMaxMessageBytes = 900;
constexpr size_t kMaxDetailBytes = 3000;

absl::Status NoActor(absl::string_view what) {
  return Error(absl::StatusCode::kUnauthenticated, Reason::kActorRequired,
               absl::StrCat(what, "; ", kHowToSend));
}

std::string_view PeerKind(absl::string_view peer) {
  if (absl::StartsWith(peer, "unix:")) return "unix";
  if (absl::StartsWith(peer, "ipv4:127.")) return "loopback";
  if (absl::StartsWith(peer, "ipv6:%5B::1%5D") || absl::StartsWith(peer, "ipv6:[::1]")) {
    return "loopback";
  }
  return "remote";
}

absl::StatusOr<Actor> ParseActor(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, ';');
  Actor actor;
  actor.name = std::string(absl::StripAsciiWhitespace(parts[0]));
  if (actor.name.empty() || actor.name.size() > 100) {
    return NoActor("the actor's name is missing or longer than 100 characters");
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    if (pair.first == "role") {
      actor.role = RoleFromName({pair.second.data(), pair.second.size()});
    } else if (pair.first != "agency" || !absl::SimpleAtoi(pair.second, &actor.agency_id) ||
               actor.agency_id <= 0) {
      return NoActor("the actor's metadata can't be read");
    }
  }
  if (actor.role == Role::kNone) return NoActor("the actor's role is missing or unknown");
  return actor;
}

// Whom the metadata name. This is the one place that trust will change in.
absl::StatusOr<Actor> ReadActor(const grpc::ServerContextBase& context, bool trusted) {
  const auto range = context.client_metadata().equal_range(kActorMetadata);
  if (range.first == range.second) return NoActor("nobody is named as caller");
  if (std::next(range.first) != range.second) return NoActor("more than one caller is named");
  if (!trusted) {
    return NoActor("actors are believed from loopback and unix sockets only");
  }
  const grpc::string_ref& text = range.first->second;
  return ParseActor(absl::string_view(text.data(), text.size()));
}

bool IsInnerFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown;
}

Severity SeverityOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return Severity::kDebug;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return Severity::kError;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return Severity::kWarning;
    default:
      return Severity::kInfo;
  }
}

// Callers learn a reference; what happened stands in the log under it.
absl::Status Blank(const absl::Status& status, std::string_view method) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::string reference = absl::StrFormat("%08X", static_cast<uint32_t>(random()));
  Log(Severity::kError, "inner_fault",
      {{"reference", reference}, {"method", method}, {"text", std::string(status.message())}});
  return Error(absl::StatusCode::kInternal, Reason::kInternal,
               absl::StrCat("inner fault, reference ", reference), {{"reference", reference}});
}

absl::Status RunBody(const Call& call, absl::FunctionRef<absl::Status(const Call&)> body) {
  RETURN_IF_ERROR(call.StillWanted());
  try {
    return body(call);
  } catch (const std::exception& e) {
    // Nothing else is caught: what is no std::exception is a crash that a simulation acts.
    return absl::InternalError(e.what());
  }
}

absl::Status CheckRights(const Call& call) {
  if (MayCall(call.actor.role, call.method)) return absl::OkStatus();
  const std::string role(RoleName(call.actor.role));
  const std::string method(call.method);
  return Error(absl::StatusCode::kPermissionDenied, Reason::kNotAllowed,
               absl::StrCat("role ", role, " may not call ", method),
               {{"role", role}, {"method", method}});
}

// From the caller's name to the answer; `call` is filled on the way.
absl::Status Admitted(grpc::ServerContextBase& context, bool trusted, Call& call,
                      absl::FunctionRef<absl::Status(const Call&)> body) {
  ASSIGN_OR_RETURN(call.actor, ReadActor(context, trusted));
  RETURN_IF_ERROR(CheckRights(call));
  absl::StatusOr<Admission::Place> place = Admission::For(call.method).Enter(call.deadline);
  if (!place.ok()) return place.status();
  const DeadlineScope deadline(call.deadline);
  FailPoint("rpc", call.method, "begin");
  absl::Status status = RunBody(call, body);
  FailPoint("rpc", call.method, "answered");
  return status;
}

// A service that has too much to do does not spend its time on a line for each call that it
// refuses: one line a second tells how many they were.
bool LogsRefusal(absl::Time now, int64_t* refused) {
  static std::atomic<int64_t> count{0};
  static std::atomic<int64_t> last_second{0};
  count.fetch_add(1, std::memory_order_relaxed);
  const int64_t second = absl::ToUnixSeconds(now);
  int64_t last = last_second.load(std::memory_order_relaxed);
  if (last == second || !last_second.compare_exchange_strong(last, second)) return false;
  *refused = count.exchange(0, std::memory_order_relaxed);
  return true;
}

// Answers a call that did not begin: under overload this is what a service does most, so it costs
// little.
grpc::Status Refuse(grpc::ServerContextBase& context, std::string_view method,
                    const Refusal& refusal, absl::Duration took) {
  context.AddTrailingMetadata(kPushbackMetadata, refusal.pushback);
  CountRpc(method, "RESOURCE_EXHAUSTED", took);
  int64_t refused = 0;
  if (LogsRefusal(absl::Now(), &refused)) {
    Log(Severity::kWarning, "overloaded", {{"method", method}, {"refused", refused}});
  }
  return refusal.answer;
}

void LogCall(const Call& call, std::string_view peer_kind, const absl::Status& status,
             absl::StatusCode code, absl::Duration took) {
  Log(SeverityOf(code), "rpc",
      {{"method", call.method},
       {"code", absl::StatusCodeToString(code)},
       {"reason", code == absl::StatusCode::kOk ? "" : ReasonName(ReasonOf(status))},
       {"ms", absl::ToInt64Milliseconds(took)},
       {"actor", call.actor.name},
       {"role", RoleName(call.actor.role)},
       {"peer", peer_kind}});
}

absl::Time DeadlineOf(const grpc::ServerContextBase& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                  : absl::FromChrono(deadline);
}

// Cuts to so many bytes without cutting a character.
std::string Shortened(absl::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

// Bytes of the character that begins at `text`; 0 if it is not valid UTF-8.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead > 0xF4 || length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
  if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return length;
}

// proto3 refuses to read a string that is not UTF-8: one bad byte would cost all details.
std::string ValidUtf8(absl::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      valid.push_back('?');
      text.remove_prefix(1);
    } else {
      valid.append(text.data(), length);
      text.remove_prefix(length);
    }
  }
  return valid;
}

// Drops the last field violations until the message is small enough.
void TrimBadRequest(google::protobuf::Any* any, size_t most) {
  google::rpc::BadRequest bad;
  if (!bad.ParseFromString(any->value())) return;
  while (bad.field_violations_size() > 1 && bad.ByteSizeLong() > most) {
    bad.mutable_field_violations()->RemoveLast();
  }
  any->set_value(bad.SerializeAsString());
}

// Makes the details small enough for a trailer; the reason goes last.
void TrimForTrailer(google::rpc::Status* status) {
  status->set_message(Shortened(status->message(), kMaxMessageBytes));
  if (status->ByteSizeLong() <= kMaxDetailBytes) return;
  for (google::protobuf::Any& any : *status->mutable_details()) {
    if (any.type_url() == kBadRequestUrl) TrimBadRequest(&any, kMaxDetailBytes / 2);
  }
  for (int i = status->details_size() - 1; i >= 0 && status->ByteSizeLong() > kMaxDetailBytes;
       --i) {
    if (status->details(i).type_url() == kErrorInfoUrl) continue;
    status->mutable_details()->DeleteSubrange(i, 1);
  }
  if (status->ByteSizeLong() > kMaxDetailBytes) {
    for (google::protobuf::Any& any : *status->mutable_details()) {
      google::rpc::ErrorInfo info;
      if (!info.ParseFromString(any.value())) continue;
      info.clear_metadata();
      any.set_value(info.SerializeAsString());
    }
  }
}

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

bool IsPrintable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace

bool IsTrustedPeer(std::string_view peer) {
  return PeerKind(absl::string_view(peer.data(), peer.size())) != "remote";
}

absl::Status Call::StillWanted() const {
  if (absl::Now() >= deadline) {
    return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
                 "time ran out; ask again with the same request_id and a longer deadline");
  }
  if (context != nullptr && context->IsCancelled()) {
    return absl::CancelledError("the caller went away");
  }
  return absl::OkStatus();
}

grpc::Status RunRpc(grpc::ServerContextBase* context, std::string_view method,
                    absl::FunctionRef<absl::Status(const Call&)> body) {
  const absl::Time start = absl::Now();
  // A context that no connection stands behind was made in this process.
  const std::string_view peer_kind =
      context->c_call() == nullptr ? "process" : PeerKind(context->peer());
  Call call;
  call.method = method;
  call.deadline = DeadlineOf(*context);
  call.context = context;

  absl::Status status = Admitted(*context, peer_kind != "remote", call, body);
  if (const Refusal* const refusal = RefusalOf(status); refusal != nullptr) {
    return Refuse(*context, method, *refusal, absl::Now() - start);
  }
  const absl::StatusCode code = status.code();
  if (IsInnerFault(code)) status = Blank(status, method);
  const absl::Duration took = absl::Now() - start;
  CountRpc(method, absl::StatusCodeToString(code), took);
  LogCall(call, peer_kind, status, code, took);
  return ToGrpc(status);
}

absl::StatusOr<sql::RequestKey> RequestKeyOf(const Call& call,
                                             const google::protobuf::Message& request) {
  const google::protobuf::FieldDescriptor* field =
      request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING ||
      field->is_repeated()) {
    return absl::InternalError(
        absl::StrCat(request.GetDescriptor()->full_name(), " has no field request_id"));
  }
  std::unique_ptr<google::protobuf::Message> rest(request.New());
  rest->CopyFrom(request);
  sql::RequestKey key;
  key.request_id = request.GetReflection()->GetString(request, field);
  rest->GetReflection()->ClearField(rest.get(), field);
  if (key.request_id.empty() || key.request_id.size() > 64 || !IsPrintable(key.request_id)) {
    return InvalidField("request_id",
                        "send 1 to 64 printable ASCII characters, a new UUID for each request");
  }
  key.method = std::string(call.method);
  const std::string bytes = DeterministicBytes(*rest);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  key.fingerprint =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), 16));
  return key;
}

absl::Status Mutate(const Call& call, sql::Database& database, absl::Time now,
                    const google::protobuf::Message& request, google::protobuf::Message* response,
                    absl::FunctionRef<absl::Status(sql::Tx&)> body) {
  ASSIGN_OR_RETURN(const sql::RequestKey key, RequestKeyOf(call, request));
  RETURN_IF_ERROR(call.StillWanted());
  ASSIGN_OR_RETURN(const std::string reply,
                   sql::Once(database, key, now, [&](sql::Tx& tx) -> absl::StatusOr<std::string> {
                     response->Clear();  // an earlier try may have been rolled back
                     if (absl::Status done = body(tx); !done.ok()) return done;
                     return DeterministicBytes(*response);
                   }));
  if (!response->ParseFromString(reply)) {
    return absl::InternalError(absl::StrCat("the stored reply of ", key.method, " can't be read"));
  }
  return absl::OkStatus();
}

google::rpc::Status ToProto(const absl::Status& status) {
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(ValidUtf8(status.message()));
  std::vector<std::pair<std::string, std::string>> payloads;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    payloads.emplace_back(std::string(url), std::string(payload));
  });
  std::sort(payloads.begin(), payloads.end());  // absl's order is not defined
  for (auto& [url, payload] : payloads) {
    google::protobuf::Any* any = proto.add_details();
    any->set_type_url(ValidUtf8(url));
    any->set_value(std::move(payload));
  }
  return proto;
}

absl::Status FromProto(const google::rpc::Status& proto) {
  absl::Status status(static_cast<absl::StatusCode>(proto.code()), proto.message());
  for (const google::protobuf::Any& any : proto.details()) {
    status.SetPayload(any.type_url(), absl::Cord(any.value()));
  }
  return status;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status proto = ToProto(status);
  TrimForTrailer(&proto);
  const std::string details = proto.details().empty() ? "" : proto.SerializeAsString();
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), proto.message(), details);
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status proto;
  if (!status.error_details().empty() && proto.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& any : proto.details()) {
      result.SetPayload(any.type_url(), absl::Cord(any.value()));
    }
  }
  return result;
}

}  // namespace lingkaran
