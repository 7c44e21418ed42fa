#include "services/coverage/lookup/store_reader.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/error.h"
#include "common/base/metrics.h"
#include "services/coverage/store/change_log.h"

namespace lingkaran::coverage {
namespace {

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
    if (rows.position < fresh.position) return TokenNotYetApplied();
    absl::flat_hash_map<PersonKey, const MemberRecord*> by_key;
    for (const MemberRecord& record : rows.records) {
      for (PersonKey& key : record.Keys()) by_key.emplace(std::move(key), &record);
    }
    MemberRecord nobody;
    nobody.facts.position = rows.position;
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
