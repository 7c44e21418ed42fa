// What buf does not know of the contracts: who may call each RPC, and the conventions of
// lingkaran/common/v1/types.proto.
#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_reason.h"
#include "common/rpc/authorization.h"

namespace lingkaran {
namespace {

namespace pb = google::protobuf;

// All contracts of the suite, from the descriptors that protoc made of them.
class Contracts {
 public:
  Contracts() {
    std::ifstream in(LINGKARAN_DESCRIPTORS, std::ios::binary);
    pb::FileDescriptorSet set;
    EXPECT_TRUE(set.ParseFromIstream(&in)) << LINGKARAN_DESCRIPTORS;
    for (const pb::FileDescriptorProto& file : set.file()) {  // imported ones come first
      const pb::FileDescriptor* built = pool_.BuildFile(file);
      if (built == nullptr) ADD_FAILURE() << file.name() << " can't be read";
      if (built != nullptr && absl::StartsWith(file.package(), "lingkaran.")) {
        files_.push_back(built);
      }
    }
    EXPECT_GE(files_.size(), 9u);
  }
  const std::vector<const pb::FileDescriptor*>& files() const { return files_; }
  const pb::DescriptorPool& pool() const { return pool_; }

 private:
  pb::DescriptorPool pool_;
  std::vector<const pb::FileDescriptor*> files_;
};

const Contracts& Suite() {
  static const Contracts& contracts = *new Contracts;
  return contracts;
}

void ForEachMethod(const std::function<void(const pb::MethodDescriptor&)>& see) {
  for (const pb::FileDescriptor* file : Suite().files()) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) see(*file->service(i)->method(k));
    }
  }
}

// "package.Service/Method" of all services.
std::vector<std::string> Methods() {
  std::vector<std::string> methods;
  ForEachMethod([&](const pb::MethodDescriptor& method) {
    methods.push_back(absl::StrCat(method.service()->full_name(), "/", method.name()));
  });
  std::sort(methods.begin(), methods.end());
  return methods;
}

// Invariant: default deny, and nobody forgets a new RPC.
TEST(RightsTest, EveryRpcHasARuleAndEveryRuleAnRpc) { EXPECT_EQ(MethodsWithRights(), Methods()); }

TEST(RightsTest, EveryRpcCanBeCalledBySomebody) {
  for (const std::string& method : Methods()) {
    EXPECT_TRUE(MayCall(Role::kOfficer, method) || MayCall(Role::kAdmin, method) ||
                MayCall(Role::kService, method))
        << method;
    EXPECT_FALSE(MayCall(Role::kNone, method)) << method;
  }
}

TEST(ConventionTest, MutationsAnswerWithAToken) {
  int mutations = 0;
  ForEachMethod([&](const pb::MethodDescriptor& method) {
    if (method.input_type()->FindFieldByName("request_id") == nullptr) return;
    ++mutations;
    EXPECT_NE(method.output_type()->FindFieldByName("consistency_token"), nullptr)
        << method.full_name();
  });
  EXPECT_GE(mutations, 15);
}

int CheckNumbers(const pb::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    EXPECT_NE(field.cpp_type(), pb::FieldDescriptor::CPPTYPE_DOUBLE) << field.full_name();
    EXPECT_NE(field.cpp_type(), pb::FieldDescriptor::CPPTYPE_FLOAT) << field.full_name();
    if (absl::EndsWith(field.name(), "_rupiah")) {
      EXPECT_EQ(field.type(), pb::FieldDescriptor::TYPE_INT64) << field.full_name();
    }
  }
  int fields = message.field_count();
  for (int i = 0; i < message.nested_type_count(); ++i) {
    fields += CheckNumbers(*message.nested_type(i));
  }
  return fields;
}

TEST(ConventionTest, MoneyIsInt64AndNothingIsAFloat) {
  int fields = 0;
  for (const pb::FileDescriptor* file : Suite().files()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      fields += CheckNumbers(*file->message_type(i));
    }
  }
  EXPECT_GE(fields, 500);
}

TEST(ConventionTest, ErrorReasonsAreTheSameInHeaderAndProto) {
  const pb::EnumDescriptor* type =
      Suite().pool().FindEnumTypeByName("lingkaran.common.v1.ErrorReason");
  ASSERT_NE(type, nullptr);
  std::set<std::string> in_proto;
  for (int i = 0; i < type->value_count(); ++i) {
    in_proto.insert(absl::StrCat(type->value(i)->name(), " = ", type->value(i)->number()));
  }
  const std::set<std::string> in_header = {
#define LINGKARAN_X(id, name, number) "ERROR_REASON_" #name " = " #number,
      LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
  };
  EXPECT_EQ(in_header, in_proto);
}

}  // namespace
}  // namespace lingkaran
