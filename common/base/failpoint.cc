#include "common/base/failpoint.h"

#include <signal.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/mutex.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

struct Armed {
  Mutex mutex;
  std::string place ABSL_GUARDED_BY(mutex);
  int passes_left ABSL_GUARDED_BY(mutex) = 0;
  std::function<void(const std::string&)> hook ABSL_GUARDED_BY(mutex);
};

Armed& State() {
  static Armed& state = *new Armed();
  return state;
}

void Refresh(const Armed& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state.mutex) {
  failpoint_internal::armed.store(!state.place.empty() || state.hook != nullptr);
}

}  // namespace

namespace failpoint_internal {

std::atomic<bool> armed{false};

void Pass(std::string_view part, std::string_view what, std::string_view stage) {
  what.remove_prefix(what.rfind('/') + 1);  // npos + 1 is 0
  const std::string place = absl::StrCat(AbslView(part), "/", AbslView(what), "/", AbslView(stage));
  Armed& state = State();
  std::function<void(const std::string&)> hook;
  {
    MutexLock lock(state.mutex);
    if (place == state.place && --state.passes_left == 0) raise(SIGKILL);
    hook = state.hook;
  }
  if (hook) hook(place);
}

}  // namespace failpoint_internal

absl::Status ArmFailPoint(std::string_view spec) {
  const std::vector<std::string> parts = absl::StrSplit(AbslView(spec), '=');
  int passes = 1;
  if (parts.size() > 2 ||
      (parts.size() == 2 && (!absl::SimpleAtoi(parts[1], &passes) || passes < 1))) {
    return absl::InvalidArgumentError(absl::StrCat("fail point \"", AbslView(spec),
                                                   "\": write <place> or <place>=<n>, n from 1"));
  }
  Armed& state = State();
  MutexLock lock(state.mutex);
  state.place = parts[0];
  state.passes_left = passes;
  Refresh(state);
  return absl::OkStatus();
}

void SetFailPointHook(std::function<void(const std::string&)> hook) {
  Armed& state = State();
  MutexLock lock(state.mutex);
  state.hook = std::move(hook);
  Refresh(state);
}

}  // namespace lingkaran
