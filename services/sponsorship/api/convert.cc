#include "services/sponsorship/api/convert.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/date.h"

namespace lingkaran::sponsorship {
namespace {

namespace wire = common::v1;

// The numbers are the same on both sides, so a cast converts (for those of common/base/enums.h
// too).
static_assert(static_cast<int>(PledgeState::kAwaitingPayment) == v1::PLEDGE_STATE_AWAITING_PAYMENT);
static_assert(static_cast<int>(PledgeState::kPartPaid) == v1::PLEDGE_STATE_PART_PAID);
static_assert(static_cast<int>(PledgeState::kPaid) == v1::PLEDGE_STATE_PAID);
static_assert(static_cast<int>(PledgeState::kSpent) == v1::PLEDGE_STATE_SPENT);
static_assert(static_cast<int>(PledgeState::kCancelled) == v1::PLEDGE_STATE_CANCELLED);
static_assert(static_cast<int>(AllocationState::kRunning) == v1::ALLOCATION_STATE_RUNNING);
static_assert(static_cast<int>(AllocationState::kComplete) == v1::ALLOCATION_STATE_COMPLETE);
static_assert(static_cast<int>(AllocationState::kShort) == v1::ALLOCATION_STATE_SHORT);

}  // namespace

google::protobuf::Timestamp ToTimestamp(int64_t millis) {
  google::protobuf::Timestamp time;
  time.set_seconds(millis / 1'000);
  time.set_nanos(static_cast<int32_t>(millis % 1'000) * 1'000'000);
  return time;
}

google::rpc::Status ToStatus(int code, const std::string& reason, const std::string& message) {
  if (code == 0) return {};
  return lingkaran::ToProto(
      Error(static_cast<absl::StatusCode>(code), ReasonFromName(reason), message));
}

Sector SectorOrOther(common::v1::Sector sector) {
  return sector == common::v1::SECTOR_UNSPECIFIED ? Sector::kOther : static_cast<Sector>(sector);
}

v1::Sponsor ToProto(const SponsorRow& sponsor) {
  v1::Sponsor proto;
  proto.set_sponsor_id(sponsor.sponsor_id);
  proto.set_name(sponsor.name);
  proto.set_payer_class(static_cast<wire::PayerClass>(sponsor.payer_class));
  proto.set_credit_rupiah(sponsor.credit.amount());
  *proto.mutable_create_time() = ToTimestamp(sponsor.create_time);
  return proto;
}

v1::Funds ToProto(const Funds& funds) {
  v1::Funds proto;
  proto.set_received_rupiah(funds.received.amount());
  proto.set_available_rupiah(funds.available.amount());
  proto.set_reserved_rupiah(funds.reserved.amount());
  proto.set_spent_rupiah(funds.spent.amount());
  proto.set_refunded_rupiah(funds.refunded.amount());
  proto.set_moved_to_credit_rupiah(funds.moved_to_credit.amount());
  return proto;
}

v1::Pledge ToProto(const PledgeRow& pledge) {
  v1::Pledge proto;
  proto.set_pledge_id(pledge.pledge_id);
  proto.set_sponsor_id(pledge.sponsor_id);
  proto.set_payer_class(static_cast<wire::PayerClass>(pledge.payer_class));
  proto.set_group_code(pledge.group_code);
  proto.set_seats(pledge.seats);
  proto.set_months(pledge.months);
  for (Programme programme : pledge.programmes) {
    proto.add_programmes(static_cast<wire::Programme>(programme));
  }
  proto.set_wage_base_rupiah(pledge.wage_base.amount());
  proto.set_sector(static_cast<wire::Sector>(pledge.sector));
  proto.set_first_day(pledge.first_day);
  v1::Criteria* criteria = proto.mutable_criteria();
  criteria->set_region_code(pledge.criteria.region_code);
  criteria->set_disabled_first(pledge.criteria.disabled_first);
  criteria->set_disabled_only(pledge.criteria.disabled_only);
  criteria->set_sector(static_cast<wire::Sector>(pledge.criteria.sector));
  criteria->set_min_age_years(pledge.criteria.min_age_years);
  criteria->set_max_age_years(pledge.criteria.max_age_years);
  criteria->set_max_income_rupiah(pledge.criteria.max_income.amount());
  criteria->set_batch_id(pledge.criteria.batch_id);
  proto.set_state(
      static_cast<v1::PledgeState>(StateOf(pledge.cancelled, pledge.invoice, pledge.funds)));
  v1::Invoice* invoice = proto.mutable_invoice();
  invoice->set_payment_code(pledge.payment_code);
  invoice->set_amount_rupiah(pledge.invoice.amount());
  invoice->set_due_day(pledge.due_day);
  invoice->set_paid_rupiah(pledge.funds.received.amount());
  *proto.mutable_funds() = ToProto(pledge.funds);
  proto.set_seats_filled(pledge.seats_filled);
  *proto.mutable_create_time() = ToTimestamp(pledge.create_time);
  proto.set_per_seat_rupiah(pledge.schedule.PerSeat().amount());
  return proto;
}

v1::Allocation ToProto(const AllocationRow& allocation) {
  v1::Allocation proto;
  proto.set_allocation_id(allocation.allocation_id);
  proto.set_pledge_id(allocation.pledge_id);
  proto.set_state(static_cast<v1::AllocationState>(allocation.state));
  proto.set_seed(allocation.seed);
  proto.set_candidates(allocation.candidates);
  proto.set_seats_wanted(allocation.seats_wanted);
  proto.set_seats_filled(allocation.seats_filled);
  proto.set_reserve(allocation.candidates - allocation.drawn);
  proto.set_refused(allocation.refused);
  proto.set_person_months(allocation.person_months);
  proto.set_spent_rupiah(allocation.spent.amount());
  *proto.mutable_create_time() = ToTimestamp(allocation.create_time);
  if (allocation.end_time != 0) *proto.mutable_end_time() = ToTimestamp(allocation.end_time);
  return proto;
}

Criteria FromProto(const v1::Criteria& proto) {
  Criteria criteria;
  criteria.region_code = proto.region_code();
  criteria.batch_id = proto.batch_id();
  criteria.disabled_first = proto.disabled_first();
  criteria.disabled_only = proto.disabled_only();
  criteria.sector = static_cast<Sector>(proto.sector());
  criteria.min_age_years = proto.min_age_years();
  criteria.max_age_years = proto.max_age_years();
  criteria.max_income = Rupiah(proto.max_income_rupiah());
  return criteria;
}

std::vector<Programme> ProgrammesOf(const google::protobuf::RepeatedField<int>& programmes) {
  std::vector<Programme> list;
  for (int programme : programmes) list.push_back(static_cast<Programme>(programme));
  return list;
}

void CheckProgrammes(FieldErrors& errors, const google::protobuf::RepeatedField<int>& programmes) {
  std::set<int> seen;
  bool ok = !programmes.empty();
  for (int programme : programmes) {
    ok = ok && programme >= wire::PROGRAMME_JKK && programme <= wire::PROGRAMME_JHT &&
         seen.insert(programme).second;
  }
  errors.Require(ok, "programmes", "name at least one of JKK, JKM, JHT, each once");
}

void CheckText(FieldErrors& errors, const std::string& text, size_t least, size_t most,
               const char* field) {
  bool printable = true;
  for (unsigned char c : text) printable = printable && c >= 0x20 && c != 0x7F;
  errors.Require(printable && text.size() >= least && text.size() <= most, field,
                 absl::StrCat("write ", least, " to ", most, " characters on one line"));
}

void CheckDay(FieldErrors& errors, int32_t day, const char* field) {
  errors.Require(day == 0 || DayFromNumber(day).ok(), field, "write a day as yyyymmdd");
}

void CheckWageBase(FieldErrors& errors, int64_t wage_base) {
  errors.Require(wage_base >= 0 && wage_base <= kMaxAmount.amount(), "wage_base_rupiah",
                 "write the declared monthly income, or 0 for the lowest band");
}

absl::StatusOr<PriceSchedule> ScheduleOf(const coverage::v1::QuoteContributionResponse& quote,
                                         int seats) {
  std::vector<SeatMonth> months;
  for (const coverage::v1::QuoteLine& line : quote.lines()) {
    ASSIGN_OR_RETURN(const Month first, MonthFromNumber(line.first_month()));
    for (int i = 0; i < line.months(); ++i) {
      months.push_back({static_cast<Programme>(line.programme()), MonthNumber(first + i),
                        Rupiah(line.unit_rupiah())});
    }
  }
  absl::StatusOr<PriceSchedule> schedule = PriceSchedule::Make(std::move(months));
  if (!schedule.ok()) {
    return absl::InternalError(absl::StrCat("quote: ", schedule.status().message()));
  }
  if (schedule->PerSeat() * seats != Rupiah(quote.total_rupiah())) {
    return absl::InternalError("quote: its lines do not add up to its total");
  }
  return schedule;
}

}  // namespace lingkaran::sponsorship
