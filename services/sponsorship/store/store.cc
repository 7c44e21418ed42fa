#include "services/sponsorship/store/store.h"

#include <soci/soci.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/ledger_entries.h"

namespace lingkaran::sponsorship {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

std::string ProgrammesToText(const std::vector<Programme>& programmes) {
  return absl::StrJoin(programmes, ",", [](std::string* out, Programme programme) {
    absl::StrAppend(out, static_cast<int>(programme));
  });
}

std::vector<Programme> ProgrammesFromText(const std::string& text) {
  std::vector<Programme> programmes;
  for (absl::string_view item : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    int number = 0;
    if (absl::SimpleAtoi(item, &number)) programmes.push_back(static_cast<Programme>(number));
  }
  return programmes;
}

// A pledge's row as SQL gives it.
struct RawPledge {
  PledgeRow row;
  int payer_class, sector, disabled_first, disabled_only, criteria_sector, cancelled;
  int64_t wage_base, max_income, invoice, received, moved;
  std::string programmes, schedule;

  absl::StatusOr<PledgeRow> Read() const {
    PledgeRow pledge = row;
    pledge.payer_class = static_cast<PayerClass>(payer_class);
    pledge.sector = static_cast<Sector>(sector);
    pledge.programmes = ProgrammesFromText(programmes);
    pledge.wage_base = Rupiah(wage_base);
    pledge.invoice = Rupiah(invoice);
    pledge.cancelled = cancelled != 0;
    pledge.criteria.disabled_first = disabled_first != 0;
    pledge.criteria.disabled_only = disabled_only != 0;
    pledge.criteria.sector = static_cast<Sector>(criteria_sector);
    pledge.criteria.max_income = Rupiah(max_income);
    pledge.funds.received = Rupiah(received);
    pledge.funds.moved_to_credit = Rupiah(moved);
    ASSIGN_OR_RETURN(pledge.schedule, PriceSchedule::Parse(schedule));
    return pledge;
  }
};

// Fills in what the accounts hold.
void AddBalances(Tx& tx, std::vector<PledgeRow>& pledges) {
  absl::flat_hash_map<std::string, Rupiah> balances;
  std::vector<int64_t> ids;
  for (const PledgeRow& pledge : pledges) ids.push_back(pledge.pledge_id);
  const std::string list = sql::IntList(tx, ids);
  std::string account;
  int64_t balance = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT account, balance FROM accounts WHERE ",
                   sql::InInts(tx, "pledge_id", "ids")),
      [&] { balances[account] = Rupiah(balance); }, into(account), into(balance), use(list, "ids"));
  for (PledgeRow& pledge : pledges) {
    auto get = [&](const char* name) { return balances[PledgeAccount(pledge.pledge_id, name)]; };
    pledge.funds.available = get("available");
    pledge.funds.reserved = get("reserved");
    pledge.funds.spent = get("spent");
    pledge.funds.refunded = get("refunded");
  }
}

// `where` may use :id and :other.
absl::StatusOr<std::vector<PledgeRow>> SelectPledges(Tx& tx, const std::string& where, int64_t id,
                                                     int64_t other) {
  std::vector<PledgeRow> pledges;
  absl::Status status;
  RawPledge raw;
  PledgeRow& r = raw.row;
  Criteria& c = r.criteria;
  ForEach(
      tx,
      absl::StrCat(
          "SELECT pledge_id, sponsor_id, payer_class, group_code, seats, months, programmes, "
          "wage_base, sector, first_day, region_code, batch_id, disabled_first, disabled_only, "
          "criteria_sector, min_age, max_age, max_income, schedule, payment_code, invoice, "
          "due_day, "
          "received, moved_to_credit, cancelled, seats_filled, create_time FROM pledges WHERE ",
          where),
      [&] {
        absl::StatusOr<PledgeRow> pledge = raw.Read();
        if (!pledge.ok()) {
          status = pledge.status();
        } else {
          pledges.push_back(*std::move(pledge));
        }
      },
      into(r.pledge_id), into(r.sponsor_id), into(raw.payer_class), into(r.group_code),
      into(r.seats), into(r.months), into(raw.programmes), into(raw.wage_base), into(raw.sector),
      into(r.first_day), into(c.region_code), into(c.batch_id), into(raw.disabled_first),
      into(raw.disabled_only), into(raw.criteria_sector), into(c.min_age_years),
      into(c.max_age_years), into(raw.max_income), into(raw.schedule), into(r.payment_code),
      into(raw.invoice), into(r.due_day), into(raw.received), into(raw.moved), into(raw.cancelled),
      into(r.seats_filled), into(r.create_time), use(id, "id"), use(other, "other"));
  RETURN_IF_ERROR(status);
  AddBalances(tx, pledges);
  return pledges;
}

absl::StatusOr<PledgeRow> SelectPledge(Tx& tx, int64_t pledge_id, const char* lock) {
  ASSIGN_OR_RETURN(
      std::vector<PledgeRow> pledges,
      SelectPledges(tx, absl::StrCat("pledge_id = :id AND :other = 0", lock), pledge_id, 0));
  if (pledges.empty()) return PledgeNotFound(pledge_id);
  return std::move(pledges.front());
}

}  // namespace

int64_t InsertSponsor(Tx& tx, const SponsorRow& sponsor) {
  const int64_t id = sql::NextIds(tx, "sponsor", 1);
  const int payer_class = static_cast<int>(sponsor.payer_class);
  tx.db() << "INSERT INTO sponsors (sponsor_id, name, payer_class, create_time) "
             "VALUES (:id, :name, :class, :time)",
      use(id, "id"), use(sponsor.name, "name"), use(payer_class, "class"),
      use(sponsor.create_time, "time");
  OpenAccounts(tx, 0, {SponsorAccount(id, "credit"), SponsorAccount(id, "refunded")});
  return id;
}

absl::StatusOr<SponsorRow> GetSponsor(Tx& tx, int64_t sponsor_id) {
  SponsorRow sponsor;
  int payer_class = 0;
  tx.db() << "SELECT sponsor_id, name, payer_class, create_time FROM sponsors "
             "WHERE sponsor_id = :id",
      into(sponsor.sponsor_id), into(sponsor.name), into(payer_class), into(sponsor.create_time),
      use(sponsor_id, "id");
  if (!tx.db().got_data()) return SponsorNotFound(sponsor_id);
  sponsor.payer_class = static_cast<PayerClass>(payer_class);
  sponsor.credit = Balance(tx, SponsorAccount(sponsor_id, "credit"));
  return sponsor;
}

std::vector<SponsorRow> ListSponsors(Tx& tx, int64_t after, int limit) {
  std::vector<SponsorRow> sponsors;
  SponsorRow sponsor;
  int payer_class = 0;
  int64_t credit = 0;
  ForEach(
      tx,
      "SELECT s.sponsor_id, s.name, s.payer_class, s.create_time, a.balance FROM sponsors s "
      "JOIN accounts a ON a.account = 'sponsor/' || CAST(s.sponsor_id AS TEXT) || '/credit' "
      "WHERE s.sponsor_id > :after ORDER BY s.sponsor_id LIMIT :limit",
      [&] {
        sponsor.payer_class = static_cast<PayerClass>(payer_class);
        sponsor.credit = Rupiah(credit);
        sponsors.push_back(sponsor);
      },
      into(sponsor.sponsor_id), into(sponsor.name), into(payer_class), into(sponsor.create_time),
      into(credit), use(after, "after"), use(limit, "limit"));
  return sponsors;
}

int64_t NextPledgeId(Tx& tx) { return sql::NextIds(tx, "pledge", 1); }

void InsertPledge(Tx& tx, const PledgeRow& p) {
  const Criteria& c = p.criteria;
  sql::BulkRows row({"pledge_id",      "sponsor_id",    "payer_class",     "group_code",
                     "seats",          "months",        "programmes",      "wage_base",
                     "sector",         "first_day",     "region_code",     "batch_id",
                     "disabled_first", "disabled_only", "criteria_sector", "min_age",
                     "max_age",        "max_income",    "schedule",        "payment_code",
                     "invoice",        "due_day",       "received",        "moved_to_credit",
                     "cancelled",      "seats_filled",  "create_time"});
  row.Int(p.pledge_id).Int(p.sponsor_id).Int(static_cast<int>(p.payer_class)).Text(p.group_code);
  row.Int(p.seats).Int(p.months).Text(ProgrammesToText(p.programmes)).Int(p.wage_base.amount());
  row.Int(static_cast<int>(p.sector)).Int(p.first_day).Text(c.region_code).Int(c.batch_id);
  row.Int(c.disabled_first).Int(c.disabled_only).Int(static_cast<int>(c.sector));
  row.Int(c.min_age_years).Int(c.max_age_years).Int(c.max_income.amount());
  row.Text(p.schedule.ToText()).Text(p.payment_code).Int(p.invoice.amount()).Int(p.due_day);
  row.Int(0).Int(0).Int(0).Int(0).Int(p.create_time);
  row.EndRow();
  row.InsertInto(tx, "pledges");
  OpenAccounts(tx, p.pledge_id,
               {PledgeAccount(p.pledge_id, "available"), PledgeAccount(p.pledge_id, "reserved"),
                PledgeAccount(p.pledge_id, "spent"), PledgeAccount(p.pledge_id, "refunded")});
}

absl::StatusOr<PledgeRow> GetPledge(Tx& tx, int64_t pledge_id) {
  return SelectPledge(tx, pledge_id, "");
}

absl::StatusOr<PledgeRow> LockPledge(Tx& tx, int64_t pledge_id) {
  return SelectPledge(tx, pledge_id, sql::ForUpdate(tx));
}

absl::StatusOr<std::vector<PledgeRow>> ListPledges(Tx& tx, int64_t sponsor_id, int64_t after,
                                                   int limit) {
  return SelectPledges(tx,
                       absl::StrCat(sponsor_id == 0 ? ":id = 0" : "sponsor_id = :id",
                                    " AND pledge_id > :other ORDER BY pledge_id LIMIT ", limit),
                       sponsor_id, after);
}

std::optional<int64_t> FindPaymentCode(Tx& tx, const std::string& payment_code) {
  int64_t pledge_id = 0;
  tx.db() << "SELECT pledge_id FROM pledges WHERE payment_code = :code", into(pledge_id),
      use(payment_code, "code");
  return tx.db().got_data() ? std::optional<int64_t>(pledge_id) : std::nullopt;
}

void AddReceived(Tx& tx, int64_t pledge_id, Rupiah amount) {
  const int64_t by = amount.amount();
  tx.db() << "UPDATE pledges SET received = received + :by WHERE pledge_id = :id", use(by, "by"),
      use(pledge_id, "id");
}

void AddSeatsFilled(Tx& tx, int64_t pledge_id, int seats) {
  if (seats == 0) return;
  tx.db() << "UPDATE pledges SET seats_filled = seats_filled + :by WHERE pledge_id = :id",
      use(seats, "by"), use(pledge_id, "id");
}

void SetCancelled(Tx& tx, int64_t pledge_id, Rupiah moved) {
  const int64_t by = moved.amount();
  tx.db() << "UPDATE pledges SET cancelled = 1, moved_to_credit = moved_to_credit + :by "
             "WHERE pledge_id = :id",
      use(by, "by"), use(pledge_id, "id");
}

int64_t InsertReceipt(Tx& tx, const ReceiptRow& receipt, absl::Time now) {
  const int64_t id = sql::NextIds(tx, "receipt", 1);
  const int64_t amount = receipt.amount.amount();
  const int64_t applied = receipt.applied.amount();
  const int64_t credit = receipt.credit.amount();
  const int64_t time = absl::ToUnixMillis(now);
  tx.db() << "INSERT INTO receipts (receipt_id, bank_reference, kind, pledge_id, contribution_id, "
             "amount, applied, credit, value_day, record_time) VALUES (:id, :reference, :kind, "
             ":pledge, :contribution, :amount, :applied, :credit, :day, :time)",
      use(id, "id"), use(receipt.bank_reference, "reference"), use(receipt.kind, "kind"),
      use(receipt.pledge_id, "pledge"), use(receipt.contribution_id, "contribution"),
      use(amount, "amount"), use(applied, "applied"), use(credit, "credit"),
      use(receipt.value_day, "day"), use(time, "time");
  return id;
}

namespace {

std::vector<ReceiptRow> SelectReceipts(Tx& tx, const std::string& where, int64_t pledge_id,
                                       const std::string& reference) {
  std::vector<ReceiptRow> receipts;
  ReceiptRow r;
  int64_t amount = 0, applied = 0, credit = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT receipt_id, bank_reference, kind, pledge_id, contribution_id, amount, "
                   "applied, credit, value_day FROM receipts WHERE ",
                   where),
      [&] {
        r.amount = Rupiah(amount);
        r.applied = Rupiah(applied);
        r.credit = Rupiah(credit);
        receipts.push_back(r);
      },
      into(r.receipt_id), into(r.bank_reference), into(r.kind), into(r.pledge_id),
      into(r.contribution_id), into(amount), into(applied), into(credit), into(r.value_day),
      use(pledge_id, "pledge"), use(reference, "reference"));
  return receipts;
}

}  // namespace

std::optional<ReceiptRow> FindReceipt(Tx& tx, const std::string& bank_reference) {
  std::vector<ReceiptRow> found =
      SelectReceipts(tx, ":pledge = 0 AND bank_reference = :reference", 0, bank_reference);
  return found.empty() ? std::nullopt : std::optional<ReceiptRow>(found.front());
}

std::vector<ReceiptRow> ListReceipts(Tx& tx, int64_t pledge_id) {
  return SelectReceipts(tx, "pledge_id = :pledge AND :reference = '' ORDER BY receipt_id",
                        pledge_id, "");
}

void RecordEvent(Tx& tx, absl::Time now, const std::string& actor, std::string_view method,
                 const std::string& subject, const std::string& reason) {
  const int64_t seq = sql::NextIds(tx, "event", 1);
  const int64_t time = absl::ToUnixMillis(now);
  const std::string name(method.substr(method.rfind('/') + 1));
  tx.db() << "INSERT INTO events (seq, event_time, actor, method, subject, reason) "
             "VALUES (:seq, :time, :actor, :method, :subject, :reason)",
      use(seq, "seq"), use(time, "time"), use(actor, "actor"), use(name, "method"),
      use(subject, "subject"), use(reason, "reason");
}

void RecordEvents(Tx& tx, absl::Time now, absl::Span<const std::string> actors,
                  std::string_view method, const std::string& subject) {
  if (actors.empty()) return;
  int64_t seq = sql::NextIds(tx, "event", static_cast<int64_t>(actors.size()));
  sql::BulkRows rows({"seq", "event_time", "actor", "method", "subject", "reason"});
  for (const std::string& actor : actors) {
    rows.Int(seq++).Int(absl::ToUnixMillis(now)).Text(actor);
    rows.Text(method.substr(method.rfind('/') + 1)).Text(subject).Text("").EndRow();
  }
  rows.InsertInto(tx, "events");
}

}  // namespace lingkaran::sponsorship
