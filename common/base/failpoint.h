// Fail points: named places at which a process can be made to die, so that tests can show that
// nothing is lost or doubled when it does. Unarmed they cost one relaxed load.
//
// A place is called "<part>/<what>/<stage>". The parts and stages:
//   rpc/<Method>/begin       the call is admitted, nothing is done
//   rpc/<Method>/claimed     in the transaction: the request_id is taken, the body comes next
//   rpc/<Method>/booked      in the transaction: body and reply are written, not committed
//   rpc/<Method>/committed   the transaction stands, the effects after it are not made
//   rpc/<Method>/answered    all is done, the caller has not heard of it
//   outbox/<kind>/taken      the row is leased
//   outbox/<kind>/called     the peer has answered, nothing is recorded
//   outbox/<kind>/settled    in the transaction: the outcome is written, not committed
//   outbox/<kind>/committed  the outcome stands
// A service dies at one of them when LINGKARAN_FAILPOINT is "<place>" or "<place>=<n>" (at the n-th
// passage) at its start. Only tests set it.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lingkaran {

namespace failpoint_internal {
extern std::atomic<bool> armed;
void Pass(std::string_view part, std::string_view what, std::string_view stage);
}  // namespace failpoint_internal

// This place is passed. `what` may be a full RPC name: only what follows the last '/' counts.
inline void FailPoint(std::string_view part, std::string_view what, std::string_view stage) {
  if (failpoint_internal::armed.load(std::memory_order_relaxed)) [[unlikely]] {
    failpoint_internal::Pass(part, what, stage);
  }
}

// Arms one place, written as LINGKARAN_FAILPOINT is: the process kills itself there as kill -9
// would. Empty arms none. INVALID_ARGUMENT if the text can't be read.
absl::Status ArmFailPoint(std::string_view spec);

// Called with the name of each place that is passed, in place of dying; null for none. For tests in
// one process: may throw what is no std::exception, to leave everything as a crash would.
void SetFailPointHook(std::function<void(const std::string&)> hook);

}  // namespace lingkaran
