#include "services/cli/session/connection.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

// Somebody waits at the terminal: a restart is ridden out, a wrong address is told soon.
constexpr absl::Duration kPatience = absl::Seconds(5);

bool IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

std::string_view Heading(ExitCode code) {
  switch (code) {
    case kBadInput:
      return "Masukan keliru";
    case kUnreachable:
      return "Layanan tidak terjangkau";
    case kRefused:
      return "Ditolak";
    default:
      return "Gangguan dalam layanan";
  }
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kYes;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kBadInput;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kUnreachable;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      return kRefused;
    default:
      return kUnknown;
  }
}

std::string DescribeError(const absl::Status& status, bool technical) {
  const std::string said = ErrorText(status);
  std::string text = absl::StrCat(std::string(Heading(ExitCodeOf(status))), ": ", said);
  if (technical && said != status.message()) absl::StrAppend(&text, " [", status.message(), "]");
  return text;
}

Session::Session(Globals globals, std::ostream& out, std::ostream& err)
    : globals_(std::move(globals)), out_(out), err_(err) {
  if (globals_.request_id.empty()) globals_.request_id = NewRequestId();
}

const std::string& Session::AddressOf(std::string_view service) const {
  return service == "registry"      ? globals_.registry
         : service == "sponsorship" ? globals_.sponsorship
                                    : globals_.coverage;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Session::Channel(std::string_view service) {
  const auto known = channels_.find(service);
  if (known != channels_.end()) return known->second;
  const std::string name(service);
  if (AddressOf(service).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "alamat layanan ", name, " belum diberikan. Tambahkan --", name,
        " HOST:PORT, atau isi variabel lingkungan LINGKARAN_", absl::AsciiStrToUpper(name), "."));
  }
  return channels_[name] = MakeChannel(AddressOf(service));
}

absl::Status Session::Reworded(std::string_view service, const absl::Status& status) const {
  if (!IsUnreachable(status)) return status;
  const std::string& address = AddressOf(service);
  return absl::Status(status.code(),
                      absl::StrCat(std::string(service), " di ", address,
                                   absl::IsDeadlineExceeded(status)
                                       ? " tidak menjawab pada waktunya. Ulangi, atau beri waktu "
                                         "lebih lama dengan --timeout."
                                       : " tidak menjawab. Periksa apakah layanan itu berjalan dan "
                                         "alamatnya benar, lalu ulangi."));
}

absl::Status Session::CallNamed(std::string_view service, const std::string& request_id,
                                absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  CallOptions options;
  options.actor = globals_.actor;
  options.timeout = absl::Seconds(globals_.timeout_seconds);
  options.request_id = request_id;
  mutates_ |= !request_id.empty();
  options.patience = kPatience;
  bool ours = false;  // gRPC's own errors, made on this side, carry no details
  const absl::Status status = CallWithRetry(options, [&](grpc::ClientContext* context) {
    const grpc::Status answer = rpc(context);
    ours = !answer.error_details().empty();
    return answer;
  });
  outcome_unknown_ = IsOutcomeUnknown(status);
  return ours ? status : Reworded(service, status);
}

std::string Session::RequestId(std::string_view part) const {
  if (part.empty()) return globals_.request_id;
  return absl::StrCat(globals_.request_id, "-", std::string(part));
}

void Session::PrepareStream(grpc::ClientContext& context, absl::Duration timeout) const {
  CallOptions options;
  options.actor = globals_.actor;
  options.timeout = timeout;
  Prepare(context, options);
}

absl::Status Session::StreamStatus(std::string_view service, const grpc::Status& status) {
  const absl::Status ours = FromGrpc(status);
  outcome_unknown_ = IsUnreachable(ours);
  return status.error_details().empty() ? Reworded(service, ours) : ours;
}

absl::Status Session::Show(const google::protobuf::Message& reply,
                           absl::FunctionRef<void(std::ostream&)> people) {
  if (!globals_.json_to.empty()) {
    if (!json_file_.has_value()) json_file_.emplace(globals_.json_to, std::ios::trunc);
    *json_file_ << ToJson(reply) << '\n' << std::flush;
    if (!*json_file_) {
      return absl::InvalidArgumentError("berkas " + globals_.json_to + " tidak dapat ditulis.");
    }
  }
  if (!globals_.fields.empty()) {
    for (const std::string& field : globals_.fields) {
      absl::StatusOr<std::vector<std::string>> values = FieldValues(reply, field);
      if (!values.ok()) return values.status();
      for (const std::string& value : *values) out_ << value << '\n';
    }
  } else if (globals_.json) {
    out_ << ToJson(reply) << std::endl;  // who reads a stream of them reads now
  } else {
    people(out_);
  }
  return absl::OkStatus();
}

void Session::ShowPeople(absl::FunctionRef<void(std::ostream&)> people) {
  if (globals_.fields.empty() && !globals_.json) people(out_);
}

ProgressStyle Session::progress_style() const {
  if (globals_.progress || isatty(STDERR_FILENO) != 0) return ProgressStyle::kBar;
  return globals_.json || !globals_.fields.empty() ? ProgressStyle::kNone : ProgressStyle::kLines;
}

std::string Session::RepeatHint() const {
  if (!mutates_) return "";
  return absl::StrCat(outcome_unknown_ ? "Hasilnya belum pasti." : "Perintah itu belum terlaksana.",
                      " Ulangi perintah yang sama dengan --request-id ", globals_.request_id,
                      ": yang sudah tercatat tidak akan tercatat dua kali.");
}

}  // namespace lingkaran::cli
