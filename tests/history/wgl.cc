#include "tests/history/wgl.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lingkaran::history {
namespace {

// A call or an answer, in a list by time from which linearized operations are lifted.
struct Node {
  int operation = -1;
  bool is_call = false;
  Node* answer = nullptr;  // of a call: its answer; null if unknown
  Node* before = nullptr;
  Node* after = nullptr;
};

class Search {
 public:
  Search(const Model& model, const std::vector<Operation>& history, int64_t budget)
      : model_(model), history_(history), budget_(budget), done_((history.size() + 63) / 64) {
    for (const Operation& operation : history) unanswered_ += operation.known() ? 1 : 0;
    Build();
  }

  CheckResult Run() {
    CheckResult result;
    State state = model_.Start();
    Node* at = head_.after;
    while (unanswered_ > 0) {
      if (at->is_call) {
        Node* const next = Try(at, state);
        if (steps_ > budget_) {
          result.verdict = Verdict::kTooHard;
          break;
        }
        at = next;
        continue;
      }
      // An answer that no order so far accounts for: take back the last choice.
      at = TakeBack(state);
      if (at == nullptr) {
        result.verdict = Verdict::kViolation;
        break;
      }
    }
    if (result.verdict == Verdict::kLinearizable) KeepLongest();
    result.order = std::move(longest_);
    result.steps = steps_;
    return result;
  }

 private:
  void Build() {
    nodes_.resize(2 * history_.size());
    std::vector<std::pair<int64_t, Node*>> by_time;
    for (size_t i = 0; i < history_.size(); ++i) {
      Node& call = nodes_[2 * i];
      call.operation = static_cast<int>(i);
      call.is_call = true;
      by_time.emplace_back(history_[i].called, &call);
      if (!history_[i].known()) continue;
      Node& answer = nodes_[2 * i + 1];
      answer.operation = static_cast<int>(i);
      call.answer = &answer;
      by_time.emplace_back(std::max(history_[i].answered, history_[i].called), &answer);
    }
    // Calls come before answers of the same moment: they overlap.
    std::stable_sort(by_time.begin(), by_time.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second->is_call && !b.second->is_call;
    });
    Node* last = &head_;
    for (const auto& [time, node] : by_time) {
      last->after = node;
      node->before = last;
      last = node;
    }
  }

  // Lets the operation take effect now, if the model can give its answer and this was not tried
  // before; the node to go on with.
  Node* Try(Node* call, State& state) {
    const Operation& operation = history_[call->operation];
    State next = state;
    ++steps_;
    // An unknown operation that changes nothing need not have happened.
    if (!model_.Apply(operation, next) || (!operation.known() && next == state)) return call->after;
    Flip(call->operation);
    if (!seen_.insert(Key(next)).second) {
      Flip(call->operation);
      return call->after;
    }
    taken_.push_back({call, std::exchange(state, std::move(next))});
    Lift(call);
    if (taken_.size() > longest_.size()) KeepLongest();
    return head_.after;
  }

  // Takes back the last operation that could change something; what to try in its place, or null if
  // everything was tried. One that changes nothing and fitted was no choice: whatever order is
  // right with it later is also right with it there.
  Node* TakeBack(State& state) {
    while (!taken_.empty()) {
      Taken last = std::move(taken_.back());
      taken_.pop_back();
      state = std::move(last.before);
      Flip(last.call->operation);
      PutBack(last.call);
      if (model_.MayChange(history_[last.call->operation])) return last.call->after;
    }
    return nullptr;
  }

  void Lift(Node* call) {
    Unlink(call);
    if (call->answer == nullptr) return;
    Unlink(call->answer);
    --unanswered_;
  }
  void PutBack(Node* call) {
    if (call->answer != nullptr) {
      Link(call->answer);
      ++unanswered_;
    }
    Link(call);
  }
  static void Unlink(Node* node) {
    node->before->after = node->after;
    if (node->after != nullptr) node->after->before = node->before;
  }
  static void Link(Node* node) {
    node->before->after = node;
    if (node->after != nullptr) node->after->before = node;
  }

  void Flip(int operation) { done_[operation / 64] ^= uint64_t{1} << (operation % 64); }

  std::string Key(const State& state) const {
    std::string key(reinterpret_cast<const char*>(done_.data()), done_.size() * sizeof(uint64_t));
    key.append(reinterpret_cast<const char*>(state.data()), state.size() * sizeof(int64_t));
    return key;
  }

  void KeepLongest() {
    longest_.clear();
    for (const Taken& taken : taken_) longest_.push_back(taken.call->operation);
  }

  struct Taken {
    Node* call;
    State before;
  };

  const Model& model_;
  const std::vector<Operation>& history_;
  const int64_t budget_;
  std::vector<Node> nodes_;
  Node head_;
  std::vector<uint64_t> done_;             // a bit for each operation
  std::vector<Taken> taken_;               // in their order
  absl::flat_hash_set<std::string> seen_;  // done_ and state
  std::vector<int> longest_;
  int unanswered_ = 0;
  int64_t steps_ = 0;
};

}  // namespace

CheckResult Check(const Model& model, const std::vector<Operation>& history, int64_t budget) {
  return Search(model, history, budget).Run();
}

std::string Describe(const Model& model, const std::vector<Operation>& history,
                     const CheckResult& result) {
  std::vector<int> by_call(history.size()), place(history.size(), -1);
  std::iota(by_call.begin(), by_call.end(), 0);
  std::stable_sort(by_call.begin(), by_call.end(),
                   [&](int a, int b) { return history[a].called < history[b].called; });
  for (size_t i = 0; i < result.order.size(); ++i) place[result.order[i]] = static_cast<int>(i);
  std::string text = absl::StrFormat("%14s %14s %6s\n", "called us", "answered us", "order");
  const int64_t start = history.empty() ? 0 : history[by_call[0]].called;
  for (const int i : by_call) {
    const Operation& operation = history[i];
    const auto micros = [&](int64_t time) { return absl::StrFormat("%.1f", (time - start) / 1e3); };
    absl::StrAppend(&text, absl::StrFormat("%14s %14s %6s  %s\n", micros(operation.called),
                                           operation.known() ? micros(operation.answered)
                                                             : std::string("unknown"),
                                           place[i] >= 0       ? absl::StrCat(place[i] + 1)
                                           : operation.known() ? std::string("  ?!")
                                                               : std::string("-"),
                                           model.Text(operation)));
  }
  return text;
}

}  // namespace lingkaran::history
