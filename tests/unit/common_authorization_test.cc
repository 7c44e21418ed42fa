#include "common/rpc/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/algorithm/container.h"

namespace lingkaran {
namespace {

constexpr Role kRoles[] = {Role::kAgency, Role::kOfficer, Role::kSponsor,
                           Role::kClinic, Role::kAdmin,   Role::kService};

std::string Registry(const std::string& method) {
  return "lingkaran.registry.v1.RegistryService/" + method;
}
std::string Sponsorship(const std::string& method) {
  return "lingkaran.sponsorship.v1.SponsorshipService/" + method;
}
std::string Coverage(const std::string& method) {
  return "lingkaran.coverage.v1.CoverageService/" + method;
}

std::vector<std::string> AllOf(Role role) {
  std::vector<std::string> methods;
  for (const std::string& method : MethodsWithRights()) {
    if (MayCall(role, method)) methods.push_back(method.substr(method.find('/') + 1));
  }
  return methods;
}

TEST(RoleTest, NamesGoBothWays) {
  for (const Role role : kRoles) EXPECT_EQ(RoleFromName(RoleName(role)), role) << RoleName(role);
  EXPECT_EQ(RoleFromName("root"), Role::kNone);
  EXPECT_EQ(RoleFromName(""), Role::kNone);
  EXPECT_EQ(RoleFromName("none"), Role::kNone);
  EXPECT_EQ(RoleFromName("Officer"), Role::kNone);
}

TEST(MayCallTest, DeniesWhatIsNotInTheTable) {
  for (const Role role : kRoles) {
    EXPECT_FALSE(MayCall(role, Registry("DropEverything")));
    EXPECT_FALSE(MayCall(role, ""));
    EXPECT_FALSE(MayCall(role, "CreateAgency"));
  }
}

TEST(MayCallTest, NobodyWithoutARole) { EXPECT_THAT(AllOf(Role::kNone), testing::IsEmpty()); }

TEST(MayCallTest, AgenciesProposeAndAsk) {
  EXPECT_THAT(AllOf(Role::kAgency), testing::UnorderedElementsAre(
                                        "BatchCheckEligibility", "CheckEligibility", "CreateBatch",
                                        "GetBatch", "GetBuildInfo", "ListAgencies", "ListBatchRows",
                                        "ListRules", "SubmitCandidates"));
}

TEST(MayCallTest, ClinicsOnlyAsk) {
  EXPECT_THAT(AllOf(Role::kClinic),
              testing::UnorderedElementsAre("BatchCheckEligibility", "CheckEligibility",
                                            "GetBuildInfo", "ListRules"));
}

TEST(MayCallTest, SponsorsReadAndSeeNoPerson) {
  EXPECT_THAT(
      AllOf(Role::kSponsor),
      testing::UnorderedElementsAre("GetBuildInfo", "GetPledge", "GetSponsorReport", "GetStatement",
                                    "ListPledges", "ListRules", "QuoteContribution"));
}

TEST(MayCallTest, TheseOnly) {
  const std::string operations = "lingkaran.ops.v1.OperationsService/";
  const std::vector<Role> branch = {Role::kOfficer, Role::kAdmin};
  const std::vector<std::pair<std::string, std::vector<Role>>> table = {
      {Coverage("UpsertMembers"), {Role::kService}},
      {Coverage("ActivateCoverage"), {Role::kService}},
      {Coverage("RevokeCoverage"), {Role::kService}},
      {Coverage("ReloadRules"), {Role::kAdmin}},
      {operations + "GetBuildInfo", {std::begin(kRoles), std::end(kRoles)}},
      {operations + "ListOwed", branch},
      {operations + "RetryOwed", branch},
      {operations + "AuditBook", branch},
  };
  for (const auto& [method, allowed] : table) {
    for (const Role role : kRoles) {
      EXPECT_EQ(MayCall(role, method), absl::c_linear_search(allowed, role)) << method;
    }
  }
}

TEST(MayCallTest, ServicesTouchNoMoneyOfAnother) {
  EXPECT_FALSE(MayCall(Role::kService, Sponsorship("RecordPayment")));
  EXPECT_FALSE(MayCall(Role::kService, Registry("ReviewBatch")));
  EXPECT_TRUE(MayCall(Role::kService, Registry("EnrolWorkers")));
  EXPECT_TRUE(MayCall(Role::kService, Registry("ListWorkers")));
}

}  // namespace
}  // namespace lingkaran
