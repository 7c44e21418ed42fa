// Between the messages of lingkaran.coverage.v1 and the domain. What comes in is validated here:
// errors are INVALID_ARGUMENT/INVALID_FIELD with the field's path.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "common/base/region.h"
#include "common/crypto/personal_data_vault.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/domain/booking.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// The largest batches.
inline constexpr int kMaxLines = 2'000;
inline constexpr int kMaxChecks = 1'000;
inline constexpr int kMaxMonthsPerLine = 36;

// The day of a number; nullopt for 0.
absl::StatusOr<std::optional<Day>> ReadOptionalDay(int32_t number, const std::string& field);
// The day of a number that must be set.
absl::StatusOr<Day> ReadDay(int32_t number, const std::string& field);
// The field "programmes": each once; JKK and JKM if there are none.
using ProgrammeList = absl::InlinedVector<Programme, 3>;
absl::StatusOr<ProgrammeList> ReadProgrammes(
    const google::protobuf::RepeatedField<int>& programmes);
absl::StatusOr<PayerClass> ReadPayer(int number, const std::string& field);
// INVALID_ARGUMENT/BATCH_TOO_LARGE, or INVALID_FIELD if there are none.
absl::Status CheckBatchSize(int size, int most, const std::string& field);
// "" or "33", "33.72", "33.72.01".
absl::Status CheckRegion(const std::string& code, const std::string& field);

// The field "person": whom a question is about. A NIK may hold blanks, dots, dashes and a leading
// apostrophe; 16 digits must be left.
absl::StatusOr<PersonKey> ReadPerson(const v1::PersonRef& person, const PersonalDataVault& sealer);

// The members of a request, recorded at `now_ms`.
absl::StatusOr<std::vector<Member>> ReadMembers(const v1::UpsertMembersRequest& request,
                                                const Regions& regions, int64_t now_ms);
absl::StatusOr<std::vector<PaidLine>> ReadLines(const v1::ActivateCoverageRequest& request);
Funding FundingOf(const v1::FundingSource& source);

void FillAnswer(const Answer& answer, v1::ProgrammeAnswer* out);
void FillMonth(const PersonMonth& month, v1::PersonMonth* out);
void FillSpan(const CoverSpan& span, v1::CoverSpan* out);
void FillTime(int64_t milliseconds, google::protobuf::Timestamp* out);
void FillSource(const Funding& source, v1::FundingSource* out);
void FillRule(const RuleText& rule, v1::RuleEntry* out);

}  // namespace lingkaran::coverage
