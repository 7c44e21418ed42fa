// absl::Status to and from what goes over the wire.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "common/base/string_views.h"
#include "common/base/utf8.h"
#include "common/rpc/run_rpc.h"
#include "google/rpc/error_details.pb.h"

namespace lingkaran {
namespace {

constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

// gRPC's limit for all trailers of an answer is 8 KiB, above which the client sees another error.
// Details travel as base64 (4/3) and hold the message again.
constexpr size_t kMaxMessageBytes = 900;
constexpr size_t kMaxDetailBytes = 3000;

// Cuts to so many bytes without cutting a character.
std::string Shortened(absl::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

// proto3 refuses to read a string that is not UTF-8: one bad byte would cost all details.
std::string ValidUtf8(absl::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(StdView(text));
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

}  // namespace

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
  google::rpc::Status proto;
  if (!proto.ParseFromString(status.error_details())) proto.clear_details();
  proto.set_code(status.error_code());
  proto.set_message(status.error_message());
  return FromProto(proto);
}

}  // namespace lingkaran
