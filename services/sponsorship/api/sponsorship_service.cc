#include "services/sponsorship/api/sponsorship_service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

// How long a row may fail before a handler stops waiting for it.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);
// The longest wait for work that does go on.
constexpr absl::Duration kLongestWait = absl::Seconds(60);
// Left of the caller's time for the answer.
constexpr absl::Duration kReserve = absl::Milliseconds(200);

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
  if (!regions.Contains(criteria.region_code())) {
    return Error(absl::StatusCode::kInvalidArgument, Reason::kRegionUnknown,
                 "the region code of the criteria is not in the tree of regions",
                 {{"region_code", criteria.region_code()}});
  }
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

#define LINGKARAN_X(name)                                                                \
  grpc::Status SponsorshipServiceImpl::name(grpc::ServerContext* context,                \
                                            const v1::name##Request* request,            \
                                            v1::name##Response* response) {              \
    return RunRpc(context, "lingkaran.sponsorship.v1.SponsorshipService/" #name,         \
                  [&](const Call& call) { return Do##name(call, *request, response); }); \
  }
LINGKARAN_SPONSORSHIP_RPCS(LINGKARAN_X)
#undef LINGKARAN_X

grpc::Status SponsorshipServiceImpl::WatchAllocation(
    grpc::ServerContext* context, const v1::WatchAllocationRequest* request,
    grpc::ServerWriter<v1::WatchAllocationResponse>* writer) {
  return RunRpc(context, "lingkaran.sponsorship.v1.SponsorshipService/WatchAllocation",
                [&](const Call& call) { return DoWatchAllocation(call, *request, writer); });
}

absl::StatusOr<bool> SponsorshipServiceImpl::Answered(const Call& call,
                                                      const google::protobuf::Message& request,
                                                      google::protobuf::Message* response) {
  ASSIGN_OR_RETURN(const sql::RequestKey key, RequestKeyOf(call, request));
  std::optional<std::string> reply;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(reply, sql::FindReply(tx, key));
    return absl::OkStatus();
  }));
  if (!reply.has_value()) return false;
  if (!response->ParseFromString(*reply)) return absl::InternalError("a kept reply is damaged");
  return true;
}

absl::Status SponsorshipServiceImpl::WaitUntilDone(
    const Call& call, const std::string& key,
    absl::FunctionRef<absl::StatusOr<bool>(sql::Tx&)> done) {
  const absl::Time start = absl::Now();
  const absl::Time end = std::min(call.deadline - kReserve, start + kLongestWait);
  while (true) {
    const int64_t seen = context_.progress->Seen();
    bool is_done = false;
    RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(is_done, done(tx));
      return absl::OkStatus();
    }));
    if (is_done) return absl::OkStatus();
    const absl::Time now = absl::Now();
    bool give_up = now >= end || !context_.progress->threads();
    if (!give_up && now - start >= kPatience) {
      ASSIGN_OR_RETURN(const std::string error, context_.outbox->WaitingFor(key));
      give_up = !error.empty();
    }
    if (give_up) {
      return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
                   "recorded, but another service can't be reached to finish it; it goes on by "
                   "itself: ask again with the same request_id for the result");
    }
    context_.progress->Wait(seen, absl::Milliseconds(100));
  }
}

absl::Status SponsorshipServiceImpl::DoCreateSponsor(const Call& call,
                                                     const v1::CreateSponsorRequest& request,
                                                     v1::CreateSponsorResponse* response) {
  FieldErrors errors;
  CheckText(errors, request.name(), 3, 200, "name");
  errors.Require(common::v1::PayerClass_IsValid(request.payer_class()) &&
                     request.payer_class() != common::v1::PAYER_CLASS_UNSPECIFIED &&
                     request.payer_class() != common::v1::PAYER_CLASS_SELF,
                 "payer_class", "say whose money it is; who pays for himself is no sponsor");
  RETURN_IF_ERROR(errors.ToStatus());
  const absl::Time now = context_.Now();
  return Mutate(call, *context_.database, now, request, response, [&](Tx& tx) -> absl::Status {
    SponsorRow sponsor;
    sponsor.name = request.name();
    sponsor.payer_class = static_cast<PayerClass>(request.payer_class());
    sponsor.create_time = absl::ToUnixMillis(now);
    sponsor.sponsor_id = InsertSponsor(tx, sponsor);
    RecordEvent(tx, now, call.actor.name, call.method,
                absl::StrCat("sponsor/", sponsor.sponsor_id));
    *response->mutable_sponsor() = ToProto(sponsor);
    response->set_consistency_token(ToToken({}));
    return absl::OkStatus();
  });
}

absl::Status SponsorshipServiceImpl::DoGetSponsor(const Call&, const v1::GetSponsorRequest& request,
                                                  v1::GetSponsorResponse* response) {
  return context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const SponsorRow sponsor, sponsorship::GetSponsor(tx, request.sponsor_id()));
    *response->mutable_sponsor() = ToProto(sponsor);
    return absl::OkStatus();
  });
}

absl::Status SponsorshipServiceImpl::DoListSponsors(const Call&,
                                                    const v1::ListSponsorsRequest& request,
                                                    v1::ListSponsorsResponse* response) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size(), 100, 1'000));
  ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request.page_token()));
  return context_.database->Read([&](Tx& tx) {
    response->Clear();
    std::vector<SponsorRow> sponsors = sponsorship::ListSponsors(tx, after, size + 1);
    const bool more = static_cast<int>(sponsors.size()) > size;
    if (more) sponsors.pop_back();
    for (const SponsorRow& sponsor : sponsors) *response->add_sponsors() = ToProto(sponsor);
    if (more) response->set_next_page_token(ToPageToken(sponsors.back().sponsor_id));
    return absl::OkStatus();
  });
}

absl::Status SponsorshipServiceImpl::DoCreatePledge(const Call& call,
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
  pledge.sector = request.sector() == common::v1::SECTOR_UNSPECIFIED
                      ? Sector::kOther
                      : static_cast<Sector>(request.sector());
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

absl::Status SponsorshipServiceImpl::DoGetPledge(const Call&, const v1::GetPledgeRequest& request,
                                                 v1::GetPledgeResponse* response) {
  return context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const PledgeRow pledge, sponsorship::GetPledge(tx, request.pledge_id()));
    *response->mutable_pledge() = ToProto(pledge);
    return absl::OkStatus();
  });
}

absl::Status SponsorshipServiceImpl::DoListPledges(const Call&,
                                                   const v1::ListPledgesRequest& request,
                                                   v1::ListPledgesResponse* response) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size(), 100, 1'000));
  ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request.page_token()));
  return context_.database->Read([&](Tx& tx) -> absl::Status {
    response->Clear();
    ASSIGN_OR_RETURN(std::vector<PledgeRow> pledges,
                     sponsorship::ListPledges(tx, request.sponsor_id(), after, size + 1));
    const bool more = static_cast<int>(pledges.size()) > size;
    if (more) pledges.pop_back();
    for (const PledgeRow& pledge : pledges) *response->add_pledges() = ToProto(pledge);
    if (more) response->set_next_page_token(ToPageToken(pledges.back().pledge_id));
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::sponsorship
