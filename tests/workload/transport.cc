#include "tests/workload/transport.h"

#include "absl/strings/str_split.h"

namespace lingkaran::workload {

using google::protobuf::FieldDescriptor;

std::string ServiceOf(const Rpc& rpc) {
  const std::vector<std::string> package = absl::StrSplit(rpc.method->full_name(), '.');
  return package[1];
}

std::string TextField(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  return message.GetReflection()->GetString(message, field);
}

void ClearField(Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) message.GetReflection()->ClearField(&message, field);
}

bool IsOpen(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsResourceExhausted(status) ||
         (absl::IsAborted(status) && ReasonOf(status) == Reason::kUnspecified);
}

}  // namespace lingkaran::workload
