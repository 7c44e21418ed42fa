// What people do with the services: lists come in and are reviewed, sponsors pledge, pay in part or
// too much, seats are drawn or named, people die, withdraw and are replaced, money goes back,
// members pay for themselves; requests come twice and with another body under an old id.
//
// The same for real processes and for the simulated world. Each action ends when its calls are
// decided; an answer that must not be is reported as a violation at once, all else is kept in the
// ledger for the oracle.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "common/base/random.h"
#include "tests/workload/chance.h"
#include "tests/workload/ledger.h"
#include "tests/workload/transport.h"

namespace lingkaran::workload {

inline constexpr char kBudi[] = "budi;role=officer";
inline constexpr char kSiti[] = "siti;role=officer";  // reviews what Budi sent

class Workload {
 public:
  // Several may work on one ledger, each on a thread of its own.
  Workload(Transport& transport, Ledger& ledger, Chance& chance)
      : transport_(transport), ledger_(ledger), chance_(chance) {}

  // An agency or two with a list, sponsors and pledges: what the rest needs.
  void Prepare();
  // One thing that somebody does now. More often than not what reaches `prefer`, a method or a kind
  // of work item, if that is not empty.
  void Act(const std::string& prefer = "");

 private:
  struct Action {
    int weight;
    void (Workload::*act)();
    std::vector<std::string> reaches;
  };
  static const std::vector<Action>& Actions();

  void AddAgency();
  void AddList();
  void SendList(int64_t batch_id, int first, int count);
  void Review(int64_t batch_id, const std::vector<int64_t>& accepted);
  void Correct();
  void ReportDeath();
  void Withdraw();
  void EnrolByHand();
  void IssueCards();
  void Check();
  void AddSponsor();
  void AddPledge();
  void Pay();
  void PayAgain();
  void UseIdTwice();
  void Allocate();
  void AllocateNamed();
  void Replace();
  void ReplaceIn(int64_t pledge_id, int64_t worker_id);
  void Refund();
  void Cancel();
  void Contribute();
  void PayQuoted(const sponsorship::v1::PayContributionRequest& request);

  // Sends a request, a mutation under a new request_id unless it has one.
  template <typename Service, typename Request, typename Response>
  void Ask(
      Request request, Method<Service, Request, Response> method,
      std::type_identity_t<std::function<void(const absl::Status&, const Response&)>> done,
      const std::function<void()>& uncertain = [] {}, const std::string& actor = kBudi) {
    if constexpr (requires { request.request_id(); }) {
      if (request.request_id().empty()) request.set_request_id(NewRequestId());
    }
    transport_.Ask(
        MakeRpc(actor, request, method),
        [done = std::move(done)](const absl::Status& status, const Message& response) {
          done(status, static_cast<const Response&>(response));
        },
        uncertain);
  }

  // Where the store must have what a request makes, by a text that only this request has.
  struct Place {
    Effects Facts::*effects;
    std::string key;
    int64_t amount = 0;
    int64_t pledge_id = 0;  // whose money it moves
  };
  // Sends a request that makes something; `then` says what, if it was acknowledged.
  template <typename Service, typename Request, typename Response>
  void Make(const Place& place, const Request& request, Method<Service, Request, Response> method,
            std::type_identity_t<std::function<Effect(const Response&)>> then) {
    Ask(
        request, method,
        [this, place, then](const absl::Status& status, const Response& response) {
          if (!status.ok()) return;
          Effect effect = then(response);
          effect.acknowledged = true;
          ((*ledger_.Lock()).*place.effects)[place.key] = effect;
        },
        [this, place] { Uncertain(place); });
  }
  void Uncertain(const Place& place);
  void Uncertain(int64_t pledge_id);

  // Takes note of a version of a worker.
  void Saw(const registry::v1::Worker& worker);
  // A name that comes once.
  std::string Unique(const std::string& what);
  // A worker of an approved list; there must be one.
  int64_t AnyWorker();
  // So many at most, each once.
  std::vector<int64_t> AnyWorkers(int64_t most);
  // Of a pledge that fits; pledge_id is 0 if none does.
  PledgeFacts AnyPledge(absl::FunctionRef<bool(const PledgeFacts&)> fits);
  // Mostly one with money.
  PledgeFacts PledgeToFill();

  Transport& transport_;
  Ledger& ledger_;
  Chance& chance_;
  // Of the people of a list, how many may stand on the one before it, too: none once they may have
  // died or withdrawn, for then they are refused, or taken anew.
  int most_on_two_lists_ = 0;
};

}  // namespace lingkaran::workload
