// Sends a list to the registry: creates its batch, streams the rows, gathers the results.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/lists/list_reader.h"
#include "services/cli/session/connection.h"

namespace lingkaran::cli {

// What to send for whom.
struct SubmitOptions {
  std::string file;
  int64_t batch_id = 0;  // a batch that was begun; 0 makes a new one
  registry::v1::CreateBatchRequest batch;
  std::string rejects;  // file for the rows that were not taken; empty for none
};

// How often something was found.
struct FindingCount {
  int rows = 0;
  registry::v1::Severity severity = registry::v1::SEVERITY_UNSPECIFIED;
};

// What the registry said to the list.
struct SubmitOutcome {
  registry::v1::GetBatchResponse batch;  // with totals after the last chunk
  std::vector<RejectedRow> rejected;     // by row
  std::map<registry::v1::FindingCode, FindingCount> findings;
};

// Reads the file, makes or checks the batch, submits, and writes the rejects file.
absl::StatusOr<SubmitOutcome> SubmitFile(Session& session, SubmitOptions& options);

}  // namespace lingkaran::cli
