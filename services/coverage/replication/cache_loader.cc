#include "services/coverage/replication/cache_loader.h"

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/log.h"
#include "common/concurrency/thread_priority.h"
#include "common/crypto/personal_data_vault.h"
#include "services/coverage/record/member_record.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

constexpr size_t kPortion = 4'096;    // rows that go in together
constexpr int kMendedAtOnce = 5'000;  // members in one transaction

absl::Status Stopped() { return absl::CancelledError("not wanted any more"); }

// nullopt if the row is no record, or one that no entry holds.
std::optional<MemberEntry> EntryOf(std::string_view row) {
  const absl::StatusOr<std::string> packed = FromBase64Url(row);
  if (!packed.ok()) return std::nullopt;
  if (const std::optional<CodedRecord> coded = UnpackCoded(*packed)) return MemberEntry::Of(*coded);
  const std::optional<MemberRecord> record = Unpack(*packed);
  return record ? MemberEntry::Of(*record) : std::nullopt;
}

}  // namespace

absl::Status LoadAll(sql::Database& database, NearCache& near, absl::FunctionRef<bool()> goes_on) {
  bool all_read = true;
  const absl::Status status = database.Read([&](sql::Tx& tx) -> absl::Status {
    tx.LiftLimits();
    all_read = true;
    near.BeginLoad();  // before the snapshot: that is as new as the cache, or newer
    const int64_t position = store::Position(tx);
    // Reading and unpacking cost as much as putting in: a thread for each.
    std::future<void> loading;
    std::vector<MemberEntry> portion;
    const auto load = [&] {
      if (loading.valid()) loading.get();
      loading =
          std::async(std::launch::async, [&near, position, rows = std::exchange(portion, {})] {
            GiveWay();
            near.Load(rows, position);
          });
    };
    const bool read = store::StreamRecords(tx, [&](std::string_view row) {
      if (const std::optional<MemberEntry> entry = EntryOf(row)) {
        portion.push_back(*entry);
      } else {
        all_read = false;
      }
      if (portion.size() < kPortion) return true;
      load();
      return goes_on();
    });
    if (!read) return Stopped();
    load();
    loading.get();
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(status);
  if (all_read) near.FinishLoad();
  if (!near.complete()) {
    // Somebody is left out: there is no room, or a newer release wrote the record.
    Log(Severity::kWarning, "warm_start_incomplete",
        {{"members", static_cast<int64_t>(near.size())}});
  }
  return absl::OkStatus();
}

namespace {

// Where the mending begins: the log's own row says from which position on it must have no hole.
absl::Status BeginMending(sql::Database& database, std::optional<int64_t>& begun) {
  return database.Write([&](sql::Tx& tx) {
    begun.reset();
    if (store::ReadLogHead(tx).whole()) return absl::OkStatus();
    begun = store::NextPosition(tx);
    store::RecordChange(tx, *begun, /*now_ms=*/0, {});
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status MendAll(sql::Database& database, absl::FunctionRef<bool()> goes_on) {
  while (goes_on()) {
    std::optional<int64_t> begun;
    RETURN_IF_ERROR(BeginMending(database, begun));
    if (!begun) return absl::OkStatus();
    Log(Severity::kWarning, "records_mending", {{"position", *begun}});
    int64_t after = 0;
    bool ended = false, whole = false;
    while (!ended) {
      if (!goes_on()) return Stopped();
      int64_t last = 0;
      RETURN_IF_ERROR(database.Write([&](sql::Tx& tx) {
        last = store::MendRecords(tx, store::NextPosition(tx), after, kMendedAtOnce);
        ended = last == after;
        whole = ended && store::FinishMending(tx, *begun);
        return absl::OkStatus();
      }));
      after = last;
    }
    if (whole) return absl::OkStatus();
  }
  return Stopped();
}

}  // namespace lingkaran::coverage
