// The part of sponsorship that fills seats, alone on a database: no server, and no relay: what is
// owed stays in the outbox until Deliver.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/sponsorship/api/named_allocation_batcher.h"
#include "services/sponsorship/workflow/replacement_workflow.h"

namespace lingkaran {

class SponsorshipHost {
 public:
  using Bounds = sponsorship::NamedAllocationBatcher::Groups::Bounds;
  static constexpr int64_t kSeatPrice = 16'800;  // one month of JKK and JKM

  // On a migrated database; it and the peers outlive the host. Without peers nothing can be
  // delivered. Throws std::runtime_error if the rules are faulty.
  explicit SponsorshipHost(sql::Database& database, sponsorship::PeerCalls* peers = nullptr,
                           Bounds bounds = {});
  ~SponsorshipHost();

  // A new pledge of a new sponsor; `paid` of its money is there.
  int64_t MakePledge(int seats, Rupiah paid);
  int64_t PaidPledge(int seats, int paid_seats) {
    return MakePledge(seats, Rupiah(kSeatPrice) * paid_seats);
  }
  // AllocatePledge for named workers as its handler calls it.
  absl::StatusOr<sponsorship::v1::AllocatePledgeResponse> Allocate(
      int64_t pledge_id, const std::vector<int64_t>& workers, const std::string& request_id,
      absl::Time deadline = absl::InfiniteFuture());
  // Starts a draw; gives the allocation.
  absl::StatusOr<int64_t> Draw(int64_t pledge_id, const std::string& seed);
  // Starts to give the seats of these workers to others; gives the replacement.
  absl::StatusOr<int64_t> Replace(int64_t pledge_id, const std::vector<int64_t>& workers);

  // Delivers what is due, row by row, at most so often. What fails is due again later.
  void Deliver(int most = 1'000);
  // The time that the outbox goes by, later by so much.
  void WaitOut(absl::Duration time) { machine_.Advance(time); }

  sponsorship::PledgeRow Pledge(int64_t pledge_id);
  sponsorship::AllocationRow Allocation(int64_t allocation_id);
  std::vector<sponsorship::RefusalRow> Refusals(int64_t allocation_id);
  // How many callers wait for the next group.
  size_t InLine(int64_t pledge_id);
  // 7 November 2019, 09:00 WIB at first.
  ManualClock& clock() { return clock_; }

 private:
  struct Parts;
  sql::Database& database_;
  ManualClock clock_;
  ManualClock machine_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace lingkaran
