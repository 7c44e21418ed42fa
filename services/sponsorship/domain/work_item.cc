#include "services/sponsorship/domain/work_item.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace lingkaran::sponsorship {
namespace {

absl::Status Unreadable() { return absl::DataLossError("a step of the outbox can't be read"); }

}  // namespace

std::string WorkItemToText(const WorkItem& step) {
  std::string text =
      absl::StrCat(step.owner_id, " ", step.number, " ", step.token.empty() ? "-" : step.token);
  text.reserve(text.size() + step.slots.size() * 40);
  for (const Slot& slot : step.slots) {
    const char* flags = slot.held ? (slot.disabled ? "dh" : "h") : (slot.disabled ? "d" : "-");
    absl::StrAppend(&text, "\n", slot.seat_number, " ", slot.worker_id, " ");
    absl::StrAppend(&text, slot.from, " ", slot.to, " ", slot.first_day, " ", flags);
  }
  return text;
}

absl::StatusOr<WorkItem> WorkItemFromText(std::string_view text) {
  WorkItem step;
  bool head = true;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
    if (head) {
      if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &step.owner_id) ||
          !absl::SimpleAtoi(parts[1], &step.number)) {
        return Unreadable();
      }
      if (parts[2] != "-") step.token = std::string(parts[2]);
      head = false;
      continue;
    }
    Slot slot;
    if (parts.size() != 6 || !absl::SimpleAtoi(parts[0], &slot.seat_number) ||
        !absl::SimpleAtoi(parts[1], &slot.worker_id) || !absl::SimpleAtoi(parts[2], &slot.from) ||
        !absl::SimpleAtoi(parts[3], &slot.to) || !absl::SimpleAtoi(parts[4], &slot.first_day)) {
      return Unreadable();
    }
    slot.disabled = parts[5].find('d') != absl::string_view::npos;
    slot.held = parts[5].find('h') != absl::string_view::npos;
    step.slots.push_back(slot);
  }
  return step;
}

}  // namespace lingkaran::sponsorship
