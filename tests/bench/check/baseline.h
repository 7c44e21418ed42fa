// Handlers of CheckEligibility that coverage is compared with, each as anybody would write it: on
// our own server set-up (common/server/server.h), the same request, the same response to the last
// field, the same facts and rules; without rights, log and metrics, which the service has to pay
// for.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>

#include "common/base/clock.h"
#include "common/crypto/personal_data_vault.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/domain/eligibility.h"

namespace lingkaran::bench {

// What the answering ones need; all outlive them.
struct BaselineParts {
  const PersonalDataVault& sealer;
  const coverage::Rules& rules;
  const Clock& clock;
};

// Does nothing: callback API, and the same messages, of which gRPC reads the request and writes the
// response; that is always the same real answer, made once.
std::unique_ptr<grpc::Service> MakeEcho(const std::string& response);
// One prepared SELECT of the service's own tables: synchronous API, connections with their
// statement are kept and shared by the threads.
std::unique_ptr<grpc::Service> MakeSelect(const BaselineParts& parts, const std::string& database);
// One blocking GET of a packed record: synchronous API, connections are kept and shared.
std::unique_ptr<grpc::Service> MakeGet(const BaselineParts& parts, const std::string& redis);

// Redis key of the GET.
inline std::string GetKey(const NikHash& hash) { return "check:" + HashText(hash); }

// The response to a check of one person.
void FillResponse(const BaselineParts& parts, const coverage::Facts& facts,
                  coverage::v1::CheckEligibilityResponse* response);

}  // namespace lingkaran::bench
