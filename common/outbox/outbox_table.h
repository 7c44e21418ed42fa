// The table of the outbox, see common/outbox/outbox.h. Private to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/outbox/outbox.h"
#include "common/sql/database.h"

namespace lingkaran::outbox_rows {

// All times are milliseconds since 1970. A row is due when its due_time has come, and also when it
// lies beyond the horizon: nobody sets one that far, so it is of a time before the clock was set
// back.
struct Times {
  int64_t now;
  int64_t horizon;
};

// Takes the next seq and writes the row; its seq is the message's from then on.
void Insert(sql::Tx& tx, OutboxMessage& message, int64_t due);

// When the next row is due: the oldest of its key and no dead letter; nullopt if none waits.
std::optional<int64_t> NextDue(sql::Tx& tx, const Times& times);
// Leases the one that has been due longest until `lease_end`; nullopt if none is due.
absl::StatusOr<std::optional<OutboxMessage>> Take(sql::Tx& tx, const Times& times,
                                                  int64_t lease_end);
// Whether the lease that `message` names still holds and no older row of its key waits.
bool IsNext(sql::Tx& tx, const OutboxMessage& message);
// Moves the end of the lease, if it still holds.
void SetDue(sql::Tx& tx, int64_t seq, int attempts, int64_t due);
// Ends the lease, if it still holds, after a failure.
void Reschedule(sql::Tx& tx, const OutboxMessage& message, int64_t due, const std::string& error,
                bool dead_letter);
// Takes the row away. False if it is gone: another delivery did it.
bool Delete(sql::Tx& tx, int64_t seq);
bool AnyOf(sql::Tx& tx, const std::string& key);

std::string LastError(sql::Tx& tx, const std::string& key);
std::vector<Outbox::Owed> List(sql::Tx& tx, const std::string& key_prefix, bool dead_letters_only,
                               int64_t after, int limit);
Outbox::OwedCount Count(sql::Tx& tx);
// Dead letters are due at `now`, as if they had never been tried.
int ReviveDeadLetters(sql::Tx& tx, int64_t now);
// The same for the dead letters among `seqs`; others that wait beyond `lease_end`, and so are not
// leased, are due now. NOT_FOUND/OWED_NOT_FOUND if one is not there. Gives how many different ones
// these are.
absl::StatusOr<int> Retry(sql::Tx& tx, absl::Span<const int64_t> seqs, int64_t now,
                          int64_t lease_end);

}  // namespace lingkaran::outbox_rows
