#include "tests/bench/check/work.h"

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

void SingleWork::Fill(int64_t number, H2Connection::Call& call) const {
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_nik(NikOf(Asked(number, members_)));
  call.SetRequest(request.SerializeAsString());
}

void SingleWork::Judge(int64_t number, std::string_view response) const {
  if (verdicts_ == nullptr || !IsJudged(number)) return;
  coverage::v1::CheckEligibilityResponse answer;
  if (!answer.ParseFromArray(response.data(), static_cast<int>(response.size()))) {
    Fail("a check's response can't be read");
  }
  verdicts_->Judge(Asked(number, members_), answer);
}

BatchWork::BatchWork(int64_t members, int size, int batches, const Verdicts* verdicts)
    : members_(members), size_(size), verdicts_(verdicts) {
  requests_.reserve(batches);
  for (int batch = 0; batch < batches; ++batch) {
    coverage::v1::BatchCheckEligibilityRequest request;
    for (int item = 0; item < size; ++item) {
      request.add_items()->mutable_person()->set_nik(NikOf(PersonOf(batch, item)));
    }
    requests_.push_back(request.SerializeAsString());
  }
}

int64_t BatchWork::PersonOf(int64_t batch, int item) const {
  return Asked(batch * size_ + item, members_);
}

void BatchWork::Fill(int64_t number, H2Connection::Call& call) const {
  call.SetRequest(requests_[number % requests_.size()]);
}

void BatchWork::Judge(int64_t number, std::string_view response) const {
  if (!IsJudged(number)) return;
  coverage::v1::BatchCheckEligibilityResponse answer;
  if (!answer.ParseFromArray(response.data(), static_cast<int>(response.size()))) {
    Fail("a batch's response can't be read");
  }
  if (answer.results_size() != size_) Fail("a batch was not answered item by item");
  const auto batch = static_cast<int64_t>(number % requests_.size());
  for (int i = 0; i < kItemsJudged && i < size_; ++i) {
    const int item = static_cast<int>(Scatter(number + i) % size_);
    verdicts_->Judge(PersonOf(batch, item), answer.results(item), answer.checked_at());
  }
}

}  // namespace lingkaran::bench
