#include "services/sponsorship/store/rules_file.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/rules_text.h"
#include "lingkaran/sponsorship/v1/rules.pb.h"

namespace lingkaran::sponsorship {
namespace {

constexpr char kField[] = "payer_rules";

absl::Status CheckEntry(const TextprotoFile& file, int index, const v1::PayerRule& entry) {
  auto fault = [&](const char* text) { return file.ErrorAt(kField, index, text); };
  if (entry.payer_class() == common::v1::PAYER_CLASS_UNSPECIFIED) {
    return fault("payer_class is missing");
  }
  if (entry.source().empty()) return fault("source is missing");
  if (entry.confidence() == common::v1::CONFIDENCE_UNSPECIFIED) {
    return fault("confidence is missing");
  }
  if (entry.group_code().size() > 8) return fault("group_code is longer than 8 characters");
  if (entry.invoice_due_days() < 1 || entry.invoice_due_days() > 366) {
    return fault("invoice_due_days must be 1 to 366");
  }
  if (entry.reservation_days() < 1 || entry.reservation_days() > 366) {
    return fault("reservation_days must be 1 to 366");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PayerRules> LoadRules(const std::string& path) {
  v1::FundingRules rules;
  ASSIGN_OR_RETURN(const TextprotoFile file, TextprotoFile::Load(path, &rules));
  std::vector<PayerRule> entries;
  std::map<int, std::vector<Span>> series;
  for (int i = 0; i < rules.payer_rules_size(); ++i) {
    const v1::PayerRule& entry = rules.payer_rules(i);
    RETURN_IF_ERROR(CheckEntry(file, i, entry));
    ASSIGN_OR_RETURN(const Span span,
                     ReadSpan(file, kField, i, entry.valid_from(), entry.valid_to()));
    series[entry.payer_class()].push_back(span);
    entries.push_back({static_cast<PayerClass>(entry.payer_class()), span.from, span.to,
                       entry.group_code(), entry.invoice_due_days(), entry.reservation_days(),
                       entry.refundable(), entry.agreed_start()});
  }
  for (int payer = common::v1::PAYER_CLASS_CSR; payer <= common::v1::PAYER_CLASS_VILLAGE; ++payer) {
    if (!series.contains(payer)) {
      return Error(
          absl::StatusCode::kInvalidArgument, Reason::kRulesInvalid,
          absl::StrCat(path, ": no entry for ",
                       common::v1::PayerClass_Name(static_cast<common::v1::PayerClass>(payer))));
    }
    RETURN_IF_ERROR(CheckSeries(file, series[payer], /*gaps_allowed=*/false));
  }
  return PayerRules(std::move(entries), file.digest());
}

}  // namespace lingkaran::sponsorship
