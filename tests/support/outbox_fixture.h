// The outbox's tests on both databases: rows, deliverers that take notes, what came of it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/outbox/outbox.h"
#include "tests/support/test_database.h"

namespace lingkaran {

inline const std::vector<sql::Migration>& OutboxSchema() {
  static const std::vector<sql::Migration> kSchema = {
      {1, "0001_outbox",
       "CREATE TABLE outbox (seq BIGINT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE,\n"
       "  key TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, due_time BIGINT NOT NULL,\n"
       "  attempts INT NOT NULL, last_error TEXT NOT NULL DEFAULT '',\n"
       "  parked INT NOT NULL DEFAULT 0);\n"
       "CREATE INDEX outbox_key ON outbox (key, seq);\n"
       "CREATE INDEX outbox_due ON outbox (parked, due_time);\n"
       "CREATE TABLE sequences (noun TEXT PRIMARY KEY, next BIGINT NOT NULL);\n"
       "CREATE TABLE outcomes (seq BIGINT, body TEXT NOT NULL);\n"}};
  return kSchema;
}

// Events in the order of their coming; tests wait until enough are there. Waits end after 30 s,
// for a test that has failed.
class Journal {
 public:
  void Add(const std::string& event) {
    std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return events_.size() >= count; }))
        << events_.size() << " of " << count;
    return events_;
  }
  std::vector<std::string> events() {
    std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

// Back-offs of a few milliseconds.
inline Outbox::Options Fast() {
  Outbox::Options options;
  options.first_backoff = absl::Milliseconds(1);
  options.max_backoff = absl::Milliseconds(10);
  return options;
}

class OutboxSuite : public DatabaseTest {
 protected:
  OutboxSuite() : DatabaseTest(OutboxSchema()) {}

  // A Settle that records the outcome and, once it is committed, tells the journal.
  Outbox::Commit Record(const OutboxMessage& message) {
    return [this, message](sql::Tx& tx) {
      tx.db() << "INSERT INTO outcomes (seq, body) VALUES (:seq, :body)",
          soci::use(message.seq, "seq"), soci::use(message.body, "body");
      tx.AfterCommit([this, message] { settled_.Add(message.body); });
      return absl::OkStatus();
    };
  }

  Outbox::Deliver Always() {
    return [this](const OutboxMessage& message) -> absl::StatusOr<Outbox::Commit> {
      delivered_.Add(message.body);
      return Record(message);
    };
  }

  std::string Put(Outbox& outbox, const std::string& key, const std::string& body,
                  const std::string& kind = "k") {
    return MustWrite(db(), [&](sql::Tx& tx) { return outbox.Put(tx, key, kind, body); });
  }

  OutboxMessage PutLeased(Outbox& outbox, const std::string& key, const std::string& body) {
    return MustWrite(db(), [&](sql::Tx& tx) { return outbox.PutLeased(tx, key, "k", body); });
  }

  int64_t Count(const std::string& from) { return lingkaran::Count(db(), from); }

  Journal delivered_, settled_;
};
}  // namespace lingkaran
