// Nothing that was released is removed, renumbered or retyped; every RPC has a rule of who may call
// it; every mutation can be repeated.
#include <fstream>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_reason.h"
#include "common/rpc/authorization.h"
#include "tests/contract/descriptors.h"

namespace lingkaran::contract {
namespace {

namespace pb = google::protobuf;
using testing::ElementsAre;
using testing::IsEmpty;

const Contracts& Suite() {
  static const Contracts& contracts = *new Contracts(LINGKARAN_DESCRIPTORS);
  return contracts;
}

std::set<std::string> Baseline() {
  std::ifstream in(LINGKARAN_SOURCE_DIR "/tests/contract/baseline.txt");
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.insert(line);
  }
  return lines;
}

const pb::FileDescriptor& FileOf(const std::string& name) {
  for (const pb::FileDescriptor* file : Suite().files()) {
    if (file->name() == name) return *file;
  }
  ADD_FAILURE() << "no file " << name;
  return *Suite().files().front();
}

TEST(ContractTest, EveryFileCanBeRead) { EXPECT_GE(Suite().files().size(), 9u); }

TEST(ContractTest, NothingReleasedIsBroken) {
  const std::set<std::string> baseline = Baseline();
  ASSERT_GT(baseline.size(), 500u);
  EXPECT_THAT(Broken(baseline, Describe(Suite().files())), IsEmpty())
      << "Released fields, values and RPCs stay as they are: add new ones beside them. If nobody "
         "has used them yet, tests/contract/refresh makes this the new baseline.";
}

TEST(ContractTest, BaselineIsComplete) {
  EXPECT_THAT(Broken(Describe(Suite().files()), Baseline()), IsEmpty())
      << "New: run tests/contract/refresh and commit the baseline with the change.";
}

// A copy of one file in which `damage` was done, described like the original.
template <typename Damage>
std::vector<std::string> FoundIn(const std::string& name, Damage damage) {
  const pb::FileDescriptor& original = FileOf(name);
  pb::FileDescriptorProto copy;
  original.CopyTo(&copy);
  damage(copy);
  pb::DescriptorPool pool(&Suite().pool());
  copy.set_name("damaged.proto");
  copy.set_package("damaged");
  // The copy has another package, so that the pool takes it beside the original.
  const std::string from = original.package() + ".";
  const auto renamed = [&](std::string* type) {
    if (absl::StartsWith(*type, "." + from)) *type = ".damaged." + type->substr(from.size() + 1);
  };
  for (pb::DescriptorProto& message : *copy.mutable_message_type()) {
    for (pb::FieldDescriptorProto& field : *message.mutable_field()) {
      if (field.has_type_name()) renamed(field.mutable_type_name());
    }
  }
  for (pb::ServiceDescriptorProto& service : *copy.mutable_service()) {
    for (pb::MethodDescriptorProto& method : *service.mutable_method()) {
      renamed(method.mutable_input_type());
      renamed(method.mutable_output_type());
    }
  }
  const pb::FileDescriptor* built = pool.BuildFile(copy);
  if (built == nullptr) return {"the damaged copy can't be built"};
  std::set<std::string> now;
  for (std::string line : Describe({built})) {
    for (size_t at; (at = line.find("damaged.")) != std::string::npos;) line.replace(at, 8, from);
    now.insert(line);
  }
  return Broken(Describe({&original}), now);
}

constexpr char kTypes[] = "lingkaran/common/v1/types.proto";
constexpr char kRegistry[] = "lingkaran/registry/v1/registry.proto";

pb::DescriptorProto& TokenContent(pb::FileDescriptorProto& file) {
  for (pb::DescriptorProto& message : *file.mutable_message_type()) {
    if (message.name() == "TokenContent") return message;
  }
  ADD_FAILURE() << "TokenContent is gone";
  return *file.mutable_message_type(0);
}

TEST(ContractSelfTest, AnUnchangedCopyIsFine) {
  EXPECT_THAT(FoundIn(kTypes, [](pb::FileDescriptorProto&) {}), IsEmpty());
  EXPECT_THAT(FoundIn(kRegistry, [](pb::FileDescriptorProto&) {}), IsEmpty());
}

TEST(ContractSelfTest, NewFieldsAreFine) {
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        pb::FieldDescriptorProto* field = TokenContent(file).add_field();
                        field->set_name("more");
                        field->set_number(99);
                        field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
                        field->set_type(pb::FieldDescriptorProto::TYPE_INT64);
                      }),
              IsEmpty());
}

constexpr char kPosition[] =
    "field lingkaran.common.v1.TokenContent.coverage_position = 1 int64 optional";

TEST(ContractSelfTest, RemovedFieldIsFound) {
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        TokenContent(file).mutable_field()->DeleteSubrange(0, 1);
                      }),
              ElementsAre(kPosition));
}

TEST(ContractSelfTest, RenumberedFieldIsFound) {
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        TokenContent(file).mutable_field(0)->set_number(7);
                      }),
              ElementsAre(kPosition));
}

TEST(ContractSelfTest, RetypedFieldIsFound) {
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        TokenContent(file).mutable_field(0)->set_type(
                            pb::FieldDescriptorProto::TYPE_SINT64);
                      }),
              ElementsAre(kPosition));
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        TokenContent(file).mutable_field(0)->set_label(
                            pb::FieldDescriptorProto::LABEL_REPEATED);
                      }),
              ElementsAre(kPosition));
}

TEST(ContractSelfTest, RemovedEnumValueIsFound) {
  EXPECT_THAT(FoundIn(kTypes,
                      [](pb::FileDescriptorProto& file) {
                        for (pb::EnumDescriptorProto& type : *file.mutable_enum_type()) {
                          if (type.name() == "Sector") type.mutable_value()->DeleteSubrange(2, 1);
                        }
                      }),
              ElementsAre("value lingkaran.common.v1.Sector SECTOR_TRANSPORT = 2"));
}

TEST(ContractSelfTest, RemovedRpcIsFound) {
  EXPECT_THAT(FoundIn(kRegistry,
                      [](pb::FileDescriptorProto& file) {
                        file.mutable_service(0)->mutable_method()->DeleteSubrange(0, 1);
                      }),
              ElementsAre("rpc lingkaran.registry.v1.RegistryService/CreateAgency "
                          "(lingkaran.registry.v1.CreateAgencyRequest) returns "
                          "(lingkaran.registry.v1.CreateAgencyResponse)"));
}

TEST(ContractSelfTest, RpcThatBecameAStreamIsFound) {
  EXPECT_THAT(
      FoundIn(kRegistry,
              [](pb::FileDescriptorProto& file) {
                file.mutable_service(0)->mutable_method(0)->set_server_streaming(true);
              }),
      ElementsAre(testing::StartsWith("rpc lingkaran.registry.v1.RegistryService/CreateAgency ")));
}

// Invariant: default deny, and nobody forgets a new RPC.
TEST(RightsTest, EveryRpcHasARuleAndEveryRuleAnRpc) {
  EXPECT_EQ(MethodsWithRights(), Methods(Suite().files()));
}

TEST(RightsTest, EveryRpcCanBeCalledBySomebody) {
  for (const std::string& method : Methods(Suite().files())) {
    EXPECT_TRUE(MayCall(Role::kOfficer, method) || MayCall(Role::kAdmin, method) ||
                MayCall(Role::kService, method))
        << method;
    EXPECT_FALSE(MayCall(Role::kNone, method)) << method;
  }
}

// The conventions of types.proto.
TEST(ConventionTest, MutationsAnswerWithAToken) {
  int mutations = 0;
  for (const pb::FileDescriptor* file : Suite().files()) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) {
        const pb::MethodDescriptor& method = *file->service(i)->method(k);
        if (method.input_type()->FindFieldByName("request_id") == nullptr) continue;
        ++mutations;
        EXPECT_NE(method.output_type()->FindFieldByName("consistency_token"), nullptr)
            << method.full_name();
      }
    }
  }
  EXPECT_GE(mutations, 15);
}

TEST(ConventionTest, MoneyIsInt64AndNothingIsAFloat) {
  for (const std::string& line : Describe(Suite().files())) {
    if (!absl::StartsWith(line, "field ")) continue;
    EXPECT_THAT(line, testing::Not(testing::ContainsRegex(" (double|float) "))) << line;
    if (line.find("_rupiah = ") != std::string::npos) {
      EXPECT_THAT(line, testing::ContainsRegex("_rupiah = [0-9]+ int64 ")) << line;
    }
  }
}

TEST(ConventionTest, ErrorReasonsAreTheSameInHeaderAndProto) {
  const pb::EnumDescriptor* type =
      FileOf("lingkaran/common/v1/error_reason.proto").FindEnumTypeByName("ErrorReason");
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
}  // namespace lingkaran::contract
