#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

absl::Status CheckAgency(const v1::CreateAgencyRequest& request, const Regions& regions) {
  FieldErrors errors;
  errors.Require(IsPlainText(request.name(), 3, 200), "name",
                 "write 3 to 200 characters, the official name");
  errors.Require(request.kind() >= 1 && request.kind() <= kLastAgencyKind, "kind",
                 "say what the agency is");
  errors.Require(!request.region_code().empty(), "region_code",
                 "give the Kemendagri code of its area, e.g. 33.72");
  RETURN_IF_ERROR(errors.ToStatus());
  return regions.Contains(request.region_code()) ? absl::OkStatus() : RegionUnknown();
}

}  // namespace

grpc::Status RegistryServiceImpl::CreateAgency(Context* context,
                                               In<v1::CreateAgencyRequest> request,
                                               v1::CreateAgencyResponse* response) {
  return RunRpc(context, Rpc("CreateAgency"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckAgency(*request, parts_.regions));
    return Mutate(call, parts_.database, Now(), *request, response, [&](sql::Tx& tx) {
      const Agency agency{sql::NextIds(tx, "agency", 1), OneLine(request->name()),
                          static_cast<AgencyKind>(request->kind()), request->region_code(), Now()};
      store::InsertAgency(tx, agency);
      Record(tx, call, absl::StrCat("agency/", agency.agency_id));
      FillAgency(agency, response->mutable_agency());
      response->set_consistency_token(ToToken({}));
      return absl::OkStatus();
    });
  });
}

grpc::Status RegistryServiceImpl::ListAgencies(Context* context,
                                               In<v1::ListAgenciesRequest> request,
                                               v1::ListAgenciesResponse* response) {
  return RunRpc(context, Rpc("ListAgencies"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 100, 1'000));
    ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
    return parts_.database.Read([&](sql::Tx& tx) {
      response->Clear();
      const std::vector<Agency> agencies = store::ListAgencies(tx, after, size + 1);
      for (const Agency& agency : agencies) {
        if (response->agencies_size() == size) {
          response->set_next_page_token(ToPageToken(response->agencies(size - 1).agency_id()));
          break;
        }
        FillAgency(agency, response->add_agencies());
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace lingkaran::registry
