// One check between its request and its result: what was asked, and the answer as far as the caller
// may know it. Pure, and for ids, NIKs and numbers of up to 15 characters without allocation.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/authorization.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/api/convert.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// A check, read and understood.
struct Question {
  PersonKey person;
  ProgrammeList programmes;
  std::optional<Day> day;  // none: today where the person lives
};
// INVALID_ARGUMENT/INVALID_FIELD with the path of the field in a CheckEligibilityRequest.
absl::StatusOr<Question> ReadQuestion(const v1::PersonRef& person,
                                      const google::protobuf::RepeatedField<int>& programmes,
                                      int32_t day, const PersonalDataVault& sealer);
// The same error about a field of something that is itself a field: `path` ("items[3].") comes
// before the fields' names.
absl::Status Within(std::string_view path, const absl::Status& status);

// Who may tell apart unknown people, other regions and people who are not covered. To all others
// every "no" looks the same, its day (that of a person's home would tell that the person is known)
// and the consistency token included.
bool MayKnow(Role role);

// The result of a check: `out` is a CheckEligibilityResponse or a BatchCheckResult, and is empty.
void FillResult(const Question& question, const Facts& facts, const Rules& rules, absl::Time now,
                bool may_know, v1::CheckEligibilityResponse* out);
void FillResult(const Question& question, const Facts& facts, const Rules& rules, absl::Time now,
                bool may_know, v1::BatchCheckResult* out);

// Empties a response but keeps the memory of its parts; Clear() frees the time.
struct EmptyResponse {
  template <typename Response>
  void operator()(Response& response) const {
    google::protobuf::Timestamp* const time = response.release_checked_at();
    response.Clear();
    if (time == nullptr) return;
    time->Clear();
    response.set_allocated_checked_at(time);
  }
};

}  // namespace lingkaran::coverage
