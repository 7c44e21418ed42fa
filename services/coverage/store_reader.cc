#include "services/coverage/store_reader.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "services/coverage/store.h"

namespace lingkaran::coverage {
namespace {

absl::Status CheckPosition(int64_t seen, const Freshness& fresh) {
  if (seen >= fresh.position) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, Reason::kTokenNotYetApplied,
               "the change that the token names has not arrived here yet; ask again in a moment");
}

class StoreReader final : public Reader {
 public:
  explicit StoreReader(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<Identity>> FindIdentities(absl::Span<const std::string> keys,
                                                       const Freshness& fresh) override {
    store::IdentityRows rows;
    RETURN_IF_ERROR(database_.Read([&](sql::Tx& tx) {
      rows = store::FindIdentities(tx, keys);
      return absl::OkStatus();
    }));
    RETURN_IF_ERROR(CheckPosition(rows.position, fresh));
    absl::flat_hash_map<std::string, const Identity*> by_key;
    for (const Identity& row : rows.identities) by_key.emplace(row.key, &row);
    std::vector<Identity> out;
    out.reserve(keys.size());
    for (const std::string& key : keys) {
      const auto found = by_key.find(key);
      out.push_back(found == by_key.end() ? Identity{key, 0, 0, rows.position} : *found->second);
    }
    return out;
  }

  absl::StatusOr<std::vector<FactsPtr>> FindFacts(absl::Span<const int64_t> worker_ids,
                                                  const Freshness& fresh) override {
    store::FactRows rows;
    RETURN_IF_ERROR(database_.Read([&](sql::Tx& tx) {
      rows = store::FindFacts(tx, worker_ids);
      return absl::OkStatus();
    }));
    RETURN_IF_ERROR(CheckPosition(rows.position, fresh));
    absl::flat_hash_map<int64_t, FactsPtr> by_id;
    for (Facts& row : rows.facts) {
      by_id.emplace(row.worker_id, std::make_shared<const Facts>(std::move(row)));
    }
    std::vector<FactsPtr> out;
    out.reserve(worker_ids.size());
    for (int64_t id : worker_ids) {
      const auto found = by_id.find(id);
      out.push_back(found == by_id.end() ? Nobody(id, rows.position) : found->second);
    }
    return out;
  }

  void Learn(absl::Span<const Identity>, absl::Span<const FactsPtr>) override {}

 private:
  static FactsPtr Nobody(int64_t worker_id, int64_t position) {
    Facts facts;
    facts.worker_id = worker_id;
    facts.position = position;
    return std::make_shared<const Facts>(std::move(facts));
  }

  sql::Database& database_;
};

}  // namespace

std::string NikKey(std::string_view nik_hash) {
  return absl::StrCat("l1:n:", std::string(nik_hash));
}
std::string NumberKey(std::string_view number) {
  return absl::StrCat("l1:m:", std::string(number));
}
std::string CoverKey(int64_t worker_id) { return absl::StrCat("l1:c:", worker_id); }

std::unique_ptr<Reader> MakeStoreReader(sql::Database& database) {
  return std::make_unique<StoreReader>(database);
}

}  // namespace lingkaran::coverage
