// Judges answers of checks by the whole truth: every change that was made, with its position in
// coverage's change log.
//
// An answer about a key is right if it was true at some position, and that position is late enough:
//   with a token        not before the token's;
//   fully consistent    not before any change that was acknowledged when the check was sent;
//   always              not before the token that the answer itself came with, and true of one and
//                       the same position: whose the key was, and what was true of that person;
//   without a token     if no fault was near, not before a change that was acknowledged 2 s before
//                       the check was sent.
// All positions count, not only those of the person asked about: who has seen position P has seen
// every change up to P.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/freshness/truth.h"

namespace lingkaran::freshness {

// What may be older than this without a token is a violation.
inline constexpr absl::Duration kStaleAfter = absl::Seconds(2);

// Keys as the judge knows them: "worker 12", "nik 3372...", "number 19...".
std::string WorkerKey(int64_t worker_id);
std::string NikKey(std::string_view nik);
std::string NumberKey(std::string_view number);

// One change: what it left.
struct Write {
  int64_t position = 0;                                 // by its token
  absl::Time called = {};                               // first try
  absl::Time acknowledged = {};                         // answer received
  std::string what;                                     // for people
  std::vector<std::pair<int64_t, State>> states;        // of workers
  std::vector<std::pair<std::string, int64_t>> owners;  // of NIKs and numbers; 0: nobody
};

enum class Asked { kToken, kNoToken, kFull };

// One check, or one item of a batch.
struct Check {
  std::string key;
  int32_t day = 0;
  Asked asked = Asked::kNoToken;
  int64_t token = 0;        // position; kToken
  int64_t reply_token = 0;  // position
  absl::Time sent = {};
  absl::Time answered = {};
  bool calm = false;  // no fault was near
  Answer answer;
  std::string where;  // for people: replica
};

enum class Wrong {
  kNot,               // right
  kTorn,              // somebody's key and somebody's facts, of different moments
  kNeverTrue,         // no position at which it was true, or only one yet to be written
  kOlderThanToken,    // true before, but not any more at the token
  kReplyTokenBehind,  // the answer's token is older than the token asked with
  kOlderThanReply,    // true before, but not any more at the answer's own token
  kNotConsistent,     // fully consistent, and older than what was acknowledged
  kStale,             // without a token, without faults, older than 2 s
};
std::string_view WrongName(Wrong wrong);

struct Judgement {
  Wrong wrong = Wrong::kNot;
  // Of an answer without a token: how long what it has not seen had been acknowledged when it was
  // asked for.
  absl::Duration staleness = {};
};

// For one thread.
class Judge {
 public:
  // All writes that were made, in any order; one of them may still lack only its acknowledgement,
  // which then is in the infinite future.
  explicit Judge(std::vector<Write> writes);

  Judgement Of(const Check& check);
  // The check, and all that happened to its key and to the people who had it.
  std::string Explain(const Check& check);

 private:
  // From one position on, until the next one's.
  struct Period {
    int64_t from = 0;
    absl::Time called = absl::InfinitePast();
    int64_t owner = 0;
    State state;
  };
  const std::vector<Period>& PeriodsOf(const std::string& key);
  bool IsTorn(const Check& check);
  std::vector<Period> MakePeriods(const std::string& key) const;
  // When it was first known that this position had been passed.
  absl::Time KnownAt(int64_t position) const;

  std::vector<Write> writes_;           // by position
  std::vector<absl::Time> known_from_;  // by the same index: first acknowledgement from here on
  std::map<std::string, std::vector<std::pair<int64_t, int64_t>>>
      owners_;                                                        // key -> position, owner
  std::map<int64_t, std::vector<std::pair<int64_t, State>>> states_;  // worker -> position, state
  std::map<std::string, std::vector<Period>> periods_;                // made when asked for
};

}  // namespace lingkaran::freshness
