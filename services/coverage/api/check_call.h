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
#include "common/base/region.h"
#include "common/concurrency/executor.h"
#include "common/crypto/personal_data_vault.h"
#include "common/redis/versioned_cache.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/database.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/api/check_result.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/lookup_batcher.h"
#include "services/coverage/lookup/reader.h"
#include "services/coverage/replication/log_follower.h"
#include "services/coverage/store/rules_file.h"

namespace lingkaran::coverage {

// What the service works with; all outlive it, and it outlives the server and its calls.
struct ServiceParts {
  sql::Database& database;
  Reader& store;  // SQL itself, past every cache
  VersionedCache& redis;
  NearCache& near;
  LogFollower& follower;
  LookupBatcher& lookups;
  ActiveRules& rules;
  Executor& bulk;  // runs writes
  const Regions& regions;
  const PersonalDataVault& sealer;
  const Clock& clock;
  const Clock& steady;  // never jumps; ages only
  int64_t epoch;        // names the database
};

// Called with the answer of a call that could not be answered at once, on any thread.
using AnswerLater = std::function<void(const grpc::Status&)>;

// The answer, if it is known at once. Otherwise nothing yet: `later` is called when it is, maybe
// before this returns. Context, request and response must live until the answer.
std::optional<grpc::Status> StartCheck(const ServiceParts& parts, grpc::ServerContextBase* context,
                                       const v1::CheckEligibilityRequest& request,
                                       v1::CheckEligibilityResponse* response, AnswerLater later);
std::optional<grpc::Status> StartCheck(const ServiceParts& parts, grpc::ServerContextBase* context,
                                       const v1::BatchCheckEligibilityRequest& request,
                                       v1::BatchCheckEligibilityResponse* response,
                                       AnswerLater later);

}  // namespace lingkaran::coverage
