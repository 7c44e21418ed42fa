#include "tests/contract/descriptors.h"

#include <algorithm>
#include <fstream>

#include <google/protobuf/descriptor.pb.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lingkaran::contract {
namespace {

namespace pb = google::protobuf;

std::string TypeName(const pb::FieldDescriptor& field) {
  if (field.type() == pb::FieldDescriptor::TYPE_MESSAGE) return field.message_type()->full_name();
  if (field.type() == pb::FieldDescriptor::TYPE_ENUM) return field.enum_type()->full_name();
  return field.type_name();
}

std::string Label(const pb::FieldDescriptor& field) {
  if (field.is_repeated()) return "repeated";
  const pb::OneofDescriptor* oneof = field.real_containing_oneof();
  return oneof == nullptr ? "optional" : absl::StrCat("optional of ", oneof->name());
}

void AddEnum(const pb::EnumDescriptor& type, std::set<std::string>* lines) {
  lines->insert(absl::StrCat("enum ", type.full_name()));
  for (int i = 0; i < type.value_count(); ++i) {
    lines->insert(absl::StrCat("value ", type.full_name(), " ", type.value(i)->name(), " = ",
                               type.value(i)->number()));
  }
}

void AddMessage(const pb::Descriptor& type, std::set<std::string>* lines) {
  lines->insert(absl::StrCat("message ", type.full_name()));
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    lines->insert(absl::StrCat("field ", field.full_name(), " = ", field.number(), " ",
                               TypeName(field), " ", Label(field)));
  }
  for (int i = 0; i < type.nested_type_count(); ++i) AddMessage(*type.nested_type(i), lines);
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), lines);
}

std::string MethodName(const pb::MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

}  // namespace

Contracts::Contracts(const std::string& descriptor_set) {
  std::ifstream in(descriptor_set, std::ios::binary);
  pb::FileDescriptorSet set;
  if (!set.ParseFromIstream(&in)) return;
  for (const pb::FileDescriptorProto& file : set.file()) {  // imported ones come first
    const pb::FileDescriptor* built = pool_.BuildFile(file);
    if (built == nullptr) {
      files_.clear();
      return;
    }
    if (absl::StartsWith(file.package(), "lingkaran.")) files_.push_back(built);
  }
}

std::set<std::string> Describe(const std::vector<const pb::FileDescriptor*>& files) {
  std::set<std::string> lines;
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) AddMessage(*file->message_type(i), &lines);
    for (int i = 0; i < file->enum_type_count(); ++i) AddEnum(*file->enum_type(i), &lines);
    for (int i = 0; i < file->service_count(); ++i) {
      const pb::ServiceDescriptor& service = *file->service(i);
      for (int k = 0; k < service.method_count(); ++k) {
        const pb::MethodDescriptor& method = *service.method(k);
        lines.insert(absl::StrCat(
            "rpc ", MethodName(method), " (", method.client_streaming() ? "stream " : "",
            method.input_type()->full_name(), ") returns (",
            method.server_streaming() ? "stream " : "", method.output_type()->full_name(), ")"));
      }
    }
  }
  return lines;
}

std::vector<std::string> Methods(const std::vector<const pb::FileDescriptor*>& files) {
  std::vector<std::string> methods;
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) {
        methods.push_back(MethodName(*file->service(i)->method(k)));
      }
    }
  }
  std::sort(methods.begin(), methods.end());
  return methods;
}

std::vector<std::string> Broken(const std::set<std::string>& baseline,
                                const std::set<std::string>& now) {
  std::vector<std::string> broken;
  std::set_difference(baseline.begin(), baseline.end(), now.begin(), now.end(),
                      std::back_inserter(broken));
  return broken;
}

}  // namespace lingkaran::contract
