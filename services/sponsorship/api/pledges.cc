// CreatePledge, GetPledge, ListPledges.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

absl::Status CheckPledge(const v1::CreatePledgeRequest& request, const Regions& regions) {
  FieldErrors errors;
  errors.Require(request.sponsor_id() > 0, "sponsor_id", "name the sponsor");
  errors.Require(request.seats() >= 1 && request.seats() <= 1'000'000, "seats",
                 "write a number from 1 to 1,000,000");
  errors.Require(request.months() >= 1 && request.months() <= 12, "months",
                 "write a permitted number of months");
  CheckProgrammes(errors, request.programmes());
  CheckWageBase(errors, request.wage_base_rupiah());
  CheckDay(errors, request.first_day(), "first_day");
  errors.Require(common::v1::Sector_IsValid(request.sector()), "sector", "no such line of work");
  const v1::Criteria& criteria = request.criteria();
  errors.Require(!criteria.region_code().empty(), "criteria.region_code",
                 "name the region of the workers, e.g. 33.72");
  errors.Require(common::v1::Sector_IsValid(criteria.sector()), "criteria.sector",
                 "no such line of work");
  errors.Require(
      criteria.min_age_years() >= 0 && criteria.max_age_years() >= 0 &&
          (criteria.max_age_years() == 0 || criteria.max_age_years() >= criteria.min_age_years()),
      "criteria.max_age_years", "the oldest age is below the youngest");
  errors.Require(
      criteria.max_income_rupiah() >= 0 && criteria.max_income_rupiah() <= kMaxAmount.amount(),
      "criteria.max_income_rupiah", "write an amount of rupiah, or 0");
  errors.Require(criteria.batch_id() >= 0, "criteria.batch_id", "no such batch");
  RETURN_IF_ERROR(errors.ToStatus());
  if (!regions.Contains(criteria.region_code())) return RegionUnknown(criteria.region_code());
  return absl::OkStatus();
}

coverage::v1::QuoteContributionRequest QuoteOf(const PledgeRow& pledge) {
  coverage::v1::QuoteContributionRequest quote;
  quote.set_seats(pledge.seats);
  quote.set_months(pledge.months);
  for (Programme programme : pledge.programmes) {
    quote.add_programmes(static_cast<common::v1::Programme>(programme));
  }
  quote.set_wage_base_rupiah(pledge.wage_base.amount());
  quote.set_payer_class(static_cast<common::v1::PayerClass>(pledge.payer_class));
  quote.set_sector(static_cast<common::v1::Sector>(pledge.sector));
  quote.set_first_day(pledge.first_day);
  return quote;
}

}  // namespace

grpc::Status SponsorshipServiceImpl::CreatePledge(ServerContext* context,
                                                  In<v1::CreatePledgeRequest> request,
                                                  v1::CreatePledgeResponse* response) {
  return RunRpc(context, Rpc("CreatePledge"),
                [&](const Call& call) { return OpenPledge(call, *request, response); });
}

absl::Status SponsorshipServiceImpl::OpenPledge(const Call& call,
                                                const v1::CreatePledgeRequest& request,
                                                v1::CreatePledgeResponse* response) {
  RETURN_IF_ERROR(CheckPledge(request, *context_.regions));
  ASSIGN_OR_RETURN(const bool answered, Answered(call, request, response));
  if (answered) return absl::OkStatus();

  const absl::Time now = context_.Now();
  PledgeRow pledge;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const SponsorRow sponsor, sponsorship::GetSponsor(tx, request.sponsor_id()));
    pledge.payer_class = sponsor.payer_class;
    return absl::OkStatus();
  }));
  pledge.sponsor_id = request.sponsor_id();
  pledge.seats = request.seats();
  pledge.months = request.months();
  pledge.programmes = ProgrammesOf(request.programmes());
  pledge.wage_base = Rupiah(request.wage_base_rupiah());
  pledge.sector = SectorOrOther(request.sector());
  pledge.criteria = FromProto(request.criteria());
  const int offset = context_.regions->UtcOffsetHours(pledge.criteria.region_code);
  pledge.first_day =
      request.first_day() == 0 ? DayNumber(LocalDay(now, offset)) : request.first_day();
  pledge.create_time = absl::ToUnixMillis(now);
  ASSIGN_OR_RETURN(const PayerRule rule,
                   context_.rules->Find(pledge.payer_class, context_.Today()));
  if (!rule.agreed_start && pledge.first_day < DayNumber(LocalDay(now, offset))) {
    return InvalidField("first_day",
                        "cover of this payer class starts today at the earliest; nobody can be "
                        "insured for days gone by");
  }
  pledge.group_code = rule.group_code;
  pledge.due_day = DayNumber(context_.Today() + rule.invoice_due_days);

  ASSIGN_OR_RETURN(const coverage::v1::QuoteContributionResponse quote,
                   context_.peers->Quote(QuoteOf(pledge)));
  ASSIGN_OR_RETURN(pledge.schedule, ScheduleOf(quote, pledge.seats));
  pledge.invoice = Rupiah(quote.total_rupiah());

  return Mutate(call, *context_.database, now, request, response, [&](Tx& tx) {
    pledge.pledge_id = NextPledgeId(tx);
    pledge.payment_code = PaymentCode(pledge.pledge_id, context_.Today());
    InsertPledge(tx, pledge);
    RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", pledge.pledge_id));
    *response->mutable_pledge() = ToProto(pledge);
    *response->mutable_quote() = quote;
    response->set_consistency_token(ToToken({}));
    return absl::OkStatus();
  });
}

grpc::Status SponsorshipServiceImpl::GetPledge(ServerContext* context,
                                               In<v1::GetPledgeRequest> request,
                                               v1::GetPledgeResponse* response) {
  return RunRpc(context, Rpc("GetPledge"), [&](const Call&) -> absl::Status {
    return context_.database->Read([&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const PledgeRow pledge, sponsorship::GetPledge(tx, request->pledge_id()));
      *response->mutable_pledge() = ToProto(pledge);
      return absl::OkStatus();
    });
  });
}

grpc::Status SponsorshipServiceImpl::ListPledges(ServerContext* context,
                                                 In<v1::ListPledgesRequest> request,
                                                 v1::ListPledgesResponse* response) {
  return RunRpc(context, Rpc("ListPledges"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 100, 1'000));
    ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
    return context_.database->Read([&](Tx& tx) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(std::vector<PledgeRow> pledges,
                       sponsorship::ListPledges(tx, request->sponsor_id(), after, size + 1));
      response->set_next_page_token(
          NextPage(pledges, size, [](const PledgeRow& row) { return row.pledge_id; }));
      for (const PledgeRow& pledge : pledges) {
        *response->add_pledges() = ToProto(pledge);
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace lingkaran::sponsorship
