// Work items as the bodies of outbox rows. During an upgrade a row may be delivered by a process of
// either release, so this one reads the text of release 0.1 and lingkaran.internal.v1.WorkItem, and
// writes the text. The next release writes the message, and the one after it need not read the
// text.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/sponsorship/domain/allocation.h"

namespace lingkaran::sponsorship {

// As text: "<owner> <number> <token or ->" and a line for each slot
// "<seat> <worker> <from> <to> <first day> <d: disabled, h: held, or ->".
std::string WriteWorkItem(const WorkItem& item);
// From either form; DATA_LOSS for anything else.
absl::StatusOr<WorkItem> ReadWorkItem(std::string_view body);

}  // namespace lingkaran::sponsorship
