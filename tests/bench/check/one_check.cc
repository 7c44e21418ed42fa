#include "tests/bench/check/one_check.h"

#include "tests/bench/check/calls.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {

OneCheck::OneCheck(const std::string& address, const Verdicts& verdicts)
    : verdicts_(verdicts), stub_(coverage::v1::CoverageService::NewStub(OwnConnection(address))) {}

coverage::v1::CheckEligibilityResponse OneCheck::AskRight(int64_t worker_id) {
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_nik(NikOf(worker_id));
  coverage::v1::CheckEligibilityResponse response;
  grpc::ClientContext context;
  PrepareCall(context);
  context.set_wait_for_ready(true);
  const grpc::Status status = stub_->CheckEligibility(&context, request, &response);
  if (!status.ok()) Fail("a check failed: " + status.error_message());
  verdicts_.Judge(worker_id, response);
  return response;
}

}  // namespace lingkaran::bench
