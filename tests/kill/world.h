// What the clients of one stack know: everything that was acknowledged to them, which must be there
// exactly once whatever died meanwhile. Safe for several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"

namespace lingkaran::kill {

using Random = std::mt19937_64;

struct PledgeFacts {
  int64_t pledge_id = 0;
  int64_t sponsor_id = 0;
  int64_t batch_id = 0;  // whose workers it is for
  std::string payment_code;
  int64_t invoice = 0;
  int64_t per_seat = 0;
  int seats = 0;
  int64_t received = 0;  // sum of what acknowledged payments put to the invoice
  int64_t credit = 0;    // and of what they put to credit
  int64_t refunded = 0;  // sum of acknowledged refunds
  bool cancelled = false;
};

struct BatchFacts {
  int64_t batch_id = 0;
  int first = 0;  // number of its first generated candidate
  int rows = 0;
  bool submitted = false;
  bool reviewed = false;
  std::vector<int64_t> workers;  // in the order of its rows
};

// An acknowledged call, to be made again: gives what is wrong with the answer, empty if it is the
// first one again.
struct Acknowledged {
  std::string method;
  std::function<std::string()> again;
};

class World {
 public:
  // ---- What was acknowledged ----
  void AddAgency(int64_t agency_id);
  void AddSponsor(int64_t sponsor_id, int payer_class);
  void AddPledge(const PledgeFacts& pledge);
  void AddBatch(const BatchFacts& batch);
  void AddContribution(int64_t contribution_id, int64_t amount);
  void AddAllocation(int64_t allocation_id);
  void AddCard(int64_t worker_id, const std::string& number);
  void AddDeath(int64_t worker_id, int day);
  // Changes the pledge, which must be known.
  void Change(int64_t pledge_id, absl::FunctionRef<void(PledgeFacts&)> change);
  void Journal(Acknowledged entry);
  // An answer that no fault explains, e.g. INTERNAL, or none within the time.
  void Fail(const std::string& text);

  // ---- Picking, at random; nullopt or 0 if there is none ----
  std::optional<PledgeFacts> PickPledge(Random& random,
                                        absl::FunctionRef<bool(const PledgeFacts&)> fits) const;
  int64_t PickAgency(Random& random) const;
  // Of one of these payer classes.
  struct Sponsor {
    int64_t sponsor_id = 0;
    int payer_class = 0;
  };
  std::optional<Sponsor> PickSponsor(Random& random, bool budget) const;
  // A worker of an approved batch; of this one unless batch_id is 0.
  int64_t PickWorker(Random& random, int64_t batch_id = 0) const;
  // One of the newest approved batches.
  int64_t PickApproved(Random& random) const;
  // Takes a batch whose next step is nobody's yet; the caller puts it back.
  std::optional<BatchFacts> TakeBatch();
  void PutBatch(const BatchFacts& batch);
  size_t open_batches() const;
  size_t approved_workers() const;
  int NextCandidates(int rows) { return candidates_.fetch_add(rows); }

  // ---- For the audit, while nobody writes ----
  std::map<int64_t, PledgeFacts> pledges() const;
  std::map<int64_t, int64_t> contributions() const;  // amount by id
  std::vector<int64_t> sponsors() const;
  std::vector<int64_t> agencies() const;
  std::map<int64_t, int> deaths() const;
  std::map<int64_t, std::string> cards() const;
  // Entries and allocations since the last call of these.
  std::vector<Acknowledged> TakeJournal();
  std::vector<int64_t> TakeAllocations();
  std::string failure() const;  // the first one

  std::atomic<int64_t> acknowledged{0};  // mutations
  std::atomic<int64_t> refused{0};       // mutations answered with an error of ours
  std::atomic<int64_t> asked_again{0};   // answers that were unknown, each time
  std::atomic<int64_t> checks{0};        // eligibility checks answered
  std::atomic<int64_t> failures{0};      // calls of Fail

 private:
  mutable std::mutex mutex_;
  std::vector<int64_t> agencies_;
  std::vector<Sponsor> sponsors_;
  std::map<int64_t, PledgeFacts> pledges_;
  std::map<int64_t, int64_t> contributions_;
  std::vector<int64_t> new_allocations_;
  std::map<int64_t, std::string> cards_;
  std::map<int64_t, int> deaths_;
  std::vector<BatchFacts> open_;
  std::vector<BatchFacts> approved_;
  std::vector<Acknowledged> journal_;
  std::string failure_;
  std::atomic<int> candidates_{0};
};

}  // namespace lingkaran::kill
