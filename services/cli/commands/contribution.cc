// lingkaran contribution: months of single members, paid by themselves or by a budget.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

using sponsorship::v1::PayContributionRequest;
using sponsorship::v1::PayContributionResponse;

constexpr size_t kMostWorkers = 500;

struct PayOptions {
  bool self = false;
  common::v1::PayerClass payer = common::v1::PAYER_CLASS_UNSPECIFIED;
  int64_t sponsor_id = 0;
  std::vector<int64_t> workers;
  std::string workers_file;
  std::vector<int> programmes = {common::v1::PROGRAMME_JKK, common::v1::PROGRAMME_JKM};
  int32_t months = 1;
  int32_t first_month = 0;
  int64_t wage_base = 0;
  common::v1::Sector sector = common::v1::SECTOR_UNSPECIFIED;
  std::string reference;
  int64_t amount = 0;
};

absl::Status CheckOptions(PayOptions& options) {
  if (options.self == (options.payer != common::v1::PAYER_CLASS_UNSPECIFIED)) {
    return absl::InvalidArgumentError("pilih salah satu: --self, atau --payer dengan --sponsor.");
  }
  if (options.self) options.payer = common::v1::PAYER_CLASS_SELF;
  if (!options.workers_file.empty()) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> ids, ReadIds(options.workers_file));
    options.workers.insert(options.workers.end(), ids.begin(), ids.end());
  }
  if (options.workers.empty()) {
    return absl::InvalidArgumentError("sebutkan pekerja dengan --worker atau --workers BERKAS.");
  }
  return absl::OkStatus();
}

// The price of one worker's months.
absl::StatusOr<int64_t> PricePerWorker(Session& session, const PayOptions& options) {
  coverage::v1::QuoteContributionRequest request;
  request.set_seats(1);
  request.set_months(options.months);
  for (const int programme : options.programmes) {
    request.add_programmes(static_cast<common::v1::Programme>(programme));
  }
  request.set_wage_base_rupiah(options.wage_base);
  request.set_payer_class(options.payer);
  request.set_sector(options.sector);
  if (options.first_month != 0) request.set_first_day(options.first_month * 100 + 1);
  coverage::v1::QuoteContributionResponse reply;
  RETURN_IF_ERROR(
      session.Call(session.coverage(), &CoverageStub::QuoteContribution, request, &reply));
  return reply.total_rupiah();
}

// One transfer: a worker's own, or a budget's for up to 500 of them.
struct Transfer {
  std::vector<int64_t> workers;
  std::string reference;
};

std::vector<Transfer> ToTransfers(const PayOptions& options) {
  const size_t size = options.self ? 1 : kMostWorkers;
  std::vector<Transfer> transfers;
  for (size_t i = 0; i < options.workers.size(); i += size) {
    const size_t end = std::min(i + size, options.workers.size());
    Transfer transfer;
    transfer.workers.assign(options.workers.begin() + i, options.workers.begin() + end);
    transfer.reference = options.reference;
    if (options.workers.size() > size) {
      absl::StrAppend(&transfer.reference, "-", options.self ? transfer.workers[0] : i / size + 1);
    }
    transfers.push_back(std::move(transfer));
  }
  return transfers;
}

// Totals over all transfers.
struct PaySums {
  int covered = 0, refused = 0, repeated = 0;
  int64_t paid = 0, unused = 0;
  int32_t last_day = 0;
  std::vector<std::string> refusals;
};

void TakeReply(const PayContributionResponse& reply, int64_t amount, PaySums* sums) {
  sums->repeated += reply.already_recorded() ? 1 : 0;
  sums->paid += amount;
  sums->unused += reply.unused_rupiah();
  for (const auto& result : reply.results()) {
    if (result.status().code() == 0) {
      ++sums->covered;
      sums->last_day = std::max(sums->last_day, result.last_day());
    } else {
      ++sums->refused;
      sums->refusals.push_back(
          absl::StrCat("pekerja ", result.worker_id(), ": ", ErrorText(result.status())));
    }
  }
}

void PrintSums(std::ostream& out, const PayOptions& options, const PaySums& sums) {
  PrintFacts(
      out, {{"Pembayar", Label(options.payer)},
            {"Iuran menutup", CountText(sums.covered) + " orang, sampai " + DayText(sums.last_day)},
            {"Dibayar", MoneyText(sums.paid)},
            {"Tidak dapat dilindungi", CountText(sums.refused)},
            {"Kembali ke pembayar", MoneyText(sums.unused)},
            {"Bukti yang sudah tercatat sebelumnya",
             sums.repeated == 0 ? "" : CountText(sums.repeated)}});
  for (const std::string& refusal : sums.refusals) out << "  " << refusal << '\n';
}

// Says so if what one worker just paid ended before today, which is the service's day where he
// lives. Paid is paid: nothing is said if the service can't tell.
void WarnIfOver(Session& session, const PayOptions& options, const PaySums& sums) {
  const bool people = !session.globals().json && session.globals().fields.empty();
  if (!people || !options.self || options.workers.size() != 1 || sums.covered != 1) return;
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(options.workers[0]);
  coverage::v1::CheckEligibilityResponse reply;
  const absl::Status asked =
      session.Call(session.coverage(), &CoverageStub::CheckEligibility, request, &reply);
  if (!asked.ok() || sums.last_day >= reply.day()) return;
  session.ShowPeople([&](std::ostream& out) {
    out << Wrapped("Perhatian: iuran ini menutup sampai " + DayText(sums.last_day) +
                       ", sudah lewat pada " + DayText(reply.day()) +
                       ". Orang itu BELUM terlindungi hari ini oleh iuran ini: bayar bulan "
                       "berikutnya.",
                   0);
  });
}

absl::StatusOr<ExitCode> Pay(Session& session, PayOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  int64_t price = 0;
  if (options.amount == 0) {
    ASSIGN_OR_RETURN(price, PricePerWorker(session, options));
  }
  const std::vector<Transfer> transfers = ToTransfers(options);
  if (options.amount != 0 && transfers.size() > 1) {
    return absl::InvalidArgumentError(
        "--amount hanya untuk satu setoran; tanpa --amount jumlahnya dihitung dari tarif.");
  }
  PaySums sums;
  {
    Progress progress(session.err(), "Menyetor", static_cast<int64_t>(transfers.size()),
                      transfers.size() > 1 ? session.progress_style() : ProgressStyle::kNone);
    for (size_t i = 0; i < transfers.size(); ++i) {
      PayContributionRequest request;
      request.set_payer_class(options.payer);
      request.set_sponsor_id(options.sponsor_id);
      for (const int64_t id : transfers[i].workers) request.add_worker_ids(id);
      for (const int programme : options.programmes) {
        request.add_programmes(static_cast<common::v1::Programme>(programme));
      }
      request.set_months(options.months);
      request.set_first_month(options.first_month);
      request.set_wage_base_rupiah(options.wage_base);
      request.set_sector(options.sector);
      request.set_bank_reference(transfers[i].reference);
      request.set_amount_rupiah(options.amount != 0
                                    ? options.amount
                                    : price * static_cast<int64_t>(transfers[i].workers.size()));
      PayContributionResponse reply;
      RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::PayContribution,
                                     request, &reply, std::to_string(i + 1)));
      TakeReply(reply, request.amount_rupiah(), &sums);
      progress.Update(static_cast<int64_t>(i) + 1);
      RETURN_IF_ERROR(session.Show(reply, [](std::ostream&) {}));
    }
  }
  session.ShowPeople([&](std::ostream& out) { PrintSums(out, options, sums); });
  WarnIfOver(session, options, sums);
  return sums.refused == 0 ? kYes : kNo;
}

}  // namespace

void AddContributionCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("contribution", "Months of single members");
  auto options = std::make_shared<PayOptions>();
  CLI::App* verb = commands.Verb(
      noun, "pay", "Pay months of members: by themselves, or by a budget for a list of them",
      "contribution pay --self --worker 17 --months 1 --reference TRF-1\n"
      "  lingkaran contribution pay --payer apbd --sponsor 2 --workers lanjut.txt --months 3 \\\n"
      "      --reference SP2D-14\n\n"
      "With --self and several workers each pays by a transfer of his own: REFERENCE-<worker>.",
      [options](Session& session) { return Pay(session, *options); });
  verb->add_flag("--self", options->self, "Each worker pays for himself");
  AddEnum(verb, "--payer", &options->payer, "The budget that pays");
  verb->add_option("--sponsor", options->sponsor_id, "The budget's sponsor id")->type_name("");
  verb->add_option("--worker", options->workers, "A member; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("");
  verb->add_option("--workers", options->workers_file, "File with one worker id per line")
      ->type_name("");
  AddProgrammes(verb, &options->programmes);
  verb->add_option("--months", options->months, "How many months")
      ->check(Positive())
      ->capture_default_str()
      ->type_name("");
  AddMonth(verb, "--first-month", &options->first_month,
           "First month, the one after the last paid one unless given");
  AddMoney(verb, "--wage-base", &options->wage_base, "Declared monthly income");
  AddEnum(verb, "--sector", &options->sector, "Line of work that prices it");
  verb->add_option("--reference", options->reference, "The bank's reference")
      ->required()
      ->type_name("");
  AddMoney(verb, "--amount", &options->amount, "What was paid, by tariff unless given");
}

}  // namespace lingkaran::cli
