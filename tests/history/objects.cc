#include "tests/history/objects.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "tests/history/models.h"

namespace lingkaran::history {
namespace {

constexpr int64_t kInvoice = 1'000;
constexpr int64_t kDay = 20191105;

using Numbers = std::vector<int64_t>;
using Random = std::mt19937_64;

int64_t Below(Random& random, int64_t n) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
}
bool Chance(Random& random, int percent) { return Below(random, 100) < percent; }

// One key's object. `facts_` is what its answers are made of.
class Object {
 public:
  Object(Bug bug, Random& random, Numbers facts)
      : bug_(bug), random_(random), facts_(std::move(facts)) {}
  virtual ~Object() = default;

  virtual Operation Ask() = 0;  // some operation, without its answer
  virtual bool Changes(const Operation& operation) const = 0;

  // Carries it out; the answer.
  Numbers Do(const Operation& operation) {
    if (!Changes(operation)) return Read(operation, Seen());
    past_.push_back(facts_);
    if (bug_ != Bug::kLostUpdate || !Chance(random_, 10)) return Change(operation);
    const std::map<int64_t, Numbers> receipts = receipts_;
    Numbers answer = Change(operation);
    facts_ = past_.back();
    receipts_ = receipts;
    return answer;
  }

 protected:
  virtual Numbers Change(const Operation& operation) = 0;
  virtual Numbers Read(const Operation& operation, const Numbers& facts) = 0;
  // Facts that look as if something had changed.
  virtual Numbers Future() = 0;

  bool Has(Bug bug) const { return bug_ == bug; }
  bool Now(Bug bug, int percent) { return bug_ == bug && Chance(random_, percent); }

  const Bug bug_;
  Random& random_;
  Numbers facts_;
  std::map<int64_t, Numbers> receipts_;  // of a pledge, by reference: is payment, amount, applied

 private:
  Numbers Seen() {
    if (Now(Bug::kFromTheFuture, 10)) return Future();
    if (past_.empty()) return facts_;
    const Numbers& old =
        past_[past_.size() - 1 - Below(random_, std::min<int64_t>(3, past_.size()))];
    if (Now(Bug::kStaleRead, 40)) return old;
    Numbers torn = facts_;
    if (Now(Bug::kTornRead, 40)) torn[0] = old[0];
    return torn;
  }

  std::vector<Numbers> past_;
};

// Facts: who paid JKK, who paid JKM, position.
class Cover final : public Object {
 public:
  Cover(Bug bug, Random& random) : Object(bug, random, {0, 0, 0}) {}
  bool Changes(const Operation& operation) const override {
    return operation.kind != CoverModel::kCheck;
  }
  Operation Ask() override {
    const int64_t source = 1 + Below(random_, 2);
    switch (Below(random_, 4)) {
      case 0:
        return {.kind = CoverModel::kActivate, .asked = {source, 1 + Below(random_, 3)}};
      case 1:
        return {.kind = CoverModel::kRevoke, .asked = {source}};
      default:
        return {.kind = CoverModel::kCheck, .asked = {0}};
    }
  }

 protected:
  Numbers Change(const Operation& operation) override {
    if (!Has(Bug::kVersionStuck)) ++facts_[2];
    const int64_t source = operation.asked[0];
    if (operation.kind == CoverModel::kRevoke) {
      int64_t taken = 0;
      for (const int i : {0, 1}) {
        if (facts_[i] == source) taken += 1 + i, facts_[i] = 0;
      }
      return {taken, facts_[2]};
    }
    const bool jkk = (operation.asked[1] & 1) != 0, jkm = (operation.asked[1] & 2) != 0;
    const bool paid = (jkk && facts_[0] != 0) || (jkm && facts_[1] != 0);
    if (paid && !Has(Bug::kNoCheck)) return {kRefused, facts_[2]};
    if (jkk) facts_[0] = source;
    if (jkm) facts_[1] = source;
    return {kOk, facts_[2]};
  }
  Numbers Read(const Operation&, const Numbers& facts) override {
    return {(facts[0] == 0 ? 0 : 1) + (facts[1] == 0 ? 0 : 2), facts[2]};
  }
  Numbers Future() override {
    Numbers facts = facts_;
    facts[0] = facts[0] == 0 ? 1 : 0;
    return facts;
  }
};

// Facts: version, day of withdrawal, day of death.
class Member final : public Object {
 public:
  Member(Bug bug, Random& random) : Object(bug, random, {1, 0, 0}) {}
  bool Changes(const Operation& operation) const override {
    return operation.kind == MemberModel::kWithdraw || operation.kind == MemberModel::kReportDeath;
  }
  Operation Ask() override {
    const int64_t dice = Below(random_, 40);
    if (dice == 0) return {.kind = MemberModel::kReportDeath, .asked = {kDay - Below(random_, 3)}};
    if (dice < 15) {
      return {.kind = MemberModel::kWithdraw, .asked = {kDay - 2 + Below(random_, 5)}};
    }
    if (dice < 28) return {.kind = MemberModel::kGet};
    return {.kind = MemberModel::kCheck, .asked = {facts_[0], kDay}};
  }

 protected:
  Numbers Change(const Operation& operation) override {
    const int64_t day = operation.asked[0];
    const bool death = operation.kind == MemberModel::kReportDeath;
    const bool dead = facts_[2] != 0;
    if (dead && !(death && facts_[2] == day) && !Has(Bug::kNoCheck)) return {kRefused};
    int64_t& fact = facts_[death ? 2 : 1];
    if (fact != day && !Has(Bug::kVersionStuck)) ++facts_[0];
    fact = day;
    return {kOk, facts_[0], facts_[1], facts_[2]};
  }
  Numbers Read(const Operation& operation, const Numbers& facts) override {
    if (operation.kind == MemberModel::kGet) return {kOk, facts[0], facts[1], facts[2]};
    if (facts[2] != 0 && kDay > facts[2]) return {MemberModel::kDeceased};
    if (facts[1] != 0 && kDay >= facts[1]) return {MemberModel::kWithdrawn};
    return {MemberModel::kCovered};
  }
  Numbers Future() override { return {facts_[0] + 1, kDay - 7, facts_[2]}; }
};

// Facts: received, available, refunded, moved to credit, credit, cancelled.
class Pledge final : public Object {
 public:
  Pledge(Bug bug, Random& random) : Object(bug, random, {0, 0, 0, 0, 0, 0}) {}
  bool Changes(const Operation& operation) const override {
    return operation.kind != PledgeModel::kGet;
  }
  Operation Ask() override {
    const int64_t dice = Below(random_, 60), reference = 1 + Below(random_, 12);
    const int64_t amount = 100 + 100 * (reference % 3 + Below(random_, 10) / 9);
    if (dice == 0) return {.kind = PledgeModel::kCancel};
    if (dice < 15) return {.kind = PledgeModel::kPay, .asked = {reference, amount}};
    if (dice < 25) {
      return {.kind = PledgeModel::kRefund, .asked = {reference + 6, Below(random_, 4) * 100}};
    }
    return {.kind = PledgeModel::kGet};
  }

 protected:
  Numbers Change(const Operation& operation) override {
    if (operation.kind == PledgeModel::kPay) return Pay(operation.asked[0], operation.asked[1]);
    if (operation.kind == PledgeModel::kRefund) {
      return Refund(operation.asked[0], operation.asked[1]);
    }
    if (facts_[5] == 0) {
      facts_[3] += facts_[1];
      facts_[4] += facts_[1];
      facts_[1] = 0;
      facts_[5] = 1;
    }
    return With({kOk});
  }
  Numbers Read(const Operation&, const Numbers& facts) override {
    return {kOk, facts[0], facts[1], facts[2], facts[3]};
  }
  Numbers Future() override {
    Numbers facts = facts_;
    facts[0] += 100;
    facts[1] += 100;
    return facts;
  }

 private:
  Numbers With(Numbers answer) const {
    answer.insert(answer.end(), facts_.begin(), facts_.begin() + PledgeModel::kFunds);
    return answer;
  }
  Numbers Pay(int64_t reference, int64_t amount) {
    const auto found = receipts_.find(reference);
    const bool known = found != receipts_.end() && !Has(Bug::kPaidTwice);
    if (known && (found->second[0] == 0 || found->second[1] != amount)) return {kConflict};
    if (known) return With({kOk, 1, found->second[2], amount - found->second[2]});
    if (facts_[5] != 0) return {kRefused};
    const int64_t applied = std::min(amount, kInvoice - facts_[0]);
    receipts_[reference] = {1, amount, applied};
    facts_[0] += applied;
    facts_[1] += applied;
    facts_[4] += amount - applied;
    return With({kOk, 0, applied, amount - applied});
  }
  Numbers Refund(int64_t reference, int64_t amount) {
    if (receipts_.contains(reference)) return {kConflict};
    const int64_t most = facts_[1] + facts_[4];
    if (amount == 0) amount = most;
    if (!Has(Bug::kNoCheck) && (amount == 0 || amount > most)) return {kExhausted};
    receipts_[reference] = {0, amount, 0};
    const int64_t available = Has(Bug::kNoCheck) ? amount : std::min(amount, facts_[1]);
    facts_[1] -= available;
    facts_[2] += available;
    facts_[4] -= amount - available;
    return With({kOk, amount});
  }
};

std::unique_ptr<Object> MakeObject(Kind kind, Bug bug, Random& random) {
  if (kind == Kind::kCover) return std::make_unique<Cover>(bug, random);
  if (kind == Kind::kMember) return std::make_unique<Member>(bug, random);
  return std::make_unique<Pledge>(bug, random);
}

}  // namespace

std::string BugName(Bug bug) {
  static constexpr const char* kNames[] = {"none",      "stale read",    "lost update",
                                           "no replay", "paid twice",    "torn read",
                                           "no check",  "version stuck", "from the future"};
  return kNames[static_cast<int>(bug)];
}

std::unique_ptr<Model> MakeModel(Kind kind) {
  if (kind == Kind::kCover) return std::make_unique<CoverModel>();
  if (kind == Kind::kMember) return std::make_unique<MemberModel>(1);
  return std::make_unique<PledgeModel>(kInvoice);
}

std::vector<Bug> BugsOf(Kind kind) {
  std::vector<Bug> bugs = {Bug::kStaleRead, Bug::kLostUpdate, Bug::kTornRead, Bug::kNoCheck,
                           Bug::kFromTheFuture};
  if (kind != Kind::kPledge) bugs.push_back(Bug::kVersionStuck);
  if (kind != Kind::kMember) bugs.push_back(Bug::kNoReplay);
  if (kind == Kind::kPledge) bugs.push_back(Bug::kPaidTwice);
  return bugs;
}

std::vector<Operation> Simulate(Kind kind, Bug bug, uint64_t seed,
                                const SimulationOptions& options) {
  struct Client {
    std::optional<Operation> operation;
    int sends = 0;                  // still to come
    std::optional<Numbers> answer;  // of the first send that was carried out
    bool gone = false;              // its answer will not be heard
  };
  Random random(seed);
  const std::unique_ptr<Object> object = MakeObject(kind, bug, random);
  std::vector<Client> clients(options.clients);
  std::vector<Client> ghosts;  // sent by a caller that heard no answer; may still be carried out
  std::vector<Operation> history;
  const auto carry_out = [&](Client& client) {
    --client.sends;
    if (client.answer && bug != Bug::kNoReplay) return;
    client.answer = object->Do(*client.operation);
  };
  int64_t time = 0;
  for (int begun = 0, open = 0; begun < options.operations || open > 0;) {
    ++time;
    if (!ghosts.empty() && Chance(random, 5)) {
      if (Chance(random, 70)) carry_out(ghosts.back());
      ghosts.pop_back();
    }
    Client& client = clients[Below(random, options.clients)];
    if (!client.operation) {
      if (begun == options.operations) continue;
      client = Client();
      client.operation = object->Ask();
      client.operation->called = time;
      const bool changes = object->Changes(*client.operation);
      client.sends = changes && Chance(random, options.resent_percent) ? 2 : 1;
      client.gone = changes && Chance(random, options.unknown_percent);
      ++begun;
      ++open;
    } else if (client.gone) {
      history.push_back(*client.operation);
      ghosts.push_back(std::move(client));
      client = Client();
      --open;
    } else if (client.sends > 0) {
      carry_out(client);
    } else {
      client.operation->answered = time;
      client.operation->got = *client.answer;
      history.push_back(*client.operation);
      client = Client();
      --open;
    }
  }
  return history;
}

}  // namespace lingkaran::history
