// What the load generator asks: checks of people all over the nation, by their NIK, one in a
// request or many. A sample of the answers is judged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "tests/bench/check/h2.h"
#include "tests/bench/check/verdicts.h"

namespace lingkaran::bench {

// Member of question number `i` of a nation.
int64_t Asked(int64_t i, int64_t members);

// Questions of one method, numbered.
class Work {
 public:
  virtual ~Work() = default;
  virtual std::string method() const = 0;  // ":path"
  virtual void Fill(int64_t number, H2Connection::Call& call) const = 0;
  // Ends the program if the answer to question `number` is wrong.
  virtual void Judge(int64_t number, std::string_view response) const = 0;
};

// One check in a request, as any client would send it.
class SingleWork final : public Work {
 public:
  // `verdicts` may be null: then nothing is judged (an echo knows nobody).
  SingleWork(int64_t members, const Verdicts* verdicts) : members_(members), verdicts_(verdicts) {}
  std::string method() const override {
    return "/lingkaran.coverage.v1.CoverageService/CheckEligibility";
  }
  void Fill(int64_t number, H2Connection::Call& call) const override;
  void Judge(int64_t number, std::string_view response) const override;

 private:
  int64_t members_;
  const Verdicts* verdicts_;
};

// Many checks in a request. The requests are made and serialized in advance, and the responses are
// read only where they are judged: the other side shares its processor with no maker of questions.
class BatchWork final : public Work {
 public:
  // `batches` different requests of `size` checks each.
  BatchWork(int64_t members, int size, int batches, const Verdicts* verdicts);
  std::string method() const override {
    return "/lingkaran.coverage.v1.CoverageService/BatchCheckEligibility";
  }
  void Fill(int64_t number, H2Connection::Call& call) const override;
  void Judge(int64_t number, std::string_view response) const override;

 private:
  int64_t PersonOf(int64_t batch, int item) const;

  int64_t members_;
  int size_;
  std::vector<std::string> requests_;
  const Verdicts* verdicts_;
};

}  // namespace lingkaran::bench
