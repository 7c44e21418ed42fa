#include "services/sponsorship/store/contributions.h"

#include <soci/soci.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/sponsorship/store/ledger_entries.h"

namespace lingkaran::sponsorship {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

int64_t InsertContribution(Tx& tx, const ContributionRow& c,
                           const std::vector<ContributionLineRow>& lines) {
  const int64_t id = sql::NextIds(tx, "contribution", 1);
  sql::BulkRows row({"contribution_id", "payer_class", "sponsor_id", "bank_reference",
                     "fingerprint", "amount", "wage_base", "sector", "state", "unused", "token",
                     "create_time"});
  row.Int(id).Int(static_cast<int>(c.payer_class)).Int(c.sponsor_id).Text(c.bank_reference);
  row.Text(c.fingerprint).Int(c.amount.amount()).Int(c.wage_base.amount());
  row.Int(static_cast<int>(c.sector)).Int(0).Int(0).Text("").Int(c.create_time);
  row.EndRow();
  row.InsertInto(tx, "contributions");
  sql::BulkRows rows({"contribution_id", "line", "worker_id", "first_day", "schedule", "amount",
                      "cover_first_day", "cover_last_day", "code", "error_reason", "message"});
  for (const ContributionLineRow& line : lines) {
    rows.Int(id).Int(line.line).Int(line.worker_id).Int(line.first_day);
    rows.Text(line.schedule.ToText()).Int(line.schedule.PerSeat().amount());
    rows.Int(0).Int(0).Int(0).Text("").Text("");
    rows.EndRow();
  }
  rows.InsertInto(tx, "contribution_lines");
  OpenAccounts(tx, 0,
               {ContributionAccount(id, "reserved"), ContributionAccount(id, "spent"),
                ContributionAccount(id, "unused")});
  return id;
}

absl::StatusOr<ContributionRow> GetContribution(Tx& tx, int64_t contribution_id) {
  ContributionRow c;
  int payer_class = 0, sector = 0, state = 0;
  int64_t amount = 0, wage_base = 0, unused = 0;
  tx.db()
      << "SELECT contribution_id, payer_class, sponsor_id, bank_reference, fingerprint, amount, "
         "wage_base, sector, state, unused, token, create_time FROM contributions "
         "WHERE contribution_id = :id",
      into(c.contribution_id), into(payer_class), into(c.sponsor_id), into(c.bank_reference),
      into(c.fingerprint), into(amount), into(wage_base), into(sector), into(state), into(unused),
      into(c.token), into(c.create_time), use(contribution_id, "id");
  if (!tx.db().got_data()) {
    return absl::InternalError(absl::StrCat("there is no contribution ", contribution_id));
  }
  c.payer_class = static_cast<PayerClass>(payer_class);
  c.sector = static_cast<Sector>(sector);
  c.amount = Rupiah(amount);
  c.wage_base = Rupiah(wage_base);
  c.unused = Rupiah(unused);
  c.done = state != 0;
  return c;
}

absl::StatusOr<std::vector<ContributionLineRow>> ListContributionLines(Tx& tx,
                                                                       int64_t contribution_id) {
  std::vector<ContributionLineRow> lines;
  absl::Status status;
  ContributionLineRow l;
  std::string schedule;
  ForEach(
      tx,
      "SELECT line, worker_id, first_day, schedule, cover_first_day, cover_last_day, code, "
      "error_reason, message FROM contribution_lines WHERE contribution_id = :id ORDER BY line",
      [&] {
        absl::StatusOr<PriceSchedule> parsed = PriceSchedule::Parse(schedule);
        if (!parsed.ok()) {
          status = parsed.status();
          return;
        }
        l.schedule = *std::move(parsed);
        lines.push_back(l);
      },
      into(l.line), into(l.worker_id), into(l.first_day), into(schedule), into(l.cover_first_day),
      into(l.cover_last_day), into(l.code), into(l.error_reason), into(l.message),
      use(contribution_id, "id"));
  RETURN_IF_ERROR(status);
  return lines;
}

void FinishContribution(Tx& tx, const ContributionRow& c,
                        const std::vector<ContributionLineRow>& lines) {
  const int64_t unused = c.unused.amount();
  tx.db() << "UPDATE contributions SET state = 1, unused = :unused, token = :token "
             "WHERE contribution_id = :id",
      use(unused, "unused"), use(c.token, "token"), use(c.contribution_id, "id");
  for (const ContributionLineRow& l : lines) {
    tx.db() << "UPDATE contribution_lines SET cover_first_day = :first, cover_last_day = :last, "
               "code = :code, error_reason = :reason, message = :message "
               "WHERE contribution_id = :id AND line = :line",
        use(l.cover_first_day, "first"), use(l.cover_last_day, "last"), use(l.code, "code"),
        use(l.error_reason, "reason"), use(l.message, "message"), use(c.contribution_id, "id"),
        use(l.line, "line");
  }
}

}  // namespace lingkaran::sponsorship
