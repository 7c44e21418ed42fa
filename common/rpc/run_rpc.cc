#include "common/rpc/run_rpc.h"

#include <atomic>
#include <chrono>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <openssl/sha.h>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/deadline.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/mutex.h"
#include "common/base/overload.h"
#include "common/base/random.h"

namespace lingkaran {
namespace {

constexpr char kHowToSend[] =
    "send metadata \"lingkaran-actor: NAME;role=ROLE\" with a role of agency, officer, sponsor, "
    "clinic, admin or service, and for an agency \";agency=ID\"";

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
  const std::string reference = absl::StrFormat("%08X", static_cast<uint32_t>(RandomBits()));
  Log(Severity::kError, "inner_fault",
      {{"reference", reference}, {"method", method}, {"text", std::string(status.message())}});
  return Error(absl::StatusCode::kInternal, Reason::kInternal,
               absl::StrCat("inner fault, reference ", reference), {{"reference", reference}});
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

int64_t SteadyNanos() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// `steady_nanos` is now; gRPC's own conversion to the machine's clock would ask two clocks more.
bool HasPassed(gpr_timespec deadline, int64_t steady_nanos) {
  if (deadline.clock_type != GPR_CLOCK_MONOTONIC) {
    return gpr_time_cmp(gpr_now(deadline.clock_type), deadline) >= 0;
  }
  const int64_t seconds = steady_nanos / 1'000'000'000;
  if (seconds != deadline.tv_sec) return seconds > deadline.tv_sec;
  return steady_nanos % 1'000'000'000 >= deadline.tv_nsec;
}

// Where the call comes from; a context that no connection stands behind was made in this process.
std::string_view PeerKindOf(grpc::ServerContextBase& context) {
  if (context.c_call() == nullptr) return "process";
  // What context.peer() does, without a second copy.
  char* const peer = grpc_call_get_peer(context.c_call());
  const std::string_view kind = PeerKind(peer);
  gpr_free(peer);
  return kind;
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

}  // namespace

bool IsTrustedPeer(std::string_view peer) { return PeerKind(AbslView(peer)) != "remote"; }

absl::Status Call::StillWanted() const {
  if (absl::Now() >= deadline) return DeadlinePassed();
  if (context != nullptr && context->IsCancelled()) return CallerGone();
  return absl::OkStatus();
}

RpcMethod::RpcMethod(std::string_view name)
    : name_(name),
      roles_(RolesThatMayCall(name)),
      admission_(AdmissionControl::For(name)),
      meters_(std::make_unique<RpcMeters>(name)) {}

RpcMethod::~RpcMethod() = default;

const RpcMethod& RpcMethod::Of(std::string_view name) {
  struct All {
    Mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<const RpcMethod>> methods
        ABSL_GUARDED_BY(mutex);
  };
  static All& all = *new All();
  // The keys are the methods' own.
  thread_local absl::flat_hash_map<std::string_view, const RpcMethod*> known;
  const auto found = known.find(name);
  if (found != known.end()) return *found->second;
  MutexLock lock(all.mutex);
  std::unique_ptr<const RpcMethod>& method = all.methods[std::string(name)];
  if (method == nullptr) method.reset(new RpcMethod(name));
  known.emplace(method->name(), method.get());
  return *method;
}

RpcRun::RpcRun(grpc::ServerContextBase* context, const RpcMethod& method)
    : context_(context), method_(method), start_nanos_(SteadyNanos()) {}

// This is the one place that trust will change in.
absl::Status RpcRun::ReadWho() {
  peer_kind_ = PeerKindOf(*context_);
  const auto range = context_->client_metadata().equal_range(kActorMetadata);
  if (range.first == range.second) return NoActor("nobody is named as caller");
  if (std::next(range.first) != range.second) return NoActor("more than one caller is named");
  if (peer_kind_ == "remote") {
    return NoActor("actors are believed from loopback and unix sockets only");
  }
  const grpc::string_ref& text = range.first->second;
  Who who;
  bool first = true;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ';')) {
    const size_t equals = part.find('=');
    const absl::string_view value =
        equals == absl::string_view::npos ? absl::string_view() : part.substr(equals + 1);
    if (first) {
      who.name = StdView(absl::StripAsciiWhitespace(part));
      if (who.name.empty() || who.name.size() > 100) {
        return NoActor("the actor's name is missing or longer than 100 characters");
      }
    } else if (part.substr(0, equals) == "role") {
      who.role = RoleFromName(StdView(value));
    } else if (part.substr(0, equals) != "agency" || !absl::SimpleAtoi(value, &who.agency_id) ||
               who.agency_id <= 0) {
      return NoActor("the actor's metadata can't be read");
    }
    first = false;
  }
  if (who.role == Role::kNone) return NoActor("the actor's role is missing or unknown");
  who_ = who;
  return absl::OkStatus();
}

absl::Status RpcRun::CheckRights() const {
  if (method_.Allows(who_.role)) return absl::OkStatus();
  const std::string role(RoleName(who_.role));
  return Error(absl::StatusCode::kPermissionDenied, Reason::kNotAllowed,
               absl::StrCat("role ", role, " may not call ", method_.name()),
               {{"role", role}, {"method", method_.name()}});
}

absl::Status RpcRun::Begin() {
  RETURN_IF_ERROR(ReadWho());
  RETURN_IF_ERROR(CheckRights());
  if (HasPassed(context_->raw_deadline(), start_nanos_)) return DeadlinePassed();
  std::optional<AdmissionControl::Permit> place = method_.admission().TryEnter();
  if (!place) return Overloaded();
  permit_.emplace(*std::move(place));
  FailPoint("rpc", method_.name(), "begin");
  return absl::OkStatus();
}

absl::Status RpcRun::BeginOrWait() {
  RETURN_IF_ERROR(ReadWho());
  RETURN_IF_ERROR(CheckRights());
  absl::StatusOr<AdmissionControl::Permit> place = method_.admission().Enter(deadline());
  if (!place.ok()) return place.status();
  permit_.emplace(*std::move(place));
  FailPoint("rpc", method_.name(), "begin");
  return absl::OkStatus();
}

Call RpcRun::call() const {
  return {.actor = {std::string(who_.name), who_.role, who_.agency_id},
          .method = method_.name(),
          .deadline = deadline(),
          .context = context_};
}

absl::Time RpcRun::deadline() const {
  const std::chrono::system_clock::time_point deadline = context_->deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                  : absl::FromChrono(deadline);
}

absl::Status RpcRun::StillWanted() const {
  if (HasPassed(context_->raw_deadline(), SteadyNanos())) return DeadlinePassed();
  if (context_->IsCancelled()) return CallerGone();
  return absl::OkStatus();
}

// A call that did not begin: under overload this is what a service does most, so it costs little.
grpc::Status RpcRun::Refuse(const Refusal& refusal, absl::Duration took) {
  context_->AddTrailingMetadata(kPushbackMetadata, refusal.pushback);
  method_.meters().Count(absl::StatusCode::kResourceExhausted, took);
  int64_t refused = 0;
  if (LogsRefusal(absl::Now(), &refused)) {
    Log(Severity::kWarning, "overloaded", {{"method", method_.name()}, {"refused", refused}});
  }
  return refusal.answer;
}

grpc::Status RpcRun::Finish(absl::Status status) {
  if (permit_) FailPoint("rpc", method_.name(), "answered");
  permit_.reset();
  const absl::Duration took = absl::Nanoseconds(SteadyNanos() - start_nanos_);
  if (const Refusal* const refusal = RefusalOf(status); refusal != nullptr) {
    return Refuse(*refusal, took);
  }
  const absl::StatusCode code = status.code();
  if (IsInnerFault(code)) status = Blank(status, method_.name());
  method_.meters().Count(code, took);
  if (IsLogged(SeverityOf(code))) {
    Log(SeverityOf(code), "rpc",
        {{"method", method_.name()},
         {"code", absl::StatusCodeToString(code)},
         {"reason", code == absl::StatusCode::kOk ? "" : ReasonName(ReasonOf(status))},
         {"ms", absl::ToInt64Milliseconds(took)},
         {"actor", who_.name},
         {"role", RoleName(who_.role)},
         {"peer", peer_kind_}});
  }
  return ToGrpc(status);
}

grpc::Status RunRpc(grpc::ServerContextBase* context, const RpcMethod& method,
                    absl::FunctionRef<absl::Status(const Call&)> body) {
  RpcRun run(context, method);
  absl::Status status = run.BeginOrWait();
  if (status.ok()) {
    const Call call = run.call();
    const DeadlineScope deadline(call.deadline);
    status = call.StillWanted();
    if (status.ok()) status = Guarded([&] { return body(call); });
  }
  return run.Finish(std::move(status));
}

grpc::Status RunRpc(grpc::ServerContextBase* context, std::string_view method,
                    absl::FunctionRef<absl::Status(const Call&)> body) {
  return RunRpc(context, RpcMethod::Of(method), body);
}

absl::Status CheckRequestId(std::string_view field, const std::string& id) {
  const bool is_printable = absl::c_all_of(id, absl::ascii_isprint);
  if (!id.empty() && id.size() <= 64 && is_printable) return absl::OkStatus();
  return InvalidField(field,
                      "send 1 to 64 printable ASCII characters, a new UUID for each request");
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
  RETURN_IF_ERROR(CheckRequestId("request_id", key.request_id));
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

}  // namespace lingkaran
