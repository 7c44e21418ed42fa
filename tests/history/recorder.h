// Histories as they grow: what clients asked and got, by key.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "tests/history/wgl.h"

namespace lingkaran::history {

// The clock of all histories of this process.
inline int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The histories of some keys, filled by several threads.
class Recorder {
 public:
  explicit Recorder(size_t keys) : histories_(keys) {}

  void Add(size_t key, Operation operation) {
    const std::lock_guard lock(mutex_);
    ++operations_;
    if (!operation.known()) ++unknown_;
    histories_[key].push_back(std::move(operation));
  }
  // Something is wrong that no history is needed to see, e.g. a replay that differs.
  void Fail(std::string text) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(std::move(text));
  }
  // A call was sent more than once, by its client's library or by another client.
  void NoteResent() { ++resent_; }

  int64_t operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
  }

  // For after the clients have ended.
  const std::vector<std::vector<Operation>>& histories() const { return histories_; }
  const std::vector<std::string>& failures() const { return failures_; }
  int64_t unknown() const { return unknown_; }
  int64_t resent() const { return resent_; }

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<Operation>> histories_;
  std::vector<std::string> failures_;
  int64_t operations_ = 0, unknown_ = 0;
  std::atomic<int64_t> resent_ = 0;
};

// How one call came out.
struct Sent {
  absl::Status status;
  int tries = 0;
  int64_t called = 0;
  int64_t answered = 0;

  // The service did not say what became of it.
  bool unknown() const;
};

// What to record of a change. Each is called by one thread at a time.
template <typename Response>
struct Writer {
  // Done: `response` came; or unknown: `response` is null and `answered` is kNever.
  std::function<void(const Response* response, int64_t called, int64_t answered)> done;
  std::function<void(const absl::Status& status, int64_t called, int64_t answered)> refused;
};

// A change under one request_id, sent by one client or several at once. It is one operation,
// however often it is sent: it begins with the first call and has ended by the first good answer,
// and every good answer is the same. An answer that refuses it was an observation; the change
// itself may still happen if some try of it has not been answered.
template <typename Request, typename Response>
class Change {
 public:
  using Send = std::function<Sent(const Request&, Response*)>;

  Change(Request request, Writer<Response> writer, Recorder& recorder)
      : request_(std::move(request)), writer_(std::move(writer)), recorder_(recorder) {}

  // Sends it, and again with the same id while nobody knows what became of it, up to `rounds`
  // times. May be called by several threads, also after the end of it all.
  void Run(const Send& send, int rounds) {
    if (!Join()) return;
    for (int round = 0; round < rounds; ++round) {
      Response response;
      const Sent sent = send(request_, &response);
      const std::lock_guard lock(mutex_);
      if (sent.tries > 1 || round > 0) recorder_.NoteResent();
      if (sent.tries > 1 || sent.unknown()) outstanding_ = true;
      if (sent.unknown()) continue;
      if (sent.status.ok()) {
        Note(response, sent.answered);
      } else if (response_ && sent.called > answered_) {
        Fail(sent.status.ToString());  // whoever asks again gets the first answer
      } else {
        writer_.refused(sent.status, sent.called, sent.answered);
      }
      break;
    }
    Leave();
  }

 private:
  bool Join() {
    const std::lock_guard lock(mutex_);
    if (ended_ && !response_) return false;  // recorded as unknown or refused; leave it at that
    if (senders_ > 0 || ended_) recorder_.NoteResent();
    ++senders_;
    return true;
  }

  void Leave() {
    const std::lock_guard lock(mutex_);
    if (--senders_ > 0 || ended_) return;
    ended_ = true;
    if (response_) {
      writer_.done(&*response_, called_, answered_);
    } else if (outstanding_) {
      writer_.done(nullptr, called_, kNever);
    }
  }

  void Note(Response& response, int64_t answered) {
    // A token may name what was owed then and is delivered now.
    Response bare = response;
    bare.clear_consistency_token();
    if (!response_) {
      response_ = std::move(response);
      bare_ = bare.SerializeAsString();
    } else if (bare_ != bare.SerializeAsString()) {
      Fail(bare.ShortDebugString());
    }
    answered_ = std::min(answered_, answered);
  }

  void Fail(const std::string& other) {
    recorder_.Fail(absl::StrCat("a replay differs: ", request_.ShortDebugString(), "\n  first: ",
                                response_->ShortDebugString(), "\n  then:  ", other));
  }

  const Request request_;
  const Writer<Response> writer_;
  Recorder& recorder_;
  const int64_t called_ = Now();
  mutable std::mutex mutex_;
  int senders_ = 0;
  bool ended_ = false;        // recorded
  bool outstanding_ = false;  // some try was not answered
  std::optional<Response> response_;
  std::string bare_;  // without its token
  int64_t answered_ = kNever;
};

}  // namespace lingkaran::history
