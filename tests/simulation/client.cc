#include "tests/simulation/client.h"

#include <algorithm>
#include <memory>

#include "common/rpc/run_rpc.h"

namespace lingkaran::simulation {

void Client::Repeat(const std::function<bool()>& attempt, int tries) {
  if (tries == 0) ++open_;
  const absl::Duration wait =
      tries == 0 ? absl::ZeroDuration()
                 : absl::Milliseconds(world_.chance().Between(25, 50) << std::min(tries, 6));
  world_.After(wait, [this, attempt, tries] {
    if (attempt()) {
      Repeat(attempt, tries + 1);
    } else {
      --open_;
    }
  });
}

void Client::Ask(const workload::Rpc& rpc, const Done& done,
                 const std::function<void()>& uncertain) {
  Repeat([=, this] {
    const std::unique_ptr<workload::Message> response(rpc.blank->New());
    const absl::Status status =
        FromGrpc(network_.Carry({kClient, PlaceOf(workload::ServiceOf(rpc)), rpc}, response.get()));
    if (workload::IsOpen(status)) {
      if (world_.faults.calamity == 0 || !world_.chance().Percent(4)) return true;
      world_.Trace("client gives up " + rpc.method->name());
      ++given_up_;
      uncertain();
      return false;
    }
    ++decided_;
    if (!status.ok()) uncertain();  // a copy that comes later may still be taken
    done(status, *response);
    return false;
  });
}

void Client::Submit(const std::string& actor, const Chunks& chunks,
                    const std::function<void(const Answers&)>& done) {
  Repeat([=, this] {
    Answers answers;
    const absl::Status status = FromGrpc(network_.Submit(actor, chunks, &answers));
    if (workload::IsOpen(status)) return true;
    ++decided_;
    if (!status.ok() || answers.size() != chunks.size()) {
      Violation("a list is refused: " + status.ToString());
    } else {
      done(answers);
    }
    return false;
  });
}

}  // namespace lingkaran::simulation
