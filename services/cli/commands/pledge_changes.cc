#include "services/cli/commands/pledge_changes.h"

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

void AddReplace(Commands& commands, CLI::App* noun) {
  struct Options {
    int64_t pledge_id = 0;
    std::vector<int64_t> workers;
    std::vector<std::string> reasons;
    int32_t from_month = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "replace", "Give seats to the next of the reserve list; the money follows",
      "pledge replace 1 --worker 17 --reason meninggal --worker 18 --reason \"sudah peserta\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        const size_t reasons = options->reasons.size();
        if (reasons != 1 && reasons != options->workers.size()) {
          return absl::InvalidArgumentError(
              "beri satu --reason untuk semua, atau satu untuk setiap --worker.");
        }
        sponsorship::v1::ReplaceWorkersRequest request;
        request.set_pledge_id(options->pledge_id);
        for (size_t i = 0; i < options->workers.size(); ++i) {
          sponsorship::v1::ReplacementLine* line = request.add_lines();
          line->set_worker_id(options->workers[i]);
          line->set_from_month(options->from_month);
          line->set_reason(options->reasons[reasons == 1 ? 0 : i]);
        }
        sponsorship::v1::ReplaceWorkersResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::ReplaceWorkers,
                                       request, &reply));
        RETURN_IF_ERROR(
            session.Show(reply, [&](std::ostream& out) { PrintReplacements(out, reply); }));
        bool all = true;
        for (const auto& result : reply.results()) all = all && result.status().code() == 0;
        return all ? kYes : kNo;
      });
  verb->add_option("PLEDGE", options->pledge_id, "The pledge")->required()->type_name("");
  verb->add_option("--worker", options->workers, "Who leaves; repeatable")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("");
  verb->add_option("--reason", options->reasons, "Why; once for all or once for each worker")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("");
  AddMonth(verb, "--from-month", &options->from_month,
           "First month to take back, all months unless given");
}

void AddRefund(Commands& commands, CLI::App* noun) {
  struct Options {
    sponsorship::v1::RefundPledgeRequest request;
    int64_t pledge_id = 0, amount = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "refund", "Record that available money was paid back",
      "pledge refund 1 --amount Rp1.000.000 --reference TRF-889 --reason \"perjanjian pasal 4\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        options->request.set_pledge_id(options->pledge_id);
        options->request.set_amount_rupiah(options->amount);
        sponsorship::v1::RefundPledgeResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::RefundPledge,
                                       options->request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          out << "Dikembalikan " << MoneyText(reply.refunded_rupiah()) << ".\n";
          PrintFunds(out, reply.pledge().funds());
        }));
        return kYes;
      });
  verb->add_option("PLEDGE", options->pledge_id, "The pledge")->required()->type_name("");
  AddMoney(verb, "--amount", &options->amount, "How much, all that is available unless given");
  verb->add_option("--reference", *options->request.mutable_bank_reference(),
                   "Bank reference of the transfer back")
      ->required()
      ->type_name("");
  verb->add_option("--reason", *options->request.mutable_reason(), "Why")
      ->required()
      ->type_name("");
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

void AddPlan(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  auto day = std::make_shared<int32_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "plan", "Who runs out when, who has gone on, and what going on costs",
      "pledge plan 1 --day \"1 Februari 2020\"\n"
      "  lingkaran --field open_worker_ids pledge plan 1 > belum-lanjut.txt",
      [id, day](Session& session) -> absl::StatusOr<ExitCode> {
        sponsorship::v1::PlanContinuationRequest request;
        request.set_pledge_id(*id);
        request.set_day(*day);
        sponsorship::v1::PlanContinuationResponse reply;
        RETURN_IF_ERROR(session.Call(session.sponsorship(), &SponsorshipStub::PlanContinuation,
                                     request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintPlan(out, reply); }));
        return kYes;
      });
  verb->add_option("PLEDGE", *id, "The pledge")->required()->type_name("");
  AddDay(verb, "--day", day.get(), "As seen on this day, today unless given");
}

void PrintEntries(std::ostream& out, const sponsorship::v1::GetStatementResponse& reply) {
  Table table({">Transaksi", "Waktu", "Rekening", "Jenis", "Rujukan", ">Jumlah"});
  for (const sponsorship::v1::LedgerEntry& entry : reply.entries()) {
    table.Row({std::to_string(entry.transaction_id()), TimeText(entry.post_time()),
               LedgerAccountText(entry.account()), LedgerKindText(entry.kind()), entry.reference(),
               MoneyText(entry.amount_rupiah())});
  }
  table.Print(out);
}

void AddStatement(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "statement", "The ledger of a pledge, oldest first", "pledge statement 1",
      [id](Session& session) -> absl::StatusOr<ExitCode> {
        sponsorship::v1::GetStatementRequest request;
        sponsorship::v1::GetStatementResponse reply;
        request.set_pledge_id(*id);
        do {
          RETURN_IF_ERROR(
              session.Call(session.sponsorship(), &SponsorshipStub::GetStatement, request, &reply));
          const bool last = reply.next_page_token().empty();
          RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
            PrintEntries(out, reply);
            if (last) PrintFunds(out, reply.funds());
          }));
          request.set_page_token(reply.next_page_token());
        } while (!reply.next_page_token().empty());
        return kYes;
      });
  verb->add_option("PLEDGE", *id, "The pledge")->required()->type_name("");
}

}  // namespace

void AddPledgeLifeCommands(Commands& commands, CLI::App* noun) {
  AddReplace(commands, noun);
  AddRefund(commands, noun);
  AddPlan(commands, noun);
  AddStatement(commands, noun);
}

}  // namespace lingkaran::cli
