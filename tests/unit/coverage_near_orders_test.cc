// Whatever the near cache is fed, in whatever order and from however many threads, it tells what
// was true at its position or later.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/coverage/cache/change_window.h"
#include "services/coverage/cache/near_cache.h"
#include "tests/support/near_asking.h"

namespace lingkaran::coverage {
namespace {

using LookupResult = NearCache::LookupResult;

// ---- Any order of anything ----

// What the database would say at each position, and what the log says of it.
class World {
 public:
  // At position 1 everybody is there.
  explicit World(int64_t pool) : pool_(pool), states_(2), log_(2) {
    for (int64_t id = 1; id <= pool; ++id) {
      MemberRecord& record = states_[1][id] = Marked(id, 1);
      record.membership_number = absl::StrFormat("%d", id);
    }
  }

  int64_t head() const { return static_cast<int64_t>(states_.size()) - 1; }
  const std::map<int64_t, MemberRecord>& At(int64_t position) const { return states_[position]; }
  const std::vector<int64_t>& ChangedAt(int64_t position) const { return log_[position]; }

  const MemberRecord* Find(const PersonKey& key, int64_t position) const {
    for (const auto& [id, record] : states_[position]) {
      if (record.Has(key)) return &record;
    }
    return nullptr;
  }

  // One transaction: somebody comes, changes, goes, or takes a key from another.
  void Write() {
    std::map<int64_t, MemberRecord> next = states_.back();
    std::vector<int64_t> changed;
    for (int left = Any(1, 3); left > 0; --left) {
      const auto id = Any<int64_t>(1, pool_ + 1);
      changed.push_back(id);
      if (Any(0, 6) == 0) {
        next.erase(id);
        continue;
      }
      MemberRecord record = Any(0, 10) == 0 ? AnyRecord(id) : Marked(id, mark_);
      mark_ = mark_ % 60'000 + 1;
      record.nik_hash = NikOf(Any<int64_t>(1, pool_ + 1));
      record.membership_number = absl::StrFormat("%d", Any<int64_t>(1, pool_ + 1));
      for (auto& [other, its] : next) {
        if (other == id) continue;
        const bool loses_nik = its.nik_hash == record.nik_hash;
        const bool loses_number = its.membership_number == record.membership_number;
        if (loses_nik) its.nik_hash = NikHash{};
        if (loses_number) its.membership_number.clear();
        if (loses_nik || loses_number) changed.push_back(other);
      }
      next[id] = record;
    }
    states_.push_back(std::move(next));
    log_.push_back(std::move(changed));
  }

  // The people that changed in (from, to], as they are at `as_of`, in any order.
  std::vector<MemberRecord> Changed(int64_t from, int64_t to, int64_t as_of) const {
    std::vector<MemberRecord> changed;
    for (int64_t p = from + 1; p <= to; ++p) {
      for (int64_t id : log_[p]) {
        const auto found = states_[as_of].find(id);
        changed.push_back(AsOf(found == states_[as_of].end() ? Gone(id) : found->second, as_of));
      }
    }
    if (*rc::gen::arbitrary<bool>()) std::reverse(changed.begin(), changed.end());
    return changed;
  }

  PersonKey AnyKey() const {
    const auto n = Any<int64_t>(1, pool_ + 1);
    switch (Any(0, 3)) {
      case 0:
        return PersonKey::OfWorker(n);
      case 1:
        return PersonKey::OfNik(NikOf(n));
      default:
        return PersonKey::OfNumber(absl::StrFormat("%d", n));
    }
  }

 private:
  const int64_t pool_;
  int mark_ = 1;
  std::vector<std::map<int64_t, MemberRecord>> states_;
  std::vector<std::vector<int64_t>> log_;  // by position
};

// The window as its definition says: all changes since the restart, looked through anew each time.
class WindowModel {
 public:
  explicit WindowModel(size_t most) : most_(most) {}
  void Restart(int64_t position) {
    begin_ = position;
    changes_.clear();
  }
  void Note(int64_t id, int64_t position) {
    const std::pair<int64_t, int64_t> change(position, id);
    if (std::count(changes_.begin(), changes_.end(), change) == 0) changes_.push_back(change);
    while (std::count_if(changes_.begin(), changes_.end(), [&](const auto& c) {
             return c.first > begin_;
           }) > static_cast<int64_t>(most_)) {
      ++begin_;
    }
  }
  bool IsCurrent(int64_t id, int64_t since) const {
    return since >= begin_ && std::none_of(changes_.begin(), changes_.end(), [&](const auto& c) {
             return c.second == id && c.first > since;
           });
  }

 private:
  const size_t most_;
  int64_t begin_ = 0;
  std::vector<std::pair<int64_t, int64_t>> changes_;
};

std::string NameOf(const PersonKey& key) {
  if (key.kind == PersonKey::Kind::kNumber) return absl::StrCat("number ", key.number);
  if (key.kind == PersonKey::Kind::kWorker) return absl::StrCat("worker ", key.worker_id);
  return absl::StrCat("NIK ", int{key.nik_hash[8]});
}

// A near cache, fed at random from a world, and what must hold of it.
class Session {
 public:
  Session(int64_t pool, size_t window)
      : pool_(pool), world_(pool), near_({.members = 64, .window = window}), window_(window) {}

  void Step() {
    const int what = Any(0, 15);
    if (what < 3) return Write();
    if (what < 6) return Advance();
    if (what == 6) return TooEarly();
    if (what < 9) return Fill();
    if (what == 9) return BeginLoad();
    if (what < 13) return Load();
    if (Any(0, 16) == 0) Restart();
  }

  void CheckAll() {
    CheckWindow();
    const auto base = Any<int64_t>(1, pool_ + 1);
    for (const PersonKey& key :
         {world_.AnyKey(), world_.AnyKey(), world_.AnyKey(), PersonKey::OfWorker(base),
          PersonKey::OfNik(NikOf(base)), PersonKey::OfNumber(absl::StrFormat("%d", base))}) {
      Check(key);
    }
  }

  void Start() { Restart(); }
  // How often it knew that somebody is nobody because it had everybody.
  int sure_nobody() const { return sure_nobody_; }

 private:
  void Write() {
    world_.Write();
    Tell("position ", world_.head(), ": ");
    for (int64_t id : world_.ChangedAt(world_.head())) {
      const auto found = world_.At(world_.head()).find(id);
      if (found == world_.At(world_.head()).end()) {
        absl::StrAppend(&story_, id, " is gone; ");
      } else {
        absl::StrAppend(&story_, id, " has NIK ", int{found->second.nik_hash[8]}, " and number ",
                        found->second.membership_number, "; ");
      }
    }
  }

  int64_t Between(int64_t low, int64_t high) { return Any<int64_t>(low, std::max(low, high) + 1); }

  void Restart() {
    position_ = Between(1, world_.head());
    std::vector<ChangeWindow::Change> last;
    for (int64_t p = Between(1, position_) + 1; p <= position_; ++p) {
      for (int64_t id : world_.ChangedAt(p)) last.push_back({id, p});
    }
    near_.Restart(position_, last);
    window_.Restart(last.empty() ? position_ : last.front().position - 1);
    for (const ChangeWindow::Change& change : last) window_.Note(change.worker_id, change.position);
    load_next_ = 0;
    Tell("restart at ", position_);
  }

  void Note(int64_t from, int64_t to) {
    for (int64_t p = from + 1; p <= to; ++p) {
      for (int64_t id : world_.ChangedAt(p)) window_.Note(id, to);
    }
  }

  void Advance() {
    const int64_t to = Between(1, world_.head());
    const int64_t from = Between(std::max<int64_t>(1, position_ - 2), position_);
    const int64_t as_of = Between(to, world_.head());
    Tell("advance from ", from, " to ", to, " as of ", as_of);
    RC_ASSERT(near_.Advance(from, to, world_.Changed(from, to, as_of)));
    if (to <= position_) return;
    Note(from, to);
    position_ = to;
  }

  void TooEarly() {
    if (position_ + 2 > world_.head()) return;
    const int64_t from = Between(position_ + 1, world_.head() - 1);
    RC_ASSERT(!near_.Advance(from, from + 1, world_.Changed(from, from + 1, from + 1)));
  }

  void Fill() {
    const int64_t as_of = Between(1, world_.head());
    std::vector<MemberRecord> read;
    for (const auto& [id, record] : world_.At(as_of)) {
      if (Any(0, 3) == 0) read.push_back(AsOf(record, as_of));
    }
    near_.Fill(read);
    Tell("fill as of ", as_of, ": ");
    for (const MemberRecord& record : read) absl::StrAppend(&story_, record.facts.worker_id, " ");
  }

  void BeginLoad() {
    Tell("begin to load");
    near_.BeginLoad();
    load_next_ = 1;
  }

  // The next ids of a load under way, as of now or some time ago.
  void Load() {
    if (load_next_ == 0) return;
    const int64_t as_of = Between(std::max<int64_t>(1, position_ - 3), world_.head());
    const int64_t end = load_next_ + pool_ / 3 + 1;
    std::vector<MemberRecord> rows;
    for (const auto& [id, record] : world_.At(as_of)) {
      if (id >= load_next_ && id < end) rows.push_back(record);
    }
    near_.Load(EntriesOf(rows), as_of);
    Tell("load ", load_next_, " to ", end - 1, " as of ", as_of);
    load_next_ = end;
    if (load_next_ <= pool_) return;
    near_.FinishLoad();
    Tell("loaded");
    load_next_ = 0;
  }

  void CheckWindow() {
    const auto id = Any<int64_t>(1, pool_ + 1);
    const int64_t since = Between(0, position_);
    const bool right = near_.IsCurrent(id, since);
    RC_ASSERT(right == window_.IsCurrent(id, since));
    if (!right) return;
    const auto& then = world_.At(since);
    const auto& now = world_.At(position_);
    RC_ASSERT(then.count(id) == now.count(id));
    if (then.count(id) > 0) RC_ASSERT(SameRecord(then.at(id), now.at(id)));
  }

  void Check(const PersonKey& key) {
    Facts facts;
    const bool complete = near_.complete();
    const LookupResult hit = near_.Find(key, {.position = 1}, kStart, facts);
    if (hit == LookupResult::kMiss) return;
    RC_ASSERT(hit == LookupResult::kFound);
    RC_ASSERT(facts.position == position_);
    if (complete && !facts.known) ++sure_nobody_;
    for (int64_t p = position_; p <= world_.head(); ++p) {
      const MemberRecord* truth = world_.Find(key, p);
      if (truth == nullptr ? !facts.known : SameFacts(truth->facts, facts)) return;
    }
    RC_FAIL(absl::StrFormat("%s, known %d, worker %d, at %d: true neither then nor later%s",
                            NameOf(key), facts.known, facts.worker_id, facts.position, story_));
  }

  template <typename... Parts>
  void Tell(const Parts&... parts) {
    absl::StrAppend(&story_, "\n  ", parts...);
  }

  const int64_t pool_;
  World world_;
  NearCache near_;
  std::string story_;  // of what was done, for a failure
  WindowModel window_;
  int64_t position_ = 0;
  int64_t load_next_ = 0;  // id; 0: no load
  int sure_nobody_ = 0;
};

void AnyOrder(int64_t pool, int* sure_nobody) {
  Session session(pool, *rc::gen::elementOf(std::vector<size_t>{2, 6, 1'000}));
  session.Start();
  for (int steps = Any(1, 150); steps > 0; --steps) {
    session.Step();
    session.CheckAll();
  }
  *sure_nobody += session.sure_nobody();
}

TEST(CoverageNearCacheOrders, WhateverComesInWhateverOrderItTellsTheTruth) {
  int sure_nobody = 0;
  EXPECT_TRUE(rc::check("with room for all", [&] { AnyOrder(12, &sure_nobody); }));
  EXPECT_GT(sure_nobody, 100);
}

TEST(CoverageNearCacheOrders, AlsoWhenItIsTooSmall) {
  int ignored = 0;
  EXPECT_TRUE(rc::check("with room for two thirds", [&] { AnyOrder(96, &ignored); }));
}

TEST(CoverageNearCacheOrders, TheWindowIsExact) {
  EXPECT_TRUE(rc::check("as if all changes were looked through", [] {
    const auto most = Any<size_t>(1, 8);
    ChangeWindow window(most);
    WindowModel model(most);
    int64_t position = Any<int64_t>(0, 5);
    window.Restart(position);
    model.Restart(position);
    for (int i = Any(0, 60); i > 0; --i) {
      position += Any(0, 3);
      const auto id = Any<int64_t>(1, 6);
      window.Note(id, position);
      model.Note(id, position);
      for (int64_t since = 0; since <= position; ++since) {
        RC_ASSERT(window.Unchanged(id, since) == model.IsCurrent(id, since));
      }
    }
  }));
}

// ---- Threads ----

// At position p worker p % 8 + 1 changes, its mark becomes p, and it takes the number from the one
// before it; all as of p.
constexpr int64_t kTurns = 8;
constexpr int64_t kLast = 50'000;
int64_t TurnOf(int64_t p) { return p % kTurns + 1; }
const PersonKey& Baton() {
  static const PersonKey& key = *new PersonKey(PersonKey::OfNumber("777"));
  return key;
}
MemberRecord WithBaton(int64_t p) {
  MemberRecord record = AsOf(Marked(TurnOf(p), static_cast<int>(p)), p);
  record.membership_number = Baton().number;
  return record;
}
MemberRecord WithoutBaton(int64_t p, int64_t as_of) {
  return AsOf(Marked(TurnOf(p), static_cast<int>(p)), as_of);
}

// What is wrong with what a reader sees, or "".
std::string LookAround(const NearCache& near, int64_t i) {
  Facts facts;
  if (Ask(near, Baton(), facts) == LookupResult::kFound) {
    if (!facts.known) return "the number is nobody's";
    const int mark = MarkOf(facts);
    if (mark < facts.position) return absl::StrFormat("%d at %d", mark, facts.position);
    if (facts.worker_id != TurnOf(mark)) return "somebody else's number";
  }
  const int64_t id = 1 + i % kTurns;
  if (Ask(near, PersonKey::OfWorker(id), facts) == LookupResult::kFound) {
    if (!facts.known) return "a worker is nobody";
    const int mark = MarkOf(facts);
    if (mark <= facts.position - kTurns) return absl::StrFormat("%d at %d", mark, facts.position);
    if (facts.worker_id != id) return "another worker";
  }
  if (Ask(near, PersonKey::OfWorker(99), facts) == LookupResult::kFound && facts.known)
    return "a ghost";
  return "";
}

TEST(CoverageNearCacheThreads, ARestartHidesNobody) {
  // The same two people, loaded again and again at the same position.
  NearCache near({.members = 64});
  std::atomic<int64_t> hits{0};
  const std::vector<MemberEntry> two = EntriesOf({Marked(1, 1), Marked(2, 1)});
  WhileWriting(
      [&] {
        for (int64_t i = 0; i < 50'000 || hits < 50'000; ++i) {
          near.Restart(10);
          near.BeginLoad();
          near.Load(two, 10);
          near.FinishLoad();
        }
      },
      [&](int64_t) -> std::string {
        Facts facts;
        if (Ask(near, PersonKey::OfWorker(1), facts) != LookupResult::kFound) return "";
        ++hits;
        return facts.known ? "" : "hidden";
      });
}

// A line of changes at positions kTurns to kLast, and a warm start now and then.
void WriteTurns(NearCache& near) {
  for (int64_t p = kTurns; p < kLast; ++p) {
    if (p % 10'000 == kTurns) {
      near.Restart(p);
      near.BeginLoad();
      for (int64_t q = p - kTurns + 1; q < p; ++q) near.Load(EntriesOf({WithoutBaton(q, p)}), p);
      near.Load(EntriesOf({WithBaton(p)}), p);
      near.FinishLoad();
    }
    // Some say as of when they are, others leave it at the position of the change.
    const int64_t as_of = p % 2 == 0 ? p + 1 : 0;
    EXPECT_TRUE(near.Advance(p, p + 1, {WithoutBaton(p, as_of), AsOf(WithBaton(p + 1), as_of)}));
  }
}

TEST(CoverageNearCacheThreads, ReadersNeverSeeLessThanThePositionTheyAreTold) {
  NearCache near({.members = 64});
  std::atomic<bool> done{false};
  std::atomic<int64_t> hits{0};
  std::thread filler([&] {  // slow reads: as of a while ago
    while (!done) {
      const int64_t now = near.position();
      if (now < kTurns + 20) continue;
      const int64_t then = now - now % 7;
      near.Fill({WithBaton(then), WithoutBaton(then - 1, then), WithoutBaton(then - 3, then)});
    }
  });
  WhileWriting([&] { WriteTurns(near); },
               [&](int64_t i) {
                 Facts facts;
                 if (Ask(near, Baton(), facts) == LookupResult::kFound) ++hits;
                 return LookAround(near, i);
               });
  done = true;
  filler.join();
  EXPECT_TRUE(near.complete());
  EXPECT_GT(hits, 1'000);
}

}  // namespace
}  // namespace lingkaran::coverage
