// lingkaran pledge: replacement, refund, continuation, statement.
#include "services/cli/commands/nouns.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/render/pledge_text.h"

namespace lingkaran::cli {
namespace {

void PrintReplacements(std::ostream& out, const sponsorship::v1::ReplaceWorkersResponse& reply) {
  Table table({">Keluar", ">Pengganti", "Nomor peserta", ">Iuran ditarik", ">Iuran baru",
               ">Uang pindah", ">Uang kembali", "Hasil"});
  for (const sponsorship::v1::ReplacementResult& result : reply.results()) {
    table.Row({std::to_string(result.worker_id()),
               result.new_worker_id() == 0 ? "-" : std::to_string(result.new_worker_id()),
               result.membership_number(), CountText(result.revoked_person_months()),
               CountText(result.activated_person_months()), MoneyText(result.moved_rupiah()),
               MoneyText(result.released_rupiah()),
               result.status().code() == 0 ? "diganti" : ErrorText(result.status())});
  }
  table.Print(out);
}

void AddReplace(Noun& noun) {
  struct Options {
    std::vector<int64_t> workers;
    std::vector<std::string> reasons;
    sponsorship::v1::ReplacementLine line;  // what is the same for all
  };
  auto options = std::make_shared<Options>();
  const auto prepare = [options](sponsorship::v1::ReplaceWorkersRequest& request) -> absl::Status {
    const size_t reasons = options->reasons.size();
    if (reasons != 1 && reasons != options->workers.size()) {
      return absl::InvalidArgumentError(
          "beri satu --reason untuk semua, atau satu untuk setiap --worker.");
    }
    for (size_t i = 0; i < options->workers.size(); ++i) {
      sponsorship::v1::ReplacementLine& line = *request.add_lines();
      line = options->line;
      line.set_worker_id(options->workers[i]);
      line.set_reason(options->reasons[reasons == 1 ? 0 : i]);
    }
    return absl::OkStatus();
  };
  noun.AddRpc(
          "replace", "Give seats to the next of the reserve list; the money follows",
          "pledge replace 1 --worker 17 --reason meninggal --worker 18 --reason \"sudah peserta\"",
          &SponsorshipStub::ReplaceWorkers, PrintReplacements)
      .Prepare(prepare)
      .Code([](const auto& reply) { return CodeOfResults(reply.results()); })
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired},
                {"--worker", &options->workers, "Who leaves; repeatable", kRequired | kRepeatable},
                {"--reason", &options->reasons, "Why; once for all or once for each worker",
                 kRequired | kRepeatable},
                {"--from-month", FieldOf{&options->line, "from_month"},
                 "First month to take back, all months unless given"}});
}

void PrintPlan(std::ostream& out, const sponsorship::v1::PlanContinuationResponse& plan) {
  out << "Keadaan pada " << DayText(plan.day()) << ":\n";
  Table table({"Hari terakhir", "Bisa dilanjutkan sampai", ">Pekerja"});
  for (const sponsorship::v1::ContinuationGroup& group : plan.groups()) {
    table.Row(
        {DayText(group.last_day()), DayText(group.grace_until()), CountText(group.workers())});
  }
  table.Print(out);
  PrintFacts(out, {{"Pekerja dari donasi ini", CountText(plan.workers())},
                   {"  melanjutkan dengan uang sendiri", CountText(plan.self_paying())},
                   {"  diambil alih anggaran pemerintah", CountText(plan.taken_over_by_budget())},
                   {"  diambil alih donatur lain", CountText(plan.taken_over_by_sponsor())},
                   {"  masih terlindungi donasi ini", CountText(plan.still_covered())},
                   {"  berakhir, masih bisa dilanjutkan", CountText(plan.in_grace())},
                   {"  berakhir, harus daftar ulang", CountText(plan.lapsed())},
                   {"Yang melanjutkan", PercentText(plan.conversion_basis_points())},
                   {"Iuran sebulan bila bayar sendiri", MoneyText(plan.monthly_price_rupiah())}});
}

void PrintStatement(std::ostream& out, const sponsorship::v1::GetStatementResponse& reply) {
  Table table({">Transaksi", "Waktu", "Rekening", "Jenis", "Rujukan", ">Jumlah"});
  for (const sponsorship::v1::LedgerEntry& entry : reply.entries()) {
    table.Row({std::to_string(entry.transaction_id()), TimeText(entry.post_time()),
               LedgerAccountText(entry.account()), LedgerKindText(entry.kind()), entry.reference(),
               MoneyText(entry.amount_rupiah())});
  }
  table.Print(out);
  if (reply.next_page_token().empty()) PrintFunds(out, reply.funds());
}

}  // namespace

void AddPledgeChanges(Noun& noun) {
  AddReplace(noun);
  noun.AddRpc("refund", "Record that available money was paid back",
              "pledge refund 1 --amount Rp1.000.000 --reference TRF-889 --reason \"perjanjian "
              "pasal 4\"",
              &SponsorshipStub::RefundPledge,
              [](std::ostream& out, const auto& reply) {
                out << "Dikembalikan " << MoneyText(reply.refunded_rupiah()) << ".\n";
                PrintFunds(out, reply.pledge().funds());
              })
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired},
                {"--amount", "amount_rupiah", "How much, all that is available unless given"},
                {"--reference", "bank_reference", "Bank reference of the transfer back", kRequired},
                {"--reason", "reason", "Why", kRequired}});
  noun.AddRpc("plan", "Who runs out when, who has gone on, and what going on costs",
              "pledge plan 1 --day \"1 Februari 2020\"\n"
              "  lingkaran --field open_worker_ids pledge plan 1 > belum-lanjut.txt",
              &SponsorshipStub::PlanContinuation, PrintPlan)
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired},
                {"--day", "day", "As seen on this day, today unless given"}});
  noun.AddRpc("statement", "The ledger of a pledge, oldest first", "pledge statement 1",
              &SponsorshipStub::GetStatement, PrintStatement)
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired}});
}

}  // namespace lingkaran::cli
