// The people of a seed and what happens to them. Each person belongs to one roster, each roster to
// one writer, so what is true of each is known exactly.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/crypto/personal_data_vault.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "tests/freshness/judge.h"
#include "tests/freshness/truth.h"

namespace lingkaran::freshness {

namespace cv1 = coverage::v1;

using Random = std::mt19937_64;

// 0 to n - 1.
inline int64_t Below(Random& random, int64_t n) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
}
template <typename T>
const T& Any(Random& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

// A key as WorkerKey, NikKey and NumberKey write it, as a check names a person.
cv1::PersonRef ToPerson(const std::string& key);
cv1::Member MakeMember(const PersonalDataVault& vault, int64_t id, const std::string& nik,
                       const std::string& number, int64_t version);
// A day that people of a seed may be covered on.
int32_t AnyDay(Random& random);

// All keys that checks may ask for: those that somebody has, had, or will have. For several
// threads.
class KeyBook {
 public:
  void Add(int64_t worker_id, const std::string& key);
  // Some key of this worker, or of anybody.
  std::string KeyOf(int64_t worker_id, Random& random) const;
  std::string Any(Random& random) const;

 private:
  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<std::string>> keys_;
  std::vector<int64_t> workers_;
};

// One change to be sent to coverage, and what it will leave: `left` lacks position and times.
struct Change {
  std::variant<cv1::UpsertMembersRequest, cv1::ActivateCoverageRequest, cv1::RevokeCoverageRequest>
      request;
  Write left;
};

// For one thread.
class Roster {
 public:
  struct Options {
    int64_t first_id = 1;
    int people = 20;
    std::string nik_prefix;  // 12 digits; four more follow
    uint64_t seed = 1;
  };
  Roster(const Options& options, const PersonalDataVault& sealer, KeyBook& keys);

  // The next change; it counts as made. States of a person hardly ever come twice, so that an
  // answer tells which one it is.
  Change Next();

 private:
  struct Person {
    int64_t id = 0;
    int64_t version = 0;  // 0: not enrolled yet
    std::string nik;
    std::string number;  // may be empty
    State state;
    std::set<std::string> been;  // states so far
  };

  Change Enrol();
  std::optional<Change> Pay();
  std::optional<Change> Revoke();
  std::optional<Change> Fate();
  std::optional<Change> Correct();
  std::optional<Change> HandOver();

  std::vector<Person*> Some(int most);
  // Takes the state over unless the person has been there before.
  bool Become(Person& person, const State& state);
  std::string NewNik(int64_t worker_id);
  std::string NewNumber(int64_t worker_id);
  void Upsert(Person& person, Change& change);

  const Options options_;
  const PersonalDataVault& sealer_;
  KeyBook& keys_;
  Random random_;
  std::vector<Person> people_;
  int enrolled_ = 0;
  int next_key_ = 0;
  std::optional<Change> then_;                         // comes next
  std::vector<std::string> free_niks_, free_numbers_;  // that somebody had before
};

}  // namespace lingkaran::freshness
