// Calls through gRPC's own client, for what is not measured by the call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/verdicts.h"

namespace lingkaran::bench {

// A channel with a connection of its own, which stands.
std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address);
// Who asks, and a deadline.
void PrepareCall(grpc::ClientContext& context, const char* actor = "klinik-12;role=officer");

// Single questions, one after the other.
class OneCheck {
 public:
  OneCheck(const std::string& address, const Verdicts& verdicts);
  // Asks about a person by NIK; ends the program unless the answer is right.
  coverage::v1::CheckEligibilityResponse AskRight(int64_t worker_id);

 private:
  const Verdicts& verdicts_;
  const std::unique_ptr<coverage::v1::CoverageService::Stub> stub_;
};

}  // namespace lingkaran::bench
