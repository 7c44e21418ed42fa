// CreateSponsor, GetSponsor, ListSponsors.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {

using sql::Tx;

grpc::Status SponsorshipServiceImpl::CreateSponsor(ServerContext* context,
                                                   In<v1::CreateSponsorRequest> request,
                                                   v1::CreateSponsorResponse* response) {
  return RunRpc(context, Rpc("CreateSponsor"), [&](const Call& call) -> absl::Status {
    FieldErrors errors;
    CheckText(errors, request->name(), 3, 200, "name");
    errors.Require(common::v1::PayerClass_IsValid(request->payer_class()) &&
                       request->payer_class() != common::v1::PAYER_CLASS_UNSPECIFIED &&
                       request->payer_class() != common::v1::PAYER_CLASS_SELF,
                   "payer_class", "say whose money it is; who pays for nobody else is no sponsor");
    RETURN_IF_ERROR(errors.ToStatus());
    const absl::Time now = context_.Now();
    return Mutate(call, *context_.database, now, *request, response, [&](Tx& tx) -> absl::Status {
      SponsorRow sponsor{.name = request->name(),
                         .payer_class = static_cast<PayerClass>(request->payer_class()),
                         .create_time = absl::ToUnixMillis(now)};
      sponsor.sponsor_id = InsertSponsor(tx, sponsor);
      RecordEvent(tx, now, call.actor.name, call.method,
                  absl::StrCat("sponsor/", sponsor.sponsor_id));
      *response->mutable_sponsor() = ToProto(sponsor);
      response->set_consistency_token(ToToken({}));
      return absl::OkStatus();
    });
  });
}

grpc::Status SponsorshipServiceImpl::GetSponsor(ServerContext* context,
                                                In<v1::GetSponsorRequest> request,
                                                v1::GetSponsorResponse* response) {
  return RunRpc(context, Rpc("GetSponsor"), [&](const Call&) -> absl::Status {
    return context_.database->Read([&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const SponsorRow sponsor,
                       sponsorship::GetSponsor(tx, request->sponsor_id()));
      *response->mutable_sponsor() = ToProto(sponsor);
      return absl::OkStatus();
    });
  });
}

grpc::Status SponsorshipServiceImpl::ListSponsors(ServerContext* context,
                                                  In<v1::ListSponsorsRequest> request,
                                                  v1::ListSponsorsResponse* response) {
  return RunRpc(context, Rpc("ListSponsors"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 100, 1'000));
    ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
    return context_.database->Read([&](Tx& tx) {
      response->Clear();
      std::vector<SponsorRow> sponsors = sponsorship::ListSponsors(tx, after, size + 1);
      response->set_next_page_token(
          NextPage(sponsors, size, [](const SponsorRow& row) { return row.sponsor_id; }));
      for (const SponsorRow& sponsor : sponsors) {
        *response->add_sponsors() = ToProto(sponsor);
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace lingkaran::sponsorship
