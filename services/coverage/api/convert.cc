#include "services/coverage/api/convert.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"
#include "lingkaran/coverage/v1/rules.pb.h"
#include "services/coverage/domain/benefit.h"
#include "services/coverage/domain/errors.h"

namespace lingkaran::coverage {
namespace {

template <typename A, typename B>
constexpr bool Same(A a, B b) {
  return static_cast<int>(a) == static_cast<int>(b);
}
static_assert(Same(Confidence::kHigh, common::v1::CONFIDENCE_HIGH));
static_assert(Same(BoundaryKind::kDayToDay, v1::COVER_BOUNDARY_DAY_TO_DAY));
static_assert(Same(BenefitCause::kTotalDisability, v1::BENEFIT_CAUSE_TOTAL_DISABILITY));
static_assert(Same(BenefitEvent::kTotalDisability, v1::BENEFIT_EVENT_TOTAL_DISABILITY));
static_assert(Same(Verdict::kUnknown, v1::VERDICT_UNKNOWN));
static_assert(Same(Level::kReduced, v1::BENEFIT_LEVEL_REDUCED));
static_assert(Same(AnswerReason::kPaid, v1::ANSWER_REASON_PAID));
static_assert(Same(AnswerReason::kWithdrawn, v1::ANSWER_REASON_WITHDRAWN));
static_assert(Same(AnswerReason::kArrears, v1::ANSWER_REASON_ARREARS));

constexpr size_t kMaxNumberLength = 64;

bool IsProgramme(int number) { return number >= 1 && number <= 3; }

absl::StatusOr<PaidMonth> ReadPaidMonth(const v1::PaidMonth& paid, const std::string& field) {
  if (!IsProgramme(paid.programme())) {
    return InvalidField(field + ".programme", "name JKK, JKM or JHT");
  }
  const absl::StatusOr<Month> month = MonthFromNumber(paid.month());
  if (!month.ok()) return InvalidField(field + ".month", "write yyyymm");
  if (paid.amount_rupiah() < 0 || Rupiah(paid.amount_rupiah()) > kMaxAmount) {
    return InvalidField(field + ".amount_rupiah", "send what was paid, at most Rp100 trillion");
  }
  return PaidMonth{static_cast<Programme>(paid.programme()), *month, Rupiah(paid.amount_rupiah())};
}

absl::StatusOr<PaidLine> ReadLine(const v1::ActivationLine& line, const std::string& field) {
  PaidLine out;
  if (line.worker_id() <= 0) return InvalidField(field + ".worker_id", "send a worker's id");
  out.worker_id = line.worker_id();
  ASSIGN_OR_RETURN(out.first_day, ReadDay(line.first_day(), field + ".first_day"));
  if (line.wage_base_rupiah() < 0 || Rupiah(line.wage_base_rupiah()) > kMaxAmount) {
    return InvalidField(field + ".wage_base_rupiah", "send a monthly income, or 0 for the lowest");
  }
  out.wage_base = Rupiah(line.wage_base_rupiah());
  if (!common::v1::Sector_IsValid(line.sector())) {
    return InvalidField(field + ".sector", "name OTHER or TRANSPORT, or leave it out");
  }
  out.sector = static_cast<Sector>(line.sector());
  if (line.months().empty() || line.months_size() > 3 * kMaxMonthsPerLine) {
    return InvalidField(field + ".months",
                        absl::StrCat("send 1 to ", kMaxMonthsPerLine, " months of each programme"));
  }
  out.months.reserve(line.months_size());
  for (int i = 0; i < line.months_size(); ++i) {
    const std::string name = absl::StrCat(field, ".months[", i, "]");
    ASSIGN_OR_RETURN(const PaidMonth paid, ReadPaidMonth(line.months(i), name));
    const bool twice = std::any_of(out.months.begin(), out.months.end(), [&](const PaidMonth& m) {
      return m.programme == paid.programme && m.month == paid.month;
    });
    if (twice) return InvalidField(name, "this programme and month come twice");
    out.months.push_back(paid);
  }
  return out;
}

absl::StatusOr<Member> ReadMember(const v1::Member& member, const std::string& field) {
  Member out;
  FieldErrors errors;
  errors.Require(member.worker_id() > 0, field + ".worker_id", "send a worker's id");
  errors.Require(member.nik_hash().size() == NikHash().size(), field + ".nik_hash",
                 "send the 16 bytes of the keyed hash");
  errors.Require(member.membership_number().size() <= kMaxNumberLength,
                 field + ".membership_number", "send at most 64 characters");
  errors.Require(!member.region_code().empty(), field + ".region_code", "send the region's code");
  errors.Require(common::v1::Sector_IsValid(member.sector()), field + ".sector",
                 "name OTHER or TRANSPORT");
  errors.Require(member.version() > 0, field + ".version", "send registry's version, from 1");
  RETURN_IF_ERROR(errors.ToStatus());
  RETURN_IF_ERROR(CheckRegion(member.region_code(), field + ".region_code"));
  ASSIGN_OR_RETURN(out.death_day, ReadOptionalDay(member.death_day(), field + ".death_day"));
  ASSIGN_OR_RETURN(out.withdraw_day,
                   ReadOptionalDay(member.withdraw_day(), field + ".withdraw_day"));
  out.worker_id = member.worker_id();
  out.nik_hash = Base64Url(member.nik_hash());
  out.membership_number = member.membership_number();
  out.region_code = member.region_code();
  out.sector = member.sector() == common::v1::SECTOR_UNSPECIFIED
                   ? Sector::kOther
                   : static_cast<Sector>(member.sector());
  out.version = member.version();
  return out;
}

// The 16 digits of a NIK as people write it; false if there are not 16.
bool ReadNikDigits(const std::string& text, char (&digits)[16]) {
  size_t count = 0;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) {
      if (count == sizeof(digits)) return false;
      digits[count++] = c;
    } else if (absl::string_view(" .-'\t").find(c) == absl::string_view::npos) {
      return false;
    }
  }
  return count == sizeof(digits);
}

}  // namespace

absl::StatusOr<std::optional<Day>> ReadOptionalDay(int32_t number, const std::string& field) {
  if (number == 0) return std::optional<Day>();
  ASSIGN_OR_RETURN(const Day day, ReadDay(number, field));
  return std::optional<Day>(day);
}

absl::StatusOr<Day> ReadDay(int32_t number, const std::string& field) {
  const absl::StatusOr<Day> day = DayFromNumber(number);
  if (!day.ok()) return InvalidField(field, "write a day as yyyymmdd");
  return day;
}

absl::StatusOr<ProgrammeList> ReadProgrammes(
    const google::protobuf::RepeatedField<int>& programmes) {
  if (programmes.empty()) return ProgrammeList{Programme::kJkk, Programme::kJkm};
  ProgrammeList out;
  for (const int number : programmes) {
    const auto programme = static_cast<Programme>(number);
    if (!IsProgramme(number) || std::find(out.begin(), out.end(), programme) != out.end()) {
      return InvalidField("programmes", "name JKK, JKM or JHT, each once");
    }
    out.push_back(programme);
  }
  return out;
}

absl::StatusOr<PayerClass> ReadPayer(int number, const std::string& field) {
  if (number < 1 || number > static_cast<int>(PayerClass::kVillage)) {
    return InvalidField(field, "name who pays, for example CSR or SELF");
  }
  return static_cast<PayerClass>(number);
}

absl::Status CheckBatchSize(int size, int most, const std::string& field) {
  if (size == 0) return InvalidField(field, "send at least one");
  if (size <= most) return absl::OkStatus();
  return BatchTooLarge(field, size, most);
}

absl::Status CheckRegion(const std::string& code, const std::string& field) {
  const bool plain = std::all_of(code.begin(), code.end(),
                                 [](char c) { return absl::ascii_isdigit(c) || c == '.'; });
  if (plain && code.size() <= 13) return absl::OkStatus();
  return InvalidField(field, "write a region code like 33.72");
}

absl::StatusOr<PersonKey> ReadPerson(const v1::PersonRef& person, const PersonalDataVault& sealer) {
  switch (person.key_case()) {
    case v1::PersonRef::kWorkerId:
      if (person.worker_id() <= 0) return InvalidField("person.worker_id", "send a worker's id");
      return PersonKey::OfWorker(person.worker_id());
    case v1::PersonRef::kNik: {
      char digits[16];
      if (!ReadNikDigits(person.nik(), digits)) {
        return InvalidField("person.nik", "a NIK has 16 digits");
      }
      return PersonKey::OfNik(sealer.HashNik({digits, sizeof(digits)}));
    }
    case v1::PersonRef::kMembershipNumber: {
      const absl::string_view number = absl::StripAsciiWhitespace(person.membership_number());
      if (number.empty() || number.size() > kMaxNumberLength ||
          !std::all_of(number.begin(), number.end(), absl::ascii_isgraph)) {
        return InvalidField("person.membership_number", "send the number as on the card");
      }
      return PersonKey::OfNumber(StdView(number));
    }
    case v1::PersonRef::KEY_NOT_SET:
      break;
  }
  return InvalidField("person", "name a person by worker_id, nik or membership_number");
}

absl::StatusOr<std::vector<Member>> ReadMembers(const v1::UpsertMembersRequest& request,
                                                const Regions& regions, int64_t now_ms) {
  RETURN_IF_ERROR(CheckBatchSize(request.members_size(), kMaxLines, "members"));
  std::vector<Member> out;
  out.reserve(request.members_size());
  absl::flat_hash_set<int64_t> ids;
  absl::flat_hash_set<std::string> keys;
  for (int i = 0; i < request.members_size(); ++i) {
    const std::string field = absl::StrCat("members[", i, "]");
    ASSIGN_OR_RETURN(Member member, ReadMember(request.members(i), field));
    if (!ids.insert(member.worker_id).second) {
      return InvalidField(field + ".worker_id", "this worker comes twice");
    }
    if (!keys.insert(member.nik_hash).second ||
        (!member.membership_number.empty() &&
         !keys.insert("number " + member.membership_number).second)) {
      return InvalidField(field, "two workers have the same NIK or membership number");
    }
    member.utc_offset_hours = regions.UtcOffsetHours(member.region_code);
    member.record_ms = now_ms;
    out.push_back(std::move(member));
  }
  return out;
}

absl::StatusOr<std::vector<PaidLine>> ReadLines(const v1::ActivateCoverageRequest& request) {
  RETURN_IF_ERROR(CheckBatchSize(request.lines_size(), kMaxLines, "lines"));
  std::vector<PaidLine> out;
  out.reserve(request.lines_size());
  absl::flat_hash_set<int64_t> ids;
  for (int i = 0; i < request.lines_size(); ++i) {
    const std::string field = absl::StrCat("lines[", i, "]");
    ASSIGN_OR_RETURN(PaidLine line, ReadLine(request.lines(i), field));
    if (!ids.insert(line.worker_id).second) {
      return InvalidField(field + ".worker_id", "this worker comes twice");
    }
    out.push_back(std::move(line));
  }
  return out;
}

Funding FundingOf(const v1::FundingSource& source) {
  return {static_cast<PayerClass>(source.payer_class()), source.pledge_id(),
          source.contribution_id()};
}

void FillAnswer(const Answer& answer, v1::ProgrammeAnswer* out) {
  out->set_programme(static_cast<common::v1::Programme>(answer.programme));
  out->set_verdict(static_cast<v1::Verdict>(answer.verdict));
  out->set_level(static_cast<v1::BenefitLevel>(answer.level));
  out->set_reason(static_cast<v1::AnswerReason>(answer.reason));
  if (answer.span) {
    out->set_first_day(DayNumber(answer.span->first));
    out->set_last_day(DayNumber(answer.span->last));
  }
  if (answer.valid_until) out->set_valid_until(DayNumber(*answer.valid_until));
}

void FillSpan(const CoverSpan& span, v1::CoverSpan* out) {
  out->set_programme(static_cast<common::v1::Programme>(span.programme));
  out->set_first_day(DayNumber(span.first_day));
  out->set_last_day(DayNumber(span.last_day));
  out->set_months(span.months);
}

void FillSource(const Funding& source, v1::FundingSource* out) {
  out->set_payer_class(static_cast<common::v1::PayerClass>(source.payer));
  out->set_pledge_id(source.pledge_id);
  out->set_contribution_id(source.contribution_id);
}

void FillTime(int64_t milliseconds, google::protobuf::Timestamp* out) {
  out->set_seconds(milliseconds / 1000);
  out->set_nanos(static_cast<int32_t>(milliseconds % 1000 * 1'000'000));
}

void FillMonth(const PersonMonth& month, v1::PersonMonth* out) {
  out->set_worker_id(month.worker_id);
  out->set_programme(static_cast<common::v1::Programme>(month.programme));
  out->set_month(MonthNumber(month.month));
  out->set_amount_rupiah(month.amount.amount());
  out->set_first_day(DayNumber(month.first_day));
  out->set_last_day(DayNumber(month.last_day));
  out->set_wage_base_rupiah(month.wage_base.amount());
  FillSource(month.source, out->mutable_source());
  FillTime(month.record_ms, out->mutable_record_time());
  if (!month.stands()) {
    FillTime(month.revoke_ms, out->mutable_revoke_time());
    out->set_revoke_reason(month.revoke_reason);
  }
}

void FillRule(const RuleText& rule, v1::RuleEntry* out) {
  out->set_name(rule.name);
  out->set_valid_from(DayNumber(rule.from));
  if (rule.to) out->set_valid_to(DayNumber(*rule.to));
  out->set_source(rule.source);
  out->set_confidence(static_cast<common::v1::Confidence>(rule.confidence));
  out->set_text(rule.text);
}

}  // namespace lingkaran::coverage
