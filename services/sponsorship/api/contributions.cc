// PayContribution.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

absl::Status CheckContribution(const v1::PayContributionRequest& request) {
  FieldErrors errors;
  const common::v1::PayerClass payer = request.payer_class();
  const bool self = payer == common::v1::PAYER_CLASS_SELF;
  errors.Require(self || payer == common::v1::PAYER_CLASS_INDIVIDUAL ||
                     payer == common::v1::PAYER_CLASS_APBN ||
                     payer == common::v1::PAYER_CLASS_APBD ||
                     payer == common::v1::PAYER_CLASS_VILLAGE,
                 "payer_class", "say who pays: SELF, INDIVIDUAL, APBN, APBD or VILLAGE");
  errors.Require(self == (request.sponsor_id() == 0), "sponsor_id",
                 "name the payer; nobody if the worker pays");
  errors.Require(request.worker_ids_size() >= 1 && request.worker_ids_size() <= (self ? 1 : 500),
                 "worker_ids", "send 1 to 500 members; one if the worker pays");
  std::set<int64_t> workers;
  for (int64_t worker : request.worker_ids()) {
    errors.Require(worker > 0 && workers.insert(worker).second, "worker_ids",
                   "name each member once");
  }
  CheckProgrammes(errors, request.programmes());
  errors.Require(request.months() >= 1 && request.months() <= 12, "months",
                 "write a permitted number of months");
  errors.Require(request.first_month() == 0 || MonthFromNumber(request.first_month()).ok(),
                 "first_month", "write a month as yyyymm, or 0");
  CheckWageBase(errors, request.wage_base_rupiah());
  errors.Require(common::v1::Sector_IsValid(request.sector()), "sector", "no such line of work");
  CheckText(errors, request.bank_reference(), 4, 64, "bank_reference");
  errors.Require(request.amount_rupiah() > 0 && request.amount_rupiah() <= kMaxAmount.amount(),
                 "amount_rupiah", "write what came in, more than 0");
  return errors.ToStatus();
}

// First covered day of the months that are paid now. Who is still a member goes on on the day after
// the last one, so that no day is lost between; who never was, or lapsed, starts anew: today, since
// nobody can be insured for days gone by. A named first month later than that starts on its first
// day.
absl::StatusOr<Day> FirstDayOf(const PaidSoFar& paid, int32_t first_month, Day today) {
  RETURN_IF_ERROR(paid.status);
  Day next = today;
  if (paid.member) {
    ASSIGN_OR_RETURN(next, DayFromNumber(paid.last_day));
    ++next;
  }
  if (first_month == 0) return next;
  ASSIGN_OR_RETURN(const Month asked, MonthFromNumber(first_month));
  if (asked == Month(next)) return next;
  if (asked == Month(today)) return today;
  if (asked > Month(today)) return Day(asked);
  return InvalidField("first_month",
                      absl::StrCat("months gone by can only be paid without a gap: the next month "
                                   "to pay is ",
                                   MonthNumber(Month(next))));
}

// The contribution that was paid with this reference: nullopt if the reference is new.
absl::StatusOr<std::optional<int64_t>> FindRepeated(Tx& tx, const std::string& bank_reference,
                                                    const std::string& fingerprint) {
  const std::optional<ReceiptRow> receipt = FindReceipt(tx, bank_reference);
  if (!receipt.has_value()) return std::optional<int64_t>();
  if (receipt->kind != "contribution") return PaymentConflict(bank_reference);
  ASSIGN_OR_RETURN(const ContributionRow row, GetContribution(tx, receipt->contribution_id));
  if (row.fingerprint != fingerprint) return PaymentConflict(bank_reference);
  return std::optional<int64_t>(row.contribution_id);
}

ContributionRow RowOf(const v1::PayContributionRequest& request, const std::string& fingerprint,
                      absl::Time now) {
  return {.payer_class = static_cast<PayerClass>(request.payer_class()),
          .sponsor_id = request.sponsor_id(),
          .bank_reference = request.bank_reference(),
          .fingerprint = fingerprint,
          .amount = Rupiah(request.amount_rupiah()),
          .wage_base = Rupiah(request.wage_base_rupiah()),
          .sector = SectorOrOther(request.sector()),
          .create_time = absl::ToUnixMillis(now)};
}

}  // namespace

absl::StatusOr<std::vector<ContributionLineRow>> SponsorshipServiceImpl::PriceContribution(
    const v1::PayContributionRequest& request) {
  const Day today = context_.Today();
  const std::vector<int64_t> workers(request.worker_ids().begin(), request.worker_ids().end());
  ASSIGN_OR_RETURN(
      const std::vector<PaidSoFar> paid,
      context_.peers->PaidUntil(workers, ProgrammesOf(request.programmes()), DayNumber(today)));
  // A slip of the pen must not use the bank reference up.
  if (std::all_of(paid.begin(), paid.end(), [](const PaidSoFar& one) { return one.unknown; })) {
    return MemberNotFound();
  }
  std::map<int32_t, PriceSchedule> schedules;  // by first month
  std::vector<ContributionLineRow> lines;
  Rupiah price;
  for (size_t i = 0; i < workers.size(); ++i) {
    ASSIGN_OR_RETURN(const Day first_day, FirstDayOf(paid[i], request.first_month(), today));
    const int32_t first_month = MonthNumber(Month(first_day));
    if (!schedules.contains(first_month)) {
      coverage::v1::QuoteContributionRequest quote;
      quote.set_seats(1);
      quote.set_months(request.months());
      *quote.mutable_programmes() = request.programmes();
      quote.set_wage_base_rupiah(request.wage_base_rupiah());
      quote.set_payer_class(request.payer_class());
      quote.set_sector(request.sector());
      quote.set_first_day(DayNumber(first_day));
      ASSIGN_OR_RETURN(const coverage::v1::QuoteContributionResponse quoted,
                       context_.peers->Quote(quote));
      ASSIGN_OR_RETURN(schedules[first_month], ScheduleOf(quoted, 1));
    }
    ContributionLineRow& line = lines.emplace_back();
    line.line = static_cast<int>(i);
    line.worker_id = workers[i];
    line.first_day = DayNumber(first_day);
    line.schedule = schedules[first_month];
    price += line.schedule.PerSeat();
  }
  if (price != Rupiah(request.amount_rupiah())) {
    return AmountMismatch(price, Rupiah(request.amount_rupiah()));
  }
  return lines;
}

absl::Status SponsorshipServiceImpl::AnswerContribution(const Call& call, int64_t contribution_id,
                                                        bool repeated,
                                                        v1::PayContributionResponse* response) {
  RETURN_IF_ERROR(
      WaitUntilDone(call, ContributionKey(contribution_id), [&](Tx& tx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const ContributionRow row, GetContribution(tx, contribution_id));
        return row.done;
      }));
  return context_.database->Read([&](Tx& tx) -> absl::Status {
    response->Clear();
    ASSIGN_OR_RETURN(const ContributionRow row, GetContribution(tx, contribution_id));
    ASSIGN_OR_RETURN(const std::vector<ContributionLineRow> lines,
                     ListContributionLines(tx, contribution_id));
    response->set_contribution_id(contribution_id);
    response->set_already_recorded(repeated);
    for (const ContributionLineRow& line : lines) {
      v1::ContributionResult* result = response->add_results();
      result->set_worker_id(line.worker_id);
      *result->mutable_status() = ToStatus(line.code, line.error_reason, line.message);
      result->set_first_day(line.cover_first_day);
      result->set_last_day(line.cover_last_day);
    }
    response->set_unused_rupiah(row.unused.amount());
    response->set_consistency_token(row.token);
    return absl::OkStatus();
  });
}

grpc::Status SponsorshipServiceImpl::PayContribution(ServerContext* context,
                                                     In<v1::PayContributionRequest> request,
                                                     v1::PayContributionResponse* response) {
  return RunRpc(context, Rpc("PayContribution"),
                [&](const Call& call) { return Contribute(call, *request, response); });
}

absl::Status SponsorshipServiceImpl::Contribute(const Call& call,
                                                const v1::PayContributionRequest& request,
                                                v1::PayContributionResponse* response) {
  RETURN_IF_ERROR(CheckContribution(request));
  ASSIGN_OR_RETURN(const sql::RequestKey key, RequestKeyOf(call, request));
  std::optional<std::string> reply;
  std::optional<int64_t> repeated;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(reply, sql::FindReply(tx, key));
    if (reply.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(repeated, FindRepeated(tx, request.bank_reference(), key.fingerprint));
    if (repeated.has_value() || request.sponsor_id() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const SponsorRow sponsor, sponsorship::GetSponsor(tx, request.sponsor_id()));
    if (static_cast<int>(sponsor.payer_class) == request.payer_class()) return absl::OkStatus();
    return InvalidField("payer_class", "the sponsor is of another payer class");
  }));
  if (repeated.has_value()) return AnswerContribution(call, *repeated, true, response);
  if (!reply.has_value()) {
    const absl::StatusOr<std::vector<ContributionLineRow>> priced = PriceContribution(request);
    if (!priced.ok()) {
      // The same call may have been recorded meanwhile, which moves the next month to pay.
      RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(repeated, FindRepeated(tx, request.bank_reference(), key.fingerprint));
        return absl::OkStatus();
      }));
      if (repeated.has_value()) return AnswerContribution(call, *repeated, true, response);
      return priced.status();
    }
    const std::vector<ContributionLineRow>& lines = *priced;
    const absl::Time now = context_.Now();
    // As in ReplaceWorkers the kept reply is the id; the results are in the lines.
    absl::StatusOr<std::string> begun =
        sql::Once(*context_.database, key, now, [&](Tx& tx) -> absl::StatusOr<std::string> {
          ASSIGN_OR_RETURN(const int64_t id,
                           contributions_->Start(tx, RowOf(request, key.fingerprint, now), lines));
          RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("contribution/", id));
          return absl::StrCat(id);
        });
    if (absl::IsAlreadyExists(begun.status()) && ReasonOf(begun.status()) == Reason::kUnspecified) {
      // Another call with this reference was faster.
      RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(repeated, FindRepeated(tx, request.bank_reference(), key.fingerprint));
        return absl::OkStatus();
      }));
      if (repeated.has_value()) return AnswerContribution(call, *repeated, true, response);
    }
    RETURN_IF_ERROR(begun.status());
    reply = *std::move(begun);
  }
  int64_t id = 0;
  if (!absl::SimpleAtoi(*reply, &id)) return ReplyDamaged();
  return AnswerContribution(call, id, false, response);
}

}  // namespace lingkaran::sponsorship
