// The table of the whole nation: what a map would answer, in 64 bytes a person, read without locks.
#include "services/coverage/cache/member_table.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_format.h"
#include "services/coverage/cache/member_entry.h"
#include "tests/support/near_asking.h"

namespace lingkaran::coverage {
namespace {

using Look = MemberTable::Look;

Look LookFor(const MemberTable& table, const PersonKey& key) {
  Facts facts;
  return table.Find(key, facts);
}

Facts FindWorker(const MemberTable& table, int64_t id) {
  Facts facts;
  if (table.Find(PersonKey::OfWorker(id), facts) != Look::kFound) facts.known = false;
  return facts;
}

// The table as a map would be: people by id, keys belong to whoever got them last.
class Model {
 public:
  void Put(const MemberRecord& record) {
    for (auto& [id, other] : people_) {
      if (id == record.facts.worker_id) continue;
      if (other.nik_hash == record.nik_hash) other.nik_hash = NikHash{};
      if (other.membership_number == record.membership_number) other.membership_number.clear();
    }
    people_[record.facts.worker_id] = record;
  }
  void Erase(int64_t id) { people_.erase(id); }
  void Clear() { people_.clear(); }
  size_t size() const { return people_.size(); }
  const MemberRecord* Find(const PersonKey& key) const {
    if (key.kind == PersonKey::Kind::kWorker) {
      const auto found = people_.find(key.worker_id);
      return found == people_.end() ? nullptr : &found->second;
    }
    for (const auto& [id, record] : people_) {
      if (record.Has(key)) return &record;
    }
    return nullptr;
  }

 private:
  std::map<int64_t, MemberRecord> people_;
};

std::string NumberOf(int64_t n) {
  if (n % 8 == 0) return absl::StrFormat("JKK/%d", n);  // has no code
  return absl::StrFormat("%0*d", static_cast<int>(n % 16) + 1, n);
}

// Somebody with a worker id of their own and any keys of a small pool, so that keys meet.
MemberRecord AnybodyOf(int64_t pool) {
  MemberRecord record = AnyRecord(Any<int64_t>(1, pool + 1));
  record.nik_hash = NikOf(Any<int64_t>(1, pool + 1));
  const auto number = Any<int64_t>(0, pool + 1);
  record.membership_number = number == 0 ? "" : NumberOf(number);
  return record;
}

std::vector<PersonKey> KeysOf(int64_t pool) {
  std::vector<PersonKey> keys;
  for (int64_t n = 1; n <= pool; ++n) {
    keys.push_back(PersonKey::OfWorker(n));
    keys.push_back(PersonKey::OfNik(NikOf(n)));
    keys.push_back(PersonKey::OfNumber(NumberOf(n)));
  }
  return keys;
}

constexpr size_t kRoom = 64;

// People and their keys come, move and go; whoever finds no room is refused.
void ComeAndGo(int64_t pool, int most_steps) {
  MemberTable table(kRoom);
  Model model;
  for (int steps = Any(1, most_steps); steps > 0; --steps) {
    const int what = Any(0, 40);
    if (what == 0 && most_steps < 100) {
      table.Clear();
      model.Clear();
    } else if (what < 8) {
      const auto id = Any<int64_t>(1, pool + 1);
      table.Erase(id);
      model.Erase(id);
    } else {
      const MemberRecord record = AnybodyOf(pool);
      const bool fits =
          model.size() < kRoom || model.Find(PersonKey::OfWorker(record.facts.worker_id));
      RC_ASSERT(table.Put(record) == fits);
      if (fits) model.Put(record);
    }
    RC_ASSERT(table.size() == model.size());
  }
  for (const PersonKey& key : KeysOf(pool)) {
    const MemberRecord* truth = model.Find(key);
    Facts facts;
    const Look look = table.Find(key, facts);
    if (key.number.substr(0, 1) == "J") {
      RC_ASSERT(look == Look::kElsewhere);
    } else if (truth == nullptr) {
      RC_ASSERT(look == Look::kAbsent);
    } else if (look == Look::kFound) {
      RC_ASSERT(SameFacts(facts, truth->facts));
    } else {
      RC_ASSERT(look == Look::kElsewhere);
      MemberTable alone(1);
      alone.Put(*truth);
      RC_ASSERT(LookFor(alone, PersonKey::OfWorker(truth->facts.worker_id)) == Look::kElsewhere);
    }
  }
}

TEST(CoverageNearTable, AnswersAsAMapWould) {
  EXPECT_TRUE(rc::check("with room for all", [] { ComeAndGo(24, 60); }));
  EXPECT_TRUE(rc::check("with room for half", [] { ComeAndGo(120, 300); }));
}

TEST(CoverageNearTable, ErasedPlacesAreUsedAgain) {
  MemberTable table(64);
  for (int64_t id = 1; id <= 64; ++id) table.Put(Marked(id, 1));
  for (int64_t id = 1; id <= 32; ++id) table.Erase(id);
  EXPECT_EQ(table.size(), 32u);
  for (int64_t id = 101; id <= 132; ++id) EXPECT_TRUE(table.Put(Marked(id, 1)));
  EXPECT_FALSE(table.Put(Marked(133, 1)));
  EXPECT_EQ(table.size(), 64u);
  for (int64_t id = 33; id <= 64; ++id) EXPECT_TRUE(FindWorker(table, id).known);
}

TEST(CoverageNearTable, WhoDoesNotFitIsNeverTakenForNobody) {
  MemberTable table(64);
  MemberRecord odd = Marked(5, 9);
  odd.facts.runs[0].last_day = odd.facts.runs[0].last_day - 3;
  table.Put(odd);
  EXPECT_EQ(LookFor(table, PersonKey::OfWorker(5)), Look::kElsewhere);
  EXPECT_EQ(LookFor(table, PersonKey::OfNik(NikOf(5))), Look::kElsewhere);
  EXPECT_EQ(LookFor(table, PersonKey::OfNumber(odd.membership_number)), Look::kElsewhere);
  table.Put(Marked(5, 9));
  EXPECT_EQ(MarkOf(FindWorker(table, 5)), 9);
}

TEST(CoverageNearTable, ANumberWithoutCodeHidesNobody) {
  MemberTable table(64);
  MemberRecord record = Marked(5, 9);
  record.membership_number = "12345678901234567";
  table.Put(record);
  EXPECT_EQ(LookFor(table, PersonKey::OfNumber(record.membership_number)), Look::kElsewhere);
  EXPECT_EQ(LookFor(table, PersonKey::OfNumber("JKK/1")), Look::kElsewhere);
  EXPECT_EQ(LookFor(table, PersonKey()), Look::kElsewhere);
  EXPECT_EQ(MarkOf(FindWorker(table, 5)), 9);
  EXPECT_EQ(LookFor(table, PersonKey::OfNik(NikOf(5))), Look::kFound);
}

TEST(CoverageNearTable, AnIdBeyondFortyBitsHasNoPlace) {
  MemberTable table(64);
  EXPECT_FALSE(table.Put(Marked(int64_t{1} << 40, 3)));
  EXPECT_EQ(LookFor(table, PersonKey::OfWorker(int64_t{1} << 40)), Look::kElsewhere);
  EXPECT_TRUE(table.Put(Marked((int64_t{1} << 40) - 1, 3)));
  EXPECT_EQ(MarkOf(FindWorker(table, (int64_t{1} << 40) - 1)), 3);
}

TEST(CoverageNearTable, TakesAtMost64BytesAPerson) {
  for (const size_t people : {1'000'000, 40'000'000, 100'000'000}) {
    const MemberTable table(people);
    EXPECT_LE(table.bytes(), people * 64);
  }
}

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t all = 0;
  size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(CoverageNearTable, AMillionPeopleTakeWhatItSays) {
  constexpr int64_t kPeople = 1'000'000;
  const size_t before = ResidentBytes();
  MemberTable table(kPeople);
  EXPECT_LE(ResidentBytes(), before + 1'000'000);  // nothing is taken yet
  MemberRecord record = Marked(1, 1);
  for (int64_t id = 1; id <= kPeople; ++id) {
    record.facts.worker_id = id;
    record.nik_hash = NikOf(id);
    char number[16];
    std::snprintf(number, sizeof(number), "%011lld", static_cast<long long>(id));
    record.membership_number = number;
    ASSERT_TRUE(table.Put(record));
  }
  const size_t taken = ResidentBytes() - before;
  RecordProperty("bytes_a_person", absl::StrFormat("%.2f", 1.0 * taken / kPeople));
#ifndef LINGKARAN_SANITIZED                    // a sanitizer keeps books about all memory
  EXPECT_LE(taken, kPeople * 64 + 1'000'000);  // a megabyte for the allocator
#endif
  EXPECT_EQ(table.size(), static_cast<size_t>(kPeople));
  for (int64_t id = 1; id <= kPeople; id += 97) {
    Facts facts;
    ASSERT_EQ(table.Find(PersonKey::OfNik(NikOf(id)), facts), Look::kFound);
    ASSERT_EQ(facts.worker_id, id);
    ASSERT_EQ(table.Find(PersonKey::OfNumber(absl::StrFormat("%011d", id)), facts), Look::kFound);
    ASSERT_EQ(facts.worker_id, id);
    ASSERT_EQ(FindWorker(table, id).worker_id, id);
    ASSERT_EQ(LookFor(table, PersonKey::OfNik(NikOf(id + kPeople))), Look::kAbsent);
  }
}

TEST(CoverageNearEntries, AreReadWholeOrNotAtAll) {
  // The writer does nothing but write one entry, all words of which say the same.
  MemberEntries entries(4);
  const auto entry_of = [](uint64_t n) {
    MemberEntry entry;
    entry.words = {n, n, n, n << 24, n, n};
    return entry;
  };
  entries.Write(1, entry_of(1));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (uint64_t n = 2; !done; n = n % 1'000'000 + 1) {
      entries.Write(1, entry_of(n));
      // Now and then long enough for a whole read, also where each load takes its time.
      for (uint64_t pause = n % 64; pause > 0 && !done; --pause) continue;
    }
  });
  int64_t versions = 0;
  int64_t mixed = 0;
  uint64_t last = 1;
  MemberEntry entry;
  while (versions < 5'000) {
    if (!entries.Read(1, entry)) continue;
    const uint64_t n = entry.words[0];
    for (size_t i : {1, 2, 4, 5}) mixed += entry.words[i] != n;
    mixed += entry.words[3] >> 24 != n;
    versions += n != last;
    last = n;
  }
  done = true;
  writer.join();
  EXPECT_EQ(mixed, 0);
}

TEST(CoverageNearTable, AReaderNeverSeesAMixOrSomebodyElse) {
  // Four people change all the time, others come and go in the same entries.
  MemberTable table(64);
  for (int64_t id = 1; id <= 64; ++id) table.Put(Marked(id, 1));
  WhileWriting(
      [&] {
        for (int mark = 1; mark <= 150'000; ++mark) {
          table.Put(Marked(1 + mark % 4, 1 + mark % 60'000));
          if (mark % 8 == 0) {
            table.Erase(5 + mark / 8 % 86);
            table.Put(Marked(5 + (60 + mark / 8) % 86, 1 + mark % 60'000));
          }
          if (mark % 50'000 == 0) table.Clear();
        }
      },
      [&](int64_t i) -> std::string {
        const int64_t id = 1 + i % (i % 2 == 0 ? 4 : 90);
        Facts facts;
        const PersonKey key = i % 3 == 0 ? PersonKey::OfNik(NikOf(id)) : PersonKey::OfWorker(id);
        if (table.Find(key, facts) != Look::kFound) return "";
        if (facts.worker_id != id) return "somebody else";
        return MarkOf(facts) == 0 ? "a mix of two versions" : "";
      });
}

TEST(CoverageNearTable, AKeyThatMovesIsNeverNobodys) {
  // A number goes from hand to hand, and cells are shifted by others that come and go, while those
  // who stay are there all the time.
  MemberTable table(64);
  for (int64_t id = 1; id <= 40; ++id) table.Put(Marked(id, 1));
  const std::string number = "777";
  const auto holder = [&](int64_t id, int mark) {
    MemberRecord record = Marked(id, mark);
    record.membership_number = number;
    return record;
  };
  table.Put(holder(1, 1));
  WhileWriting(
      [&] {
        for (int i = 1; i <= 100'000; ++i) {
          table.Put(holder(1 + i % 2, 1 + i % 60'000));
          const int64_t guest = 41 + i % 24;
          if (i / 24 % 2 == 0) {
            table.Put(Marked(guest, 1));
          } else {
            table.Erase(guest);
          }
        }
      },
      [&](int64_t i) -> std::string {
        Facts facts;
        if (table.Find(PersonKey::OfNumber(number), facts) == Look::kAbsent) return "number lost";
        const int64_t id = 3 + i % 38;
        if (table.Find(PersonKey::OfWorker(id), facts) == Look::kAbsent) return "worker lost";
        if (table.Find(PersonKey::OfNik(NikOf(id)), facts) == Look::kAbsent) return "NIK lost";
        return "";
      });
}

}  // namespace
}  // namespace lingkaran::coverage
