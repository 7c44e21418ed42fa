// Work items as the bodies of outbox rows: lingkaran.internal.v1.WorkItem, serialized.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/sponsorship/domain/allocation.h"

namespace lingkaran::sponsorship {

std::string WriteWorkItem(const WorkItem& item);
// Also from the text of release 0.1: "<owner> <number> <token or ->" and a line for each slot
// "<seat> <worker> <from> <to> <first day> <d: disabled, h: held, or ->". DATA_LOSS for anything
// else.
absl::StatusOr<WorkItem> ReadWorkItem(std::string_view body);

}  // namespace lingkaran::sponsorship
