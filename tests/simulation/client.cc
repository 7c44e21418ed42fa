#include "tests/simulation/client.h"

namespace lingkaran::simulation {

void Client::SendList(const std::vector<registry::v1::SubmitCandidatesRequest>& chunks,
                      std::function<void(const std::vector<registry::v1::RowResult>&)> done) {
  auto attempt = std::make_shared<std::function<void(int)>>();
  ++open_;
  *attempt = [=, this](int tries) {
    std::vector<registry::v1::SubmitCandidatesResponse> answers;
    const absl::Status status = FromGrpc(network_.Submit(kBudi, chunks, &answers));
    if (status.ok() && answers.size() == chunks.size()) {
      std::vector<registry::v1::RowResult> rows;
      for (const registry::v1::SubmitCandidatesResponse& answer : answers) {
        rows.insert(rows.end(), answer.results().begin(), answer.results().end());
      }
      Close(attempt);
      done(rows);
    } else if (!IsOpen(status)) {
      world_.Violation(absl::StrCat("a list is refused: ", status.ToString()));
      Close(attempt);
    } else {
      world_.After(Wait(tries), [attempt, tries] { (*attempt)(tries + 1); });
    }
  };
  world_.After(absl::ZeroDuration(), [attempt] { (*attempt)(1); });
}

}  // namespace lingkaran::simulation
