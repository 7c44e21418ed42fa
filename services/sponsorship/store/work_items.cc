#include "services/sponsorship/store/work_items.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/string_views.h"
#include "lingkaran/internal/v1/work_item.pb.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

absl::StatusOr<WorkItem> ReadText(std::string_view text) {
  WorkItem item;
  bool head = true;
  for (absl::string_view line : absl::StrSplit(AbslView(text), '\n')) {
    std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
    if (head) {
      if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &item.owner_id) ||
          !absl::SimpleAtoi(parts[1], &item.number)) {
        return WorkItemDamaged();
      }
      if (parts[2] != "-") item.token = std::string(parts[2]);
      head = false;
      continue;
    }
    Slot slot;
    if (parts.size() != 6 || !absl::SimpleAtoi(parts[0], &slot.seat_number) ||
        !absl::SimpleAtoi(parts[1], &slot.worker_id) || !absl::SimpleAtoi(parts[2], &slot.from) ||
        !absl::SimpleAtoi(parts[3], &slot.to) || !absl::SimpleAtoi(parts[4], &slot.first_day)) {
      return WorkItemDamaged();
    }
    slot.disabled = parts[5].find('d') != absl::string_view::npos;
    slot.held = parts[5].find('h') != absl::string_view::npos;
    item.slots.push_back(slot);
  }
  return item;
}

}  // namespace

std::string WriteWorkItem(const WorkItem& item) {
  std::string text =
      absl::StrCat(item.owner_id, " ", item.number, " ", item.token.empty() ? "-" : item.token);
  text.reserve(text.size() + item.slots.size() * 40);
  for (const Slot& slot : item.slots) {
    const char* const flags = slot.held ? (slot.disabled ? "dh" : "h") : slot.disabled ? "d" : "-";
    absl::StrAppend(&text, "\n", slot.seat_number, " ", slot.worker_id, " ");
    absl::StrAppend(&text, slot.from, " ", slot.to, " ", slot.first_day, " ", flags);
  }
  return text;
}

absl::StatusOr<WorkItem> ReadWorkItem(std::string_view body) {
  if (!body.empty() && body[0] >= '0' && body[0] <= '9') return ReadText(body);
  internal::v1::WorkItem kept;
  if (!kept.ParseFromArray(body.data(), static_cast<int>(body.size())) || kept.owner_id() <= 0) {
    return WorkItemDamaged();
  }
  WorkItem item{.owner_id = kept.owner_id(), .number = kept.number(), .token = kept.token()};
  for (const internal::v1::SeatSlot& slot : kept.slots()) {
    item.slots.push_back({.seat_number = slot.seat_number(),
                          .worker_id = slot.worker_id(),
                          .disabled = slot.disabled(),
                          .held = slot.held(),
                          .from = slot.from_index(),
                          .to = slot.to_index(),
                          .first_day = slot.first_day()});
  }
  return item;
}

}  // namespace lingkaran::sponsorship
