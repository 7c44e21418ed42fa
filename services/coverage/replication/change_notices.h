// What replicas tell each other of the change log, and the order in which the near cache takes it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// The changes in (from, to] and the people they left, as of `to`.
struct ChangeNotice {
  int64_t from = 0;
  int64_t to = 0;
  std::vector<MemberRecord> changed;
};

// To and from a message on the line (proto lingkaran/internal/v1 ChangeNotice). People that take
// more than about 4 MB are left out: SQL knows them. Decode gives nullopt for what is no notice or
// lacks people, for one of another database, or of `own_sender`, which has applied it already.
std::string EncodeNotice(const ChangeNotice& notice, int64_t epoch, uint64_t sender);
std::optional<ChangeNotice> DecodeNotice(std::string_view message, int64_t epoch,
                                         uint64_t own_sender);

// Holds notices that came too early until those before them have come. Bounded: what is too much is
// forgotten, and comes from SQL.
class ChangeNotices {
 public:
  explicit ChangeNotices(NearCache& near) : near_(near) {}

  void Add(ChangeNotice notice);
  // Gives the near cache all that follow its position without a gap.
  void Apply();
  // Positions begin anew.
  void Forget();

 private:
  NearCache& near_;
  Mutex mutex_;
  std::map<int64_t, ChangeNotice> waiting_ ABSL_GUARDED_BY(mutex_);  // by `from`
  size_t people_ ABSL_GUARDED_BY(mutex_) = 0;                        // in waiting_
};

}  // namespace lingkaran::coverage
