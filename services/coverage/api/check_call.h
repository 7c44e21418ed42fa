// One call of CheckEligibility or BatchCheckEligibility, from its request to its answer. What the
// near cache knows is answered on the spot; for the rest the call waits in the lookup batcher and
// ends on a thread of it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "common/base/clock.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/database.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/api/check_result.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/lookup_batcher.h"
#include "services/coverage/store/rules_file.h"

namespace lingkaran::coverage {

// What calls work with; all outlive them.
struct CheckParts {
  sql::Database& database;
  const NearCache& near;
  LookupBatcher& lookups;
  const ActiveRules& rules;
  const PersonalDataVault& sealer;
  const Clock& clock;
  const Clock& steady;
};

// Called with the answer of a call that could not be answered at once, on any thread.
using AnswerLater = std::function<void(const grpc::Status&)>;

// The answer, if it is known at once. Otherwise nothing yet: `later` is called when it is, maybe
// before this returns. Context, request and response must live until the answer.
std::optional<grpc::Status> StartCheck(const CheckParts& parts, grpc::ServerContextBase* context,
                                       const v1::CheckEligibilityRequest& request,
                                       v1::CheckEligibilityResponse* response, AnswerLater later);
std::optional<grpc::Status> StartCheck(const CheckParts& parts, grpc::ServerContextBase* context,
                                       const v1::BatchCheckEligibilityRequest& request,
                                       v1::BatchCheckEligibilityResponse* response,
                                       AnswerLater later);

}  // namespace lingkaran::coverage
