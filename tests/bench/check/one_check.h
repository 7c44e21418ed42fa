// Single questions, one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/verdicts.h"

namespace lingkaran::bench {

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
