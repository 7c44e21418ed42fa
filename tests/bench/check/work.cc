#include "tests/bench/check/work.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {
namespace {

// One in so many responses is judged: enough to find a fault that is not rarer than one in a
// thousand in every phase, and little beside the cost of a call.
constexpr int64_t kJudgeOneIn = 64;
constexpr int kItemsJudged = 16;

bool IsJudged(int64_t number) { return Scatter(~number) % kJudgeOneIn == 0; }

}  // namespace

int64_t Asked(int64_t i, int64_t members) {
  return static_cast<int64_t>(Scatter(i) % static_cast<uint64_t>(members)) + 1;
}

void SingleWork::Fill(int64_t number, Request& request) const {
  request.mutable_person()->set_nik(NikOf(Asked(number, members_)));
}

void SingleWork::Judge(int64_t number, const Response& response) const {
  if (verdicts_ == nullptr || !IsJudged(number)) return;
  verdicts_->Judge(Asked(number, members_), response);
}

BatchWork::BatchWork(int64_t members, int size, int batches, const Verdicts* verdicts)
    : members_(members), size_(size), verdicts_(verdicts) {
  requests_.reserve(batches);
  for (int batch = 0; batch < batches; ++batch) {
    coverage::v1::BatchCheckEligibilityRequest request;
    for (int item = 0; item < size; ++item) {
      request.add_items()->mutable_person()->set_nik(NikOf(PersonOf(batch, item)));
    }
    const grpc::Slice bytes(request.SerializeAsString());
    requests_.emplace_back(&bytes, 1);
  }
}

int64_t BatchWork::PersonOf(int64_t batch, int item) const {
  return Asked(batch * size_ + item, members_);
}

void BatchWork::Fill(int64_t number, Request& request) const {
  request = requests_[number % requests_.size()];
}

void BatchWork::Judge(int64_t number, const Response& response) const {
  if (!IsJudged(number)) return;
  coverage::v1::BatchCheckEligibilityResponse answer;
  grpc::ByteBuffer bytes = response;
  grpc::ProtoBufferReader reader(&bytes);
  if (!answer.ParseFromZeroCopyStream(&reader)) Fail("a batch's response can't be read");
  if (answer.results_size() != size_) Fail("a batch was not answered item by item");
  const auto batch = static_cast<int64_t>(number % requests_.size());
  for (int i = 0; i < kItemsJudged && i < size_; ++i) {
    const int item = static_cast<int>(Scatter(number + i) % size_);
    verdicts_->Judge(PersonOf(batch, item), answer.results(item), answer.checked_at());
  }
}

}  // namespace lingkaran::bench
