#include <utility>

#include "absl/synchronization/notification.h"
#include "services/coverage/api/check_call.h"
#include "services/coverage/api/coverage_service.h"

namespace lingkaran::coverage {
namespace {

template <typename Request, typename Response>
grpc::ServerUnaryReactor* Serve(const ServiceParts& parts, grpc::CallbackServerContext* context,
                                const Request* request, Response* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const std::optional<grpc::Status> answer =
      StartCheck(parts, context, *request, response,
                 [reactor](const grpc::Status& status) { reactor->Finish(status); });
  if (answer) reactor->Finish(*answer);
  return reactor;
}

// For a caller in this process, who waits for the answer.
template <typename Request, typename Response>
grpc::Status ServeHere(const ServiceParts& parts, grpc::ServerContext* context,
                       const Request* request, Response* response) {
  grpc::Status later;
  absl::Notification come;
  const std::optional<grpc::Status> answer =
      StartCheck(parts, context, *request, response, [&](const grpc::Status& status) {
        later = status;
        come.Notify();
      });
  if (answer) return *answer;
  come.WaitForNotification();
  return later;
}

}  // namespace

grpc::ServerUnaryReactor* CoverageServiceImpl::CheckEligibility(
    CallbackContext* context, In<v1::CheckEligibilityRequest> request,
    v1::CheckEligibilityResponse* response) {
  return Serve(parts_, context, request, response);
}

grpc::ServerUnaryReactor* CoverageServiceImpl::BatchCheckEligibility(
    CallbackContext* context, In<v1::BatchCheckEligibilityRequest> request,
    v1::BatchCheckEligibilityResponse* response) {
  return Serve(parts_, context, request, response);
}

grpc::Status CoverageServiceImpl::CheckEligibility(Context* context,
                                                   In<v1::CheckEligibilityRequest> request,
                                                   v1::CheckEligibilityResponse* response) {
  return ServeHere(parts_, context, request, response);
}

grpc::Status CoverageServiceImpl::BatchCheckEligibility(
    Context* context, In<v1::BatchCheckEligibilityRequest> request,
    v1::BatchCheckEligibilityResponse* response) {
  return ServeHere(parts_, context, request, response);
}

}  // namespace lingkaran::coverage
