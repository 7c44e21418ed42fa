// One step of the chain that fills seats: what stands in an outbox row's body. Pure.
//
// Money that is reserved for a chunk and the slots of that chunk are written in one transaction, so
// the reserved balance of a pledge always equals the price of the steps that wait and of the lines
// of replacements that wait for a newcomer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/sponsorship/domain/seat_planner.h"

namespace lingkaran::sponsorship {

// A chunk on its way.
struct WorkItem {
  int64_t owner_id = 0;  // allocation or replacement
  int number = 0;        // counts the chunks of the owner, from 1
  std::string token;     // consistency token of the enrolment; empty before
  std::vector<Slot> slots;
};

// As text: "<owner> <number> <token or ->" and a line for each slot
// "<seat> <worker> <from> <to> <first day> <d: disabled, h: held, or ->".
std::string WorkItemToText(const WorkItem& step);
// DATA_LOSS for anything else.
absl::StatusOr<WorkItem> WorkItemFromText(std::string_view text);

}  // namespace lingkaran::sponsorship
