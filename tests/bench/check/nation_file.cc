#include "tests/bench/check/nation_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/date.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/sqlite.h"
#include "tests/support/process.h"

namespace lingkaran::bench {
namespace {

constexpr int64_t kChunk = 100'000;
constexpr int64_t kRecordMillis = 1'572'500'000'000;

constexpr char kInsertMember[] =
    "INSERT INTO members (worker_id, nik_hash, membership_number, region_code, utc_offset, sector, "
    "death_day, withdraw_day, until_day, version, position, record_time) "
    "VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, 1, ?9, ?10)";
constexpr char kInsertMonth[] =
    "INSERT INTO person_months (worker_id, programme, month, revoked_position, first_day, "
    "last_day, amount, wage_base, sector, payer_class, pledge_id, contribution_id, record_time, "
    "booked_position, revoke_time, revoke_reason) "
    "VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, 1, 1, ?8, 0, ?9, ?10, 0, '')";
constexpr char kInsertRecord[] =
    "INSERT INTO member_records (worker_id, position, record) VALUES (?1, ?2, ?3)";

// People with what takes time to work out, made while others are written.
struct Row {
  Citizen citizen;
  std::string nik_hash;
  std::string record;
};
using Chunk = std::vector<Row>;

Chunk MakeChunk(const PersonalDataVault& sealer, int64_t first, int64_t last) {
  Chunk chunk;
  chunk.reserve(last - first + 1);
  for (int64_t id = first; id <= last; ++id) {
    Row row;
    row.citizen = MakeCitizen(id);
    const coverage::MemberRecord record = RecordOf(row.citizen, sealer);
    row.nik_hash = HashText(record.nik_hash);
    row.record = Base64Url(coverage::Pack(record));
    chunk.push_back(std::move(row));
  }
  return chunk;
}

int64_t NumberOf(const std::optional<Day>& day) { return day ? DayNumber(*day) : 0; }

class Writer {
 public:
  explicit Writer(sqlite3* db)
      : member_(db, kInsertMember), month_(db, kInsertMonth), record_(db, kInsertRecord) {}

  void Write(const Chunk& chunk) {
    for (const Row& row : chunk) WriteMember(row);
    for (const Row& row : chunk) {
      for (const coverage::PersonMonth& month : row.citizen.months) WriteMonth(month);
    }
    for (const Row& row : chunk) {
      record_.Bind(1, row.citizen.worker_id).Bind(2, kNationPosition).Bind(3, row.record).Run();
    }
  }

 private:
  void WriteMember(const Row& row) {
    const Citizen& citizen = row.citizen;
    const Day until = FactsOf(citizen).UntilDay();
    member_.Bind(1, citizen.worker_id)
        .Bind(2, row.nik_hash)
        .Bind(3, citizen.membership_number)
        .Bind(4, citizen.region_code)
        .Bind(5, citizen.utc_offset_hours)
        .Bind(6, NumberOf(citizen.death_day))
        .Bind(7, NumberOf(citizen.withdraw_day))
        .Bind(8, until == (Day::max)() ? 99991231 : DayNumber(until))
        .Bind(9, kNationPosition)
        .Bind(10, kRecordMillis)
        .Run();
  }

  void WriteMonth(const coverage::PersonMonth& month) {
    month_.Bind(1, month.worker_id)
        .Bind(2, static_cast<int>(month.programme))
        .Bind(3, MonthNumber(month.month))
        .Bind(4, DayNumber(month.first_day))
        .Bind(5, DayNumber(month.last_day))
        .Bind(6, month.amount.amount())
        .Bind(7, month.wage_base.amount())
        .Bind(8, month.source.pledge_id)
        .Bind(9, kRecordMillis)
        .Bind(10, kNationPosition)
        .Run();
  }

  Statement member_, month_, record_;
};

// The service makes its tables in the file and ends.
void Migrate(const std::string& service, const std::string& path, const std::string& keys) {
  const TempDirectory directory;
  const std::string address = directory.path() + "/address";
  Process process(service,
                  {"--database", "sqlite:" + path, "--keys", keys, "--address-file", address,
                   "--clock", kNationClock, "--rules", LINGKARAN_SOURCE_DIR "/deploy/rules",
                   "--regions", LINGKARAN_SOURCE_DIR "/deploy/regions", "--log", "warning"},
                  directory.path() + "/log");
  process.WaitForAddress(address);
  process.Stop();
}

void WritePeople(Sqlite& db, int64_t members, const PersonalDataVault& sealer) {
  const auto start = std::chrono::steady_clock::now();
  Writer writer(db.get());
  const auto make = [&](int64_t first) {
    return std::async(std::launch::async, MakeChunk, std::cref(sealer), first,
                      std::min(first + kChunk - 1, members));
  };
  std::future<Chunk> next = make(1);
  for (int64_t first = 1; first <= members; first += kChunk) {
    const Chunk chunk = next.get();
    if (first + kChunk <= members) next = make(first + kChunk);
    writer.Write(chunk);
    if ((first - 1) / kChunk % 20 == 19) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::fprintf(stderr, "  %ld of %ld million people, %.0f s\n",
                   static_cast<long>((first + kChunk) / 1'000'000),
                   static_cast<long>(members / 1'000'000), took.count());
    }
  }
}

void Fill(const std::string& path, int64_t members, const PersonalDataVault& sealer) {
  Sqlite db(path);
  // Nobody reads it before it is done, and if it is not done it is made anew.
  db.Run("PRAGMA journal_mode=DELETE");
  db.Run("PRAGMA journal_mode=OFF");
  db.Run("PRAGMA synchronous=OFF");
  db.Run("PRAGMA locking_mode=EXCLUSIVE");
  // All of the index of hashes, which is written at random places.
  db.Run(absl::StrCat("PRAGMA cache_size=-", std::min<int64_t>(200'000 + members / 10, 5'000'000)));
  db.Run("BEGIN");
  WritePeople(db, members, sealer);
  db.Run(absl::StrCat("UPDATE log_position SET epoch = ", kNationEpoch,
                      ", position = ", kNationPosition, ", recorded = ", kNationPosition,
                      ", recorded_from = ", kNationPosition));
  db.Run("COMMIT");
}

void Settle(const std::string& path) {
  Sqlite(path).Run("PRAGMA journal_mode=WAL");
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  fsync(fd);
  close(fd);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string NationFile(const std::string& directory, int64_t members, const std::string& service,
                       const std::string& keys) {
  const std::string path = absl::StrCat(directory, "/nation-", members, ".db");
  const std::string made = path + ".made";
  const std::string empty = absl::StrCat(directory, "/empty.db");
  RemoveDatabase(empty);
  Migrate(service, empty, keys);
  const std::string wanted =
      absl::StrCat("version ", kNationVersion, "\n", Sqlite(empty).Text(kSchemaText), "\n");
  if (ReadAll(made) == wanted && std::filesystem::exists(path)) {
    RemoveDatabase(empty);
    return path;
  }
  std::fprintf(stderr, "a nation of %ld people is made in %s\n", static_cast<long>(members),
               path.c_str());
  RemoveDatabase(path);
  std::filesystem::remove(made);
  std::filesystem::rename(empty, path);
  const auto sealer = PersonalDataVault::FromFile(keys);
  Fill(path, members, **sealer);
  Settle(path);
  std::ofstream(made) << wanted;
  return path;
}

}  // namespace lingkaran::bench
