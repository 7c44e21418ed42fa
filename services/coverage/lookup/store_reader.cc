#include "services/coverage/lookup/store_reader.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "common/base/metrics.h"
#include "services/coverage/store/change_log.h"

namespace lingkaran::coverage {
namespace {

absl::Status CheckPosition(int64_t seen, const Freshness& fresh) {
  if (seen >= fresh.position) return absl::OkStatus();
  return TokenNotYetApplied();
}

using ByKey = absl::flat_hash_map<PersonKey, const MemberRecord*>;

ByKey Indexed(absl::Span<const MemberRecord> records) {
  ByKey out;
  out.reserve(3 * records.size());
  for (const MemberRecord& record : records) {
    out.emplace(PersonKey::OfWorker(record.facts.worker_id), &record);
    out.emplace(PersonKey::OfNik(record.nik_hash), &record);
    if (!record.membership_number.empty()) {
      out.emplace(PersonKey::OfNumber(record.membership_number), &record);
    }
  }
  return out;
}

class StoreReader final : public Reader {
 public:
  explicit StoreReader(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<MemberRecord>> Find(absl::Span<const PersonKey> keys,
                                                 const Freshness& fresh) override {
    store::RecordRows rows;
    CountEvent("check_statement");
    RETURN_IF_ERROR(database_.Read([&](sql::Tx& tx) {
      rows = store::FindRecords(tx, keys);
      return absl::OkStatus();
    }));
    RETURN_IF_ERROR(CheckPosition(rows.position, fresh));
    MemberRecord nobody;
    nobody.facts.position = rows.position;
    const ByKey by_key = Indexed(rows.records);
    std::vector<MemberRecord> out;
    out.reserve(keys.size());
    for (const PersonKey& key : keys) {
      const auto found = by_key.find(key);
      out.push_back(found == by_key.end() ? nobody : *found->second);
    }
    return out;
  }

 private:
  sql::Database& database_;
};

}  // namespace

std::unique_ptr<Reader> MakeStoreReader(sql::Database& database) {
  return std::make_unique<StoreReader>(database);
}

}  // namespace lingkaran::coverage
