// What people do in one seed's world: lists come in and are reviewed, sponsors pledge, pay in part
// or too much, seats are drawn or named, people die, withdraw and are replaced, money goes back,
// members pay for themselves; requests come twice and with another body under an old id.
//
// What was acknowledged is kept: the oracle looks for each of it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/client.h"

namespace lingkaran::simulation {

// What a request that was decided, or given up, must have left behind.
struct Expected {
  bool acknowledged = false;  // else given up: there once or not at all
  int64_t id = 0;             // of what it made
  int64_t amount = 0;
};

// By a text that is in the request and in the store: names, decrees, seeds, bank references.
struct Ledger {
  std::map<std::string, Expected> agencies;
  std::map<std::string, Expected> batches;
  std::map<std::string, Expected> sponsors;
  std::map<std::string, Expected> pledges;  // by the highest income that the criteria allow
  std::map<std::string, Expected> payments;
  std::map<std::string, Expected> refunds;
  std::map<std::string, Expected> contributions;
  std::map<std::string, Expected> allocations;  // by seed
  std::set<int64_t> cancelled;                  // pledges
  std::map<int64_t, int32_t> deaths;            // by worker
  std::set<int64_t> withdrawn;
  std::map<int64_t, int64_t> versions;     // of a worker, the latest that was acknowledged
  std::map<int64_t, std::string> members;  // acknowledged membership numbers
  int64_t decided = 0;
  int64_t given_up = 0;
};

class Workload {
 public:
  Workload(World& world, Network& network)
      : world_(world), network_(network), client_(world, network) {}

  // Lists, sponsors and pledges: what the rest needs.
  void Prepare();
  // One thing that somebody does now.
  void Act();

  const Ledger& ledger() const { return ledger_; }
  int open() const { return client_.open(); }

 private:
  struct KnownPledge {
    sponsorship::v1::Pledge pledge;
    int64_t paid = 0;
  };
  void AddList(int64_t agency_id);
  void Review(int64_t batch_id);
  void AddSponsor();
  void AddPledge();
  void Pay();
  void PayAgain();
  void Allocate();
  void AllocateNamed();
  void Replace();
  void Refund();
  void Cancel();
  void Contribute();
  void ReportDeath();
  void Withdraw();
  void Correct();
  void IssueCards();
  void EnrolByHand();
  void UseIdTwice();
  void Check();

  // A name that comes once.
  std::string Unique(const char* what);
  // Records the outcome of a request that makes something; returns true if it was made.
  bool Decided(std::map<std::string, Expected>& book, const std::string& key,
               const absl::Status& status, int64_t id, int64_t amount = 0);
  std::function<void()> GivenUp(std::map<std::string, Expected>& book, const std::string& key,
                                int64_t amount = 0);
  // Workers that hold a seat of the pledge, as the store has it now.
  std::vector<int64_t> HoldersOf(int64_t pledge_id);
  const KnownPledge* AnyPledge();

  World& world_;
  Network& network_;
  Client client_;
  Ledger ledger_;
  int next_name_ = 0;
  int next_person_ = 0;
  std::vector<int64_t> agencies_;
  std::vector<int64_t> workers_;
  std::vector<sponsorship::v1::Sponsor> sponsors_;
  std::map<int64_t, KnownPledge> pledges_;
  std::vector<sponsorship::v1::RecordPaymentRequest> payments_;  // acknowledged
  std::set<std::pair<int64_t, int64_t>> corrections_;            // worker and version
  std::map<int64_t, std::string> death_tokens_;                  // by worker
};

}  // namespace lingkaran::simulation
