#include "common/rpc/authorization.h"

#include <iterator>

#include "absl/algorithm/container.h"

namespace lingkaran {
namespace {

constexpr unsigned kAgency = static_cast<unsigned>(Role::kAgency);
constexpr unsigned kOfficer = static_cast<unsigned>(Role::kOfficer);
constexpr unsigned kSponsor = static_cast<unsigned>(Role::kSponsor);
constexpr unsigned kClinic = static_cast<unsigned>(Role::kClinic);
constexpr unsigned kAdmin = static_cast<unsigned>(Role::kAdmin);
constexpr unsigned kService = static_cast<unsigned>(Role::kService);
constexpr unsigned kBranch = kOfficer | kAdmin;
constexpr unsigned kAnyRole = kBranch | kAgency | kSponsor | kClinic | kService;

struct Rule {
  std::string_view method;
  unsigned roles;
};

constexpr Rule kRules[] = {
    {"lingkaran.registry.v1.RegistryService/CreateAgency", kBranch},
    {"lingkaran.registry.v1.RegistryService/ListAgencies", kBranch | kAgency},
    {"lingkaran.registry.v1.RegistryService/CreateBatch", kBranch | kAgency},
    {"lingkaran.registry.v1.RegistryService/SubmitCandidates", kBranch | kAgency},
    {"lingkaran.registry.v1.RegistryService/GetBatch", kBranch | kAgency},
    {"lingkaran.registry.v1.RegistryService/ListBatchRows", kBranch | kAgency},
    {"lingkaran.registry.v1.RegistryService/ReviewBatch", kBranch},
    {"lingkaran.registry.v1.RegistryService/GetWorker", kBranch | kService},
    {"lingkaran.registry.v1.RegistryService/FindWorker", kBranch},
    {"lingkaran.registry.v1.RegistryService/ListWorkers", kBranch | kService},
    {"lingkaran.registry.v1.RegistryService/CorrectWorker", kBranch},
    {"lingkaran.registry.v1.RegistryService/ReportDeath", kBranch},
    {"lingkaran.registry.v1.RegistryService/WithdrawWorker", kBranch},
    {"lingkaran.registry.v1.RegistryService/EnrolWorkers", kBranch | kService},
    {"lingkaran.registry.v1.RegistryService/ResolveRequest", kBranch | kService},
    {"lingkaran.registry.v1.RegistryService/IssueCards", kBranch},
    {"lingkaran.registry.v1.RegistryService/GetCard", kBranch},

    {"lingkaran.sponsorship.v1.SponsorshipService/CreateSponsor", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/GetSponsor", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/ListSponsors", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/CreatePledge", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/GetPledge", kBranch | kSponsor},
    {"lingkaran.sponsorship.v1.SponsorshipService/ListPledges", kBranch | kSponsor},
    {"lingkaran.sponsorship.v1.SponsorshipService/CancelPledge", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/RecordPayment", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/AllocatePledge", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/GetAllocation", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/WatchAllocation", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/ReplaceWorkers", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/RefundPledge", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/PayContribution", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/PlanContinuation", kBranch},
    {"lingkaran.sponsorship.v1.SponsorshipService/GetStatement", kBranch | kSponsor},
    {"lingkaran.sponsorship.v1.SponsorshipService/GetSponsorReport", kBranch | kSponsor},

    {"lingkaran.coverage.v1.CoverageService/QuoteContribution", kBranch | kSponsor | kService},
    {"lingkaran.coverage.v1.CoverageService/UpsertMembers", kService},
    {"lingkaran.coverage.v1.CoverageService/ActivateCoverage", kService},
    {"lingkaran.coverage.v1.CoverageService/RevokeCoverage", kService},
    {"lingkaran.coverage.v1.CoverageService/CheckEligibility",
     kBranch | kAgency | kClinic | kService},
    {"lingkaran.coverage.v1.CoverageService/BatchCheckEligibility",
     kBranch | kAgency | kClinic | kService},
    {"lingkaran.coverage.v1.CoverageService/ExplainEligibility", kBranch},
    {"lingkaran.coverage.v1.CoverageService/ListCoverage", kBranch | kService},
    {"lingkaran.coverage.v1.CoverageService/ListExpiring", kBranch | kService},
    {"lingkaran.coverage.v1.CoverageService/GetCoverageStatistics", kBranch | kService},
    {"lingkaran.coverage.v1.CoverageService/WatchCoverage", kBranch | kService},
    {"lingkaran.coverage.v1.CoverageService/EstimateBenefit", kBranch},
    {"lingkaran.coverage.v1.CoverageService/ListRules", kAnyRole},
    {"lingkaran.coverage.v1.CoverageService/ReloadRules", kAdmin},

    {"lingkaran.ops.v1.OperationsService/GetBuildInfo", kAnyRole},
    {"lingkaran.ops.v1.OperationsService/ListOwed", kBranch},
    {"lingkaran.ops.v1.OperationsService/RetryOwed", kBranch},
    {"lingkaran.ops.v1.OperationsService/AuditBook", kBranch},
};

constexpr std::pair<Role, std::string_view> kNames[] = {
    {Role::kAgency, "agency"}, {Role::kOfficer, "officer"}, {Role::kSponsor, "sponsor"},
    {Role::kClinic, "clinic"}, {Role::kAdmin, "admin"},     {Role::kService, "service"},
};

}  // namespace

Role RoleFromName(std::string_view name) {
  for (const auto& [role, known] : kNames) {
    if (known == name) return role;
  }
  return Role::kNone;
}

std::string_view RoleName(Role role) {
  for (const auto& [known, name] : kNames) {
    if (known == role) return name;
  }
  return "none";
}

unsigned RolesThatMayCall(std::string_view method) {
  const auto* const rule =
      absl::c_find_if(kRules, [&](const Rule& known) { return known.method == method; });
  return rule == std::end(kRules) ? 0 : rule->roles;
}

bool MayCall(Role role, std::string_view method) {
  return (RolesThatMayCall(method) & static_cast<unsigned>(role)) != 0;
}

std::vector<std::string> MethodsWithRights() {
  std::vector<std::string> methods;
  for (const Rule& rule : kRules) methods.emplace_back(rule.method);
  absl::c_sort(methods);
  return methods;
}

}  // namespace lingkaran
