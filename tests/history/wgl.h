// Is a history of concurrent operations linearizable? Each operation has to take effect at one
// moment between its call and its answer, so that all answers are those of a model that carries the
// operations out one after another in the order of these moments.
//
// The algorithm is that of Wing and Gong with Lowe's memory of what was tried: a search over the
// orders that real time allows, which gives up an order as soon as the model can't give an answer,
// and never tries the same set of operations with the same state twice. Its worst case is
// exponential in the number of operations under way at once, so histories have to be short and of
// one key each, and a budget ends what is too hard.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lingkaran::history {

// Never answered.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// One operation on one key as a client saw it.
struct Operation {
  int kind = 0;        // which of the model's operations
  int64_t called = 0;  // on a clock that all clients share; equal times count as overlapping
  int64_t answered =
      kNever;  // kNever: unknown; it took effect after `called` at some time, or never
  std::vector<int64_t> asked = {};  // what the model makes of it is the model's
  std::vector<int64_t> got = {};    // empty if unknown

  bool known() const { return answered != kNever; }
};

using State = std::vector<int64_t>;

// What an object does when nobody else is there.
class Model {
 public:
  virtual ~Model() = default;
  virtual State Start() const = 0;
  // Carries `operation` out on `state`. False if its answer can't be given in this state; then
  // `state` may hold anything. An unknown operation has no answer to be held against.
  virtual bool Apply(const Operation& operation, State& state) const = 0;
  // False for what leaves every state in which it can be answered as it is, such as a read: it
  // takes effect as soon as it can, which saves a search among all its places.
  virtual bool MayChange(const Operation& operation) const = 0;
  // For people.
  virtual std::string Text(const Operation& operation) const = 0;
};

enum class Verdict {
  kLinearizable,
  kViolation,
  kTooHard,  // not known within the budget
};

struct CheckResult {
  Verdict verdict = Verdict::kLinearizable;
  // Indexes of the operations in the longest order found: of all that were answered if
  // linearizable.
  std::vector<int> order;
  int64_t steps = 0;  // states looked at
};

// Checks a history; the operations may come in any order. `budget` bounds the states looked at
// (each costs about 100 bytes and a microsecond).
CheckResult Check(const Model& model, const std::vector<Operation>& history,
                  int64_t budget = 1'000'000);

// The history as a table by time of call, with the operations that the longest order found leaves
// out marked: for the report of a violation.
std::string Describe(const Model& model, const std::vector<Operation>& history,
                     const CheckResult& result);

}  // namespace lingkaran::history
