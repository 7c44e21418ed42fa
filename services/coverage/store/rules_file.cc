#include "services/coverage/store/rules_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/rules_text.h"
#include "lingkaran/coverage/v1/rules.pb.h"

namespace lingkaran::coverage {
namespace {

namespace pb = v1;

// Bounds beyond which a value is a slip of the hand.
constexpr int kMaxMonths = 36;
constexpr int kMaxWageMultiple = 200;
constexpr int kMaxClaimYears = 30;

// Reads one kind of entry after the other; each Read... checks what one entry can get wrong, each
// series is checked for gaps and overlaps.
class Loader {
 public:
  Loader(std::string path, const TextprotoFile& file, const pb::RuleBook& book)
      : path_(std::move(path)), file_(file), proto_(book) {}

  absl::StatusOr<RuleBook> Load() {
    RETURN_IF_ERROR(ReadTariffs());
    RETURN_IF_ERROR(ReadDiscounts());
    RETURN_IF_ERROR(ReadPermittedMonths());
    RETURN_IF_ERROR(ReadWaitings());
    RETURN_IF_ERROR(ReadArrears());
    RETURN_IF_ERROR(ReadBoundaries());
    RETURN_IF_ERROR(ReadBenefits());
    RETURN_IF_ERROR(CheckReducedBenefits());
    return std::move(book_);
  }

 private:
  // The entry under work, for the errors.
  absl::Status Wrong(const std::string& text) const { return file_.ErrorAt(field_, index_, text); }
  absl::Status Missing(const std::string& what) const {
    return Error(absl::StatusCode::kInvalidArgument, Reason::kRulesInvalid,
                 absl::StrCat(path_, ": has no ", what));
  }

  template <typename Entry>
  absl::StatusOr<Validity> ReadValidity(const Entry& entry, Span& span) {
    const pb::Validity& v = entry.validity();
    ASSIGN_OR_RETURN(span, ReadSpan(file_, field_, index_, v.valid_from(), v.valid_to()));
    if (v.source().empty()) return Wrong("has no source; name the regulation or report");
    if (!common::v1::Confidence_IsValid(v.confidence()) ||
        v.confidence() == common::v1::CONFIDENCE_UNSPECIFIED) {
      return Wrong("has no confidence; CONFIDENCE_UNVERIFIED is the lowest");
    }
    return Validity{span.from,    span.to, v.source(), static_cast<Confidence>(v.confidence()),
                    v.approver(), v.note()};
  }

  absl::StatusOr<Programme> ReadProgramme(int number) const {
    if (number < 1 || number > 3) return Wrong("has no programme; PROGRAMME_JKK, for example");
    return static_cast<Programme>(number);
  }

  // Reads all entries of a field. `read` fills one and names the series that it belongs to.
  template <typename Rule, typename Entries, typename Read>
  absl::Status ReadAll(const std::string& field, const Entries& entries, bool gaps_allowed,
                       std::vector<Rule>& out, Read read) {
    field_ = field;
    std::map<std::string, std::vector<Span>> series;
    for (index_ = 0; index_ < entries.size(); ++index_) {
      Rule rule;
      Span span;
      ASSIGN_OR_RETURN(rule.validity, ReadValidity(entries[index_], span));
      ASSIGN_OR_RETURN(const std::vector<std::string> names, read(entries[index_], rule));
      for (const std::string& name : names) series[name].push_back(span);
      out.push_back(std::move(rule));
    }
    for (const auto& [name, spans] : series) {
      RETURN_IF_ERROR(CheckSeries(file_, spans, gaps_allowed));
    }
    return absl::OkStatus();
  }
  using Names = absl::StatusOr<std::vector<std::string>>;

  absl::Status ReadTariffs() {
    const absl::Status read =
        ReadAll<Tariff>("tariffs", proto_.tariffs(), false, book_.tariffs,
                        [&](const pb::Tariff& entry, Tariff& rule) -> Names {
                          ASSIGN_OR_RETURN(rule.programme, ReadProgramme(entry.programme()));
                          RETURN_IF_ERROR(ReadBands(entry, rule));
                          return std::vector<std::string>{ProgrammeName(rule.programme)};
                        });
    if (!read.ok()) return read;
    for (Programme programme : {Programme::kJkk, Programme::kJkm}) {
      if (std::none_of(book_.tariffs.begin(), book_.tariffs.end(),
                       [&](const Tariff& t) { return t.programme == programme; })) {
        return Missing(absl::StrCat("tariff for ", ProgrammeName(programme)));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadBands(const pb::Tariff& entry, Tariff& rule) const {
    if (entry.bands().empty()) return Wrong("has no bands");
    Rupiah before;
    for (int i = 0; i < entry.bands_size(); ++i) {
      const pb::TariffBand& band = entry.bands(i);
      const std::string name = absl::StrCat("band ", i + 1);
      const bool last = i + 1 == entry.bands_size();
      if (last != (band.up_to_income_rupiah() == 0)) {
        return Wrong(last ? name + " is the last and must have no up_to_income_rupiah"
                          : name + " has no up_to_income_rupiah; only the last is open");
      }
      if (!last && Rupiah(band.up_to_income_rupiah()) <= before) {
        return Wrong(name + " does not rise: up_to_income_rupiah must be above the band before");
      }
      if (band.base_rupiah() <= 0 || band.base_rupiah() > kMaxAmount.amount()) {
        return Wrong(name + " has an impossible base_rupiah");
      }
      if (band.contribution_rupiah() <= 0 || band.contribution_rupiah() > band.base_rupiah()) {
        return Wrong(name + " has an impossible contribution_rupiah");
      }
      if (i > 0 && (Rupiah(band.base_rupiah()) < rule.bands.back().base ||
                    Rupiah(band.contribution_rupiah()) < rule.bands.back().contribution)) {
        return Wrong(name + " has a lower base or contribution than the band before");
      }
      before = Rupiah(band.up_to_income_rupiah());
      rule.bands.push_back(
          {before, Rupiah(band.base_rupiah()), Rupiah(band.contribution_rupiah())});
    }
    return absl::OkStatus();
  }

  absl::Status ReadDiscounts() {
    return ReadAll<Discount>(
        "discounts", proto_.discounts(), true, book_.discounts,
        [&](const pb::Discount& entry, Discount& rule) -> Names {
          if (entry.percent() < 1 || entry.percent() > 100) {
            return Wrong(absl::StrCat("percent ", entry.percent(), " is not 1 to 100"));
          }
          if (entry.sector() != common::v1::SECTOR_OTHER &&
              entry.sector() != common::v1::SECTOR_TRANSPORT) {
            return Wrong("has no sector");
          }
          if (entry.programmes().empty()) return Wrong("has no programmes");
          rule.percent = entry.percent();
          rule.sector = static_cast<Sector>(entry.sector());
          std::vector<std::string> names;
          for (int number : entry.programmes()) {
            ASSIGN_OR_RETURN(const Programme programme, ReadProgramme(number));
            rule.programmes.push_back(programme);
            names.push_back(absl::StrCat(number, "/", entry.sector()));
          }
          for (int number : entry.excluded_payer_classes()) {
            if (number < 1 || number > static_cast<int>(PayerClass::kVillage)) {
              return Wrong("has an unknown excluded_payer_classes");
            }
            rule.excluded.push_back(static_cast<PayerClass>(number));
          }
          return names;
        });
  }

  absl::Status ReadPermittedMonths() {
    RETURN_IF_ERROR(ReadAll<PermittedMonths>(
        "permitted_months", proto_.permitted_months(), false, book_.permitted_months,
        [&](const pb::PermittedMonths& entry, PermittedMonths& rule) -> Names {
          int before = 0;
          for (int months : entry.months()) {
            if (months <= before || months > kMaxMonths) {
              return Wrong(
                  absl::StrCat("months ", months, " does not rise or is above ", kMaxMonths));
            }
            before = months;
            rule.months.push_back(months);
          }
          if (rule.months.empty()) return Wrong("has no months");
          return std::vector<std::string>{""};
        }));
    return book_.permitted_months.empty() ? Missing("permitted_months") : absl::OkStatus();
  }

  absl::Status ReadWaitings() {
    return ReadAll<Waiting>(
        "waitings", proto_.waitings(), false, book_.waitings,
        [&](const pb::Waiting& entry, Waiting& rule) -> Names {
          ASSIGN_OR_RETURN(rule.programme, ReadProgramme(entry.programme()));
          if (entry.months() < 0 || entry.months() > kMaxMonths) {
            return Wrong(absl::StrCat("months ", entry.months(), " is not 0 to ", kMaxMonths));
          }
          if (entry.count() != pb::WAITING_COUNT_CONTRIBUTION_MONTHS) {
            return Wrong(
                "has no count; WAITING_COUNT_CONTRIBUTION_MONTHS is the one "
                "that is known");
          }
          rule.months = entry.months();
          return std::vector<std::string>{ProgrammeName(rule.programme)};
        });
  }

  absl::Status ReadArrears() {
    RETURN_IF_ERROR(ReadAll<Arrears>(
        "arrears", proto_.arrears(), false, book_.arrears,
        [&](const pb::Arrears& entry, Arrears& rule) -> Names {
          if (entry.lapse_after_months() < 1 || entry.lapse_after_months() > kMaxMonths) {
            return Wrong(absl::StrCat("lapse_after_months ", entry.lapse_after_months(),
                                      " is not 1 to ", kMaxMonths));
          }
          rule.lapse_after_months = entry.lapse_after_months();
          rule.covered_meanwhile = entry.covered_meanwhile();
          return std::vector<std::string>{""};
        }));
    return book_.arrears.empty() ? Missing("arrears") : absl::OkStatus();
  }

  absl::Status ReadBoundaries() {
    RETURN_IF_ERROR(ReadAll<Boundary>(
        "boundaries", proto_.boundaries(), false, book_.boundaries,
        [&](const pb::Boundary& entry, Boundary& rule) -> Names {
          if (entry.boundary() != pb::COVER_BOUNDARY_CALENDAR_MONTH &&
              entry.boundary() != pb::COVER_BOUNDARY_DAY_TO_DAY) {
            return Wrong("has no boundary; COVER_BOUNDARY_CALENDAR_MONTH, for example");
          }
          rule.kind = static_cast<BoundaryKind>(entry.boundary());
          return std::vector<std::string>{""};
        }));
    return book_.boundaries.empty() ? Missing("boundaries") : absl::OkStatus();
  }

  absl::Status ReadBenefits() {
    const absl::Status read =
        ReadAll<Benefit>("benefits", proto_.benefits(), false, book_.benefits,
                         [&](const pb::Benefit& entry, Benefit& rule) -> Names {
                           if (entry.cause() < 1 || entry.cause() > 4) {
                             return Wrong("has no cause; BENEFIT_CAUSE_NATURAL_DEATH, for example");
                           }
                           rule.cause = static_cast<BenefitCause>(entry.cause());
                           RETURN_IF_ERROR(ReadParts(entry, rule));
                           return std::vector<std::string>{absl::StrCat(entry.cause())};
                         });
    if (!read.ok()) return read;
    return book_.benefits.empty() ? Missing("benefits") : absl::OkStatus();
  }

  absl::Status ReadParts(const pb::Benefit& entry, Benefit& rule) const {
    if (entry.parts().empty()) return Wrong("has no parts");
    for (const pb::BenefitPart& part : entry.parts()) {
      if (part.label().empty()) return Wrong("has a part without label");
      if (part.amount_rupiah() < 0 || part.amount_rupiah() > kMaxAmount.amount() ||
          part.wage_multiple() < 0 || part.wage_multiple() > kMaxWageMultiple ||
          (part.amount_rupiah() == 0 && part.wage_multiple() == 0)) {
        return Wrong(absl::StrCat("part \"", part.label(), "\" has an impossible amount"));
      }
      rule.parts.push_back({part.label(), Rupiah(part.amount_rupiah()), part.wage_multiple()});
    }
    if (entry.claim_within_years() < 0 || entry.claim_within_years() > kMaxClaimYears) {
      return Wrong(absl::StrCat("claim_within_years ", entry.claim_within_years(), " is not 0 to ",
                                kMaxClaimYears));
    }
    rule.claim_within_years = entry.claim_within_years();
    rule.notes.assign(entry.notes().begin(), entry.notes().end());
    return absl::OkStatus();
  }

  // Who waits must get something meanwhile, or a check would say REDUCED with nothing behind it.
  absl::Status CheckReducedBenefits() {
    field_ = "waitings";
    for (index_ = 0; index_ < static_cast<int>(book_.waitings.size()); ++index_) {
      const Waiting& waiting = book_.waitings[index_];
      if (waiting.months == 0) continue;
      const bool found =
          std::any_of(book_.benefits.begin(), book_.benefits.end(), [&](const Benefit& benefit) {
            return benefit.cause == BenefitCause::kNaturalDeathReduced &&
                   benefit.validity.Holds(waiting.validity.from);
          });
      if (waiting.programme != Programme::kJkm || !found) {
        return Wrong(
            "waits, but no BENEFIT_CAUSE_NATURAL_DEATH_REDUCED is in force on its first "
            "day; only JKM has a reduced benefit");
      }
    }
    return absl::OkStatus();
  }

  const std::string path_;
  const TextprotoFile& file_;
  const pb::RuleBook& proto_;
  RuleBook book_;
  std::string field_;
  int index_ = 0;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Rules>> LoadRules(const std::string& path) {
  pb::RuleBook book;
  ASSIGN_OR_RETURN(const TextprotoFile file, TextprotoFile::Load(path, &book));
  ASSIGN_OR_RETURN(RuleBook rules, Loader(path, file, book).Load());
  return std::make_shared<const Rules>(std::move(rules), file.digest());
}

absl::StatusOr<std::unique_ptr<ActiveRules>> ActiveRules::Load(const std::string& path) {
  std::unique_ptr<ActiveRules> active(new ActiveRules(path));
  ASSIGN_OR_RETURN(std::shared_ptr<const Rules> rules, LoadRules(path));
  active->Use(std::move(rules));
  return active;
}

absl::Status ActiveRules::Reload() {
  absl::StatusOr<std::shared_ptr<const Rules>> rules = LoadRules(path_);
  if (!rules.ok()) {
    return Error(absl::StatusCode::kFailedPrecondition, Reason::kRulesInvalid,
                 std::string(rules.status().message()));
  }
  Use(*std::move(rules));
  return absl::OkStatus();
}

void ActiveRules::Use(std::shared_ptr<const Rules> rules) {
  const MutexLock lock(mutex_);
  if (!books_.empty() && Current().version() == rules->version()) return;
  current_.store(rules.get(), std::memory_order_release);
  books_.push_back(std::move(rules));
}

}  // namespace lingkaran::coverage
