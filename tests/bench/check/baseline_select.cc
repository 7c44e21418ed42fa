#include <vector>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/baseline.h"
#include "tests/bench/check/pool.h"
#include "tests/bench/check/sqlite.h"

namespace lingkaran::bench {
namespace {

constexpr char kSelect[] =
    "SELECT l.position, m.worker_id, m.utc_offset, m.death_day, m.withdraw_day, p.programme, "
    "p.month, p.first_day, p.last_day FROM members m CROSS JOIN log_position l "
    "LEFT JOIN person_months p ON p.worker_id = m.worker_id AND p.revoked_position = 0 "
    "WHERE m.nik_hash = ?1 ORDER BY p.programme, p.month";

std::optional<Day> ToOptionalDay(int64_t number) {
  if (number == 0) return std::nullopt;
  return *DayFromNumber(static_cast<int32_t>(number));
}

// A connection and its statement.
class Asker {
 public:
  explicit Asker(const std::string& path)
      : db_(path, /*read_only=*/true), select_(Set(), kSelect) {}

  coverage::Facts Find(std::string_view nik_hash) {
    coverage::Facts facts;
    std::vector<coverage::PersonMonth> months;
    for (select_.Bind(1, nik_hash); select_.Step();) {
      if (!facts.known) ReadPerson(facts);
      if (!select_.IsNull(5)) months.push_back(ReadMonth());
    }
    select_.Reset();
    facts.runs = coverage::ToRuns(months);
    return facts;
  }

 private:
  // Pages of the file are read where they lie, without a call of the system for each.
  sqlite3* Set() {
    db_.Run("PRAGMA mmap_size=1073741824");
    return db_.get();
  }

  void ReadPerson(coverage::Facts& facts) const {
    facts.known = true;
    facts.position = select_.Int(0);
    facts.worker_id = select_.Int(1);
    facts.utc_offset_hours = static_cast<int>(select_.Int(2));
    facts.death_day = ToOptionalDay(select_.Int(3));
    facts.withdraw_day = ToOptionalDay(select_.Int(4));
  }

  coverage::PersonMonth ReadMonth() const {
    coverage::PersonMonth month;
    month.programme = static_cast<Programme>(select_.Int(5));
    month.month = *MonthFromNumber(static_cast<int32_t>(select_.Int(6)));
    month.first_day = *DayFromNumber(static_cast<int32_t>(select_.Int(7)));
    month.last_day = *DayFromNumber(static_cast<int32_t>(select_.Int(8)));
    return month;
  }

  Sqlite db_;
  Statement select_;
};

class Select final : public coverage::v1::CoverageService::Service {
 public:
  Select(const BaselineParts& parts, const std::string& database)
      : parts_(parts), askers_([database] { return std::make_unique<Asker>(database); }) {}

  grpc::Status CheckEligibility(grpc::ServerContext*,
                                const coverage::v1::CheckEligibilityRequest* request,
                                coverage::v1::CheckEligibilityResponse* response) override {
    const NikHash hash = parts_.sealer.HashNik(request->person().nik());
    Pool<Asker>::Lease asker(askers_);
    FillResponse(parts_, asker->Find(HashText(hash)), response);
    return grpc::Status::OK;
  }

 private:
  const BaselineParts parts_;
  Pool<Asker> askers_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSelect(const BaselineParts& parts, const std::string& database) {
  return std::make_unique<Select>(parts, database);
}

}  // namespace lingkaran::bench
