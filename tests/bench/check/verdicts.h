// Whether an answer of the service is the right one: decided anew from the generated facts. A wrong
// answer ends the program: no figure counts then.
#pragma once

#include <cstdint>
#include <memory>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::bench {

class Verdicts {
 public:
  Verdicts();  // by the rules of deploy/rules

  void Judge(int64_t worker_id, const coverage::v1::CheckEligibilityResponse& response) const;
  // One answer of a batch.
  void Judge(int64_t worker_id, const coverage::v1::BatchCheckResult& result,
             const google::protobuf::Timestamp& checked_at) const;

 private:
  template <typename Reply>
  void JudgeAnswers(int64_t worker_id, const Reply& reply,
                    const google::protobuf::Timestamp& checked_at) const;

  std::shared_ptr<const coverage::Rules> rules_;
};

}  // namespace lingkaran::bench
