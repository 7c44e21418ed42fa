// Sponsors, pledges, receipts and events in SQL. No rules here; SOCI's exceptions become a Status
// in common/sql. Functions that change money or seats of a pledge are called with its row locked
// (LockPledge), so that one transaction at a time moves the money of one pledge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/accounts.h"

namespace lingkaran::sponsorship {

// Inserts the sponsor and opens its accounts. Gives the id.
int64_t InsertSponsor(sql::Tx& tx, const SponsorRow& sponsor);
// NOT_FOUND/SPONSOR_NOT_FOUND.
absl::StatusOr<SponsorRow> GetSponsor(sql::Tx& tx, int64_t sponsor_id);
// By id, after `after`.
std::vector<SponsorRow> ListSponsors(sql::Tx& tx, int64_t after, int limit);

// Takes the id of the next pledge; its payment code is made from it.
int64_t NextPledgeId(sql::Tx& tx);
// Inserts the pledge and opens its accounts.
void InsertPledge(sql::Tx& tx, const PledgeRow& pledge);
// NOT_FOUND/PLEDGE_NOT_FOUND; DATA_LOSS if its price schedule can't be read.
absl::StatusOr<PledgeRow> GetPledge(sql::Tx& tx, int64_t pledge_id);
// The same, and nobody else changes it until the transaction ends.
absl::StatusOr<PledgeRow> LockPledge(sql::Tx& tx, int64_t pledge_id);
// By id, after `after`; of one sponsor unless 0.
absl::StatusOr<std::vector<PledgeRow>> ListPledges(sql::Tx& tx, int64_t sponsor_id, int64_t after,
                                                   int limit);
// The pledge with this payment code; nullopt if none.
std::optional<int64_t> FindPaymentCode(sql::Tx& tx, const std::string& payment_code);
// Adds to what was received on the invoice; CHECK: never above the invoice.
void AddReceived(sql::Tx& tx, int64_t pledge_id, Rupiah amount);
// Adds to the number of seats held; CHECK: 0 to the seats of the pledge.
void AddSeatsFilled(sql::Tx& tx, int64_t pledge_id, int seats);
// Ends the pledge; `moved` became credit.
void SetCancelled(sql::Tx& tx, int64_t pledge_id, Rupiah moved);

// Inserts the receipt; a bank reference that is there is a unique violation. Gives the id.
int64_t InsertReceipt(sql::Tx& tx, const ReceiptRow& receipt, absl::Time now);
std::optional<ReceiptRow> FindReceipt(sql::Tx& tx, const std::string& bank_reference);
// Of one pledge, oldest first.
std::vector<ReceiptRow> ListReceipts(sql::Tx& tx, int64_t pledge_id);

// Writes down who did what to whom ("pledge/3"), and why if the caller had to say.
void RecordEvent(sql::Tx& tx, absl::Time now, const std::string& actor, std::string_view method,
                 const std::string& subject, const std::string& reason = "");
// The same of several who did the same to one subject.
void RecordEvents(sql::Tx& tx, absl::Time now, absl::Span<const std::string> actors,
                  std::string_view method, const std::string& subject);

}  // namespace lingkaran::sponsorship
