// What the load generator asks: checks of people all over the nation, by their NIK, one in a
// request or many. A sample of the answers is judged.
#pragma once

#include <cstdint>
#include <vector>

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "tests/bench/check/verdicts.h"

namespace lingkaran::bench {

// Member of question number `i` of a nation.
int64_t Asked(int64_t i, int64_t members);

// One check in a request, as any client would send it.
class SingleWork {
 public:
  using Request = coverage::v1::CheckEligibilityRequest;
  using Response = coverage::v1::CheckEligibilityResponse;
  static constexpr char kMethod[] = "/lingkaran.coverage.v1.CoverageService/CheckEligibility";
  static constexpr int kChecks = 1;

  // `verdicts` may be null: then nothing is judged (an echo knows nobody).
  SingleWork(int64_t members, const Verdicts* verdicts) : members_(members), verdicts_(verdicts) {}
  void Fill(int64_t number, Request& request) const;
  void Judge(int64_t number, const Response& response) const;
  int checks() const { return 1; }

 private:
  int64_t members_;
  const Verdicts* verdicts_;
};

// Many checks in a request. The requests are made and serialized in advance, and the responses are
// read only where they are judged: the other side shares its processor with no maker of questions.
class BatchWork {
 public:
  using Request = grpc::ByteBuffer;
  using Response = grpc::ByteBuffer;
  static constexpr char kMethod[] = "/lingkaran.coverage.v1.CoverageService/BatchCheckEligibility";

  // `batches` different requests of `size` checks each.
  BatchWork(int64_t members, int size, int batches, const Verdicts* verdicts);
  void Fill(int64_t number, Request& request) const;
  void Judge(int64_t number, const Response& response) const;
  int checks() const { return size_; }

 private:
  int64_t PersonOf(int64_t batch, int item) const;

  int64_t members_;
  int size_;
  std::vector<grpc::ByteBuffer> requests_;
  const Verdicts* verdicts_;
};

}  // namespace lingkaran::bench
