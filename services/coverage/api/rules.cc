#include "common/base/log.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/quote.h"

namespace lingkaran::coverage {
namespace {

constexpr int kMaxSeats = 1'000'000;

absl::StatusOr<QuoteRequest> ReadQuoteRequest(const v1::QuoteContributionRequest& request,
                                              Day today) {
  FieldErrors errors;
  errors.Require(request.seats() >= 1 && request.seats() <= kMaxSeats, "seats",
                 "send 1 to 1,000,000");
  errors.Require(request.months() >= 1 && request.months() <= kMaxMonthsPerLine, "months",
                 "send one of the permitted lengths");
  errors.Require(!request.programmes().empty(), "programmes", "name at least one");
  errors.Require(
      request.wage_base_rupiah() >= 0 && Rupiah(request.wage_base_rupiah()) <= kMaxAmount,
      "wage_base_rupiah", "send a monthly income, or 0 for the lowest");
  errors.Require(common::v1::Sector_IsValid(request.sector()), "sector", "name OTHER or TRANSPORT");
  RETURN_IF_ERROR(errors.ToStatus());
  QuoteRequest out;
  ASSIGN_OR_RETURN(const ProgrammeList programmes, ReadProgrammes(request.programmes()));
  out.programmes.assign(programmes.begin(), programmes.end());
  ASSIGN_OR_RETURN(out.payer, ReadPayer(request.payer_class(), "payer_class"));
  ASSIGN_OR_RETURN(const std::optional<Day> first_day,
                   ReadOptionalDay(request.first_day(), "first_day"));
  out.first_day = first_day.value_or(today);
  out.seats = request.seats();
  out.months = request.months();
  out.wage_base = Rupiah(request.wage_base_rupiah());
  out.sector =
      request.sector() == common::v1::SECTOR_TRANSPORT ? Sector::kTransport : Sector::kOther;
  return out;
}

void FillAdvice(const TermAdvice& advice, v1::TermAdvice* out) {
  out->set_months(advice.months);
  out->set_natural_death_rupiah(advice.natural_death.amount());
  out->set_accident_death_rupiah(advice.accident_death.amount());
  out->set_natural_death_first_day_rupiah(advice.natural_death_first_day.amount());
  out->set_accident_death_first_day_rupiah(advice.accident_death_first_day.amount());
  out->set_full_benefit_months(advice.full_benefit_months);
  out->set_weak(advice.weak);
  out->set_text(advice.text);
  out->set_total_rupiah(advice.total.amount());
}

void FillLine(const QuoteLine& line, v1::QuoteLine* out) {
  out->set_programme(static_cast<common::v1::Programme>(line.programme));
  out->set_first_month(MonthNumber(line.first_month));
  out->set_months(line.months);
  out->set_tariff_rupiah(line.tariff.amount());
  out->set_unit_rupiah(line.unit.amount());
  out->set_total_rupiah(line.total.amount());
  out->set_rule_source(line.rule_source);
  out->set_discount_source(line.discount_source);
}

}  // namespace

grpc::Status CoverageServiceImpl::QuoteContribution(Context* context,
                                                    In<v1::QuoteContributionRequest> request,
                                                    v1::QuoteContributionResponse* response) {
  return RunRpc(context, Rpc("QuoteContribution"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const QuoteRequest asked, ReadQuoteRequest(*request, TodayWib()));
    const Rules& rules = parts_.rules.Current();
    ASSIGN_OR_RETURN(const Quote quote, MakeQuote(rules, asked));
    for (const QuoteLine& line : quote.lines) FillLine(line, response->add_lines());
    response->set_total_rupiah(quote.total.amount());
    response->set_per_seat_rupiah(quote.per_seat.amount());
    FillAdvice(quote.advice, response->mutable_advice());
    if (quote.better) FillAdvice(*quote.better, response->mutable_better());
    for (const std::string& setting : quote.settings) response->add_settings(setting);
    response->set_rules_version(rules.version());
    return absl::OkStatus();
  });
}

grpc::Status CoverageServiceImpl::ListRules(Context* context, In<v1::ListRulesRequest> request,
                                            v1::ListRulesResponse* response) {
  return RunRpc(context, Rpc("ListRules"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Day> day, ReadOptionalDay(request->day(), "day"));
    const Rules& rules = parts_.rules.Current();
    for (const RuleText& rule : rules.Describe(day)) FillRule(rule, response->add_rules());
    response->set_rules_version(rules.version());
    return absl::OkStatus();
  });
}

grpc::Status CoverageServiceImpl::ReloadRules(Context* context, In<v1::ReloadRulesRequest>,
                                              v1::ReloadRulesResponse* response) {
  return RunRpc(context, Rpc("ReloadRules"), [&](const Call&) -> absl::Status {
    const std::string before = parts_.rules.Current().version();
    RETURN_IF_ERROR(parts_.rules.Reload());
    const std::string& version = parts_.rules.Current().version();
    Log(Severity::kInfo, "rules_reloaded", {{"from", before}, {"to", version}});
    response->set_rules_version(version);
    response->set_previous_rules_version(before);
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::coverage
