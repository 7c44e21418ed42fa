// What the clients of one deployment know: all that was acknowledged to them, which must be there
// exactly once whatever broke meanwhile, and what they choose from for their next calls.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"
#include "tests/workload/chance.h"

namespace lingkaran::workload {

// What a request left behind.
struct Effect {
  bool acknowledged = false;  // else uncertain: it is there once or not at all
  int64_t id = 0;             // of what it made
  int64_t amount = 0;
};
// By a text that is in the request and in the store: names, decrees, seeds, bank references.
using Effects = std::map<std::string, Effect>;

struct PledgeFacts {
  int64_t pledge_id = 0;
  std::string payment_code;
  int64_t invoice = 0;
  int64_t received = 0;  // sum of what acknowledged payments put to the invoice
  int64_t credit = 0;    // and of what they put to credit
  int64_t refunded = 0;  // sum of acknowledged refunds
  bool cancelled = false;
  bool uncertain = false;  // an uncertain request may have changed the above

  bool HasMoney() const { return !cancelled && received > refunded; }
};

struct Death {
  int32_t day = 0;
  std::string token;
};

struct Facts {
  Effects agencies;
  Effects batches;
  Effects sponsors;
  Effects pledges;  // by the highest income that the criteria allow
  Effects payments;
  Effects refunds;
  Effects contributions;
  Effects allocations;                                // by seed
  std::set<int64_t> named;                            // allocations to named workers
  std::set<int64_t> accepted;                         // workers of acknowledged rows
  std::map<int64_t, Death> deaths;                    // by worker
  std::set<int64_t> withdrawn;                        // workers
  std::map<int64_t, int64_t> versions;                // by worker, the latest that was acknowledged
  std::map<int64_t, std::string> members;             // acknowledged membership numbers
  std::map<int64_t, PledgeFacts> money;               // by pledge
  std::set<std::pair<int64_t, int64_t>> corrections;  // worker and version

  // What clients choose from.
  std::vector<int64_t> agency_ids;
  std::vector<int64_t> workers;   // of approved lists
  std::vector<int64_t> approved;  // lists
  std::vector<sponsorship::v1::Sponsor> payers;
  std::vector<sponsorship::v1::RecordPaymentRequest> recorded;  // acknowledged payments
  std::map<int64_t, std::vector<int64_t>> holders;              // of a pledge's seats, once
  int names = 0;
  int people = 0;  // on all lists

  // One that fits, at random.
  std::optional<PledgeFacts> AnyPledge(Chance& chance,
                                       absl::FunctionRef<bool(const PledgeFacts&)> fits) const;
};

// For several threads.
class Ledger {
 public:
  // Holds the lock as long as it lives.
  class Locked {
   public:
    Locked(std::mutex& mutex, Facts& facts) : lock_(mutex), facts_(facts) {}
    Facts* operator->() { return &facts_; }
    Facts& operator*() { return facts_; }

   private:
    const std::lock_guard<std::mutex> lock_;
    Facts& facts_;
  };
  Locked Lock() { return {mutex_, facts_}; }
  // While nobody writes.
  const Facts& facts() const { return facts_; }

 private:
  std::mutex mutex_;
  Facts facts_;
};

}  // namespace lingkaran::workload
