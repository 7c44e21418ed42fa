// lingkaran contribution: months of single members, paid by themselves or by a budget.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/files.h"

namespace lingkaran::cli {
namespace {

using sponsorship::v1::PayContributionRequest;
using sponsorship::v1::PayContributionResponse;

constexpr int kMostWorkers = 500;

struct PayOptions {
  bool self = false;
  std::string workers_file;
  PayContributionRequest request;  // of all workers; cut into transfers
};

absl::Status CheckOptions(PayOptions& options) {
  PayContributionRequest& request = options.request;
  if (options.self == (request.payer_class() != common::v1::PAYER_CLASS_UNSPECIFIED)) {
    return absl::InvalidArgumentError("pilih salah satu: --self, atau --payer dengan --sponsor.");
  }
  if (options.self) request.set_payer_class(common::v1::PAYER_CLASS_SELF);
  if (!options.workers_file.empty()) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> ids, ReadIds(options.workers_file));
    request.mutable_worker_ids()->Add(ids.begin(), ids.end());
  }
  if (request.worker_ids().empty()) {
    return absl::InvalidArgumentError("sebutkan pekerja dengan --worker atau --workers BERKAS.");
  }
  return absl::OkStatus();
}

// The price of one worker's months.
absl::StatusOr<int64_t> PricePerWorker(Session& session, const PayContributionRequest& payment) {
  coverage::v1::QuoteContributionRequest request;
  request.set_seats(1);
  request.set_months(payment.months());
  *request.mutable_programmes() = payment.programmes();
  request.set_wage_base_rupiah(payment.wage_base_rupiah());
  request.set_payer_class(payment.payer_class());
  request.set_sector(payment.sector());
  if (payment.first_month() != 0) request.set_first_day(payment.first_month() * 100 + 1);
  coverage::v1::QuoteContributionResponse reply;
  RETURN_IF_ERROR(session.Call(&CoverageStub::QuoteContribution, request, &reply));
  return reply.total_rupiah();
}

// One request for each transfer: a worker's own, or a budget's for up to 500 of them.
std::vector<PayContributionRequest> ToTransfers(const PayOptions& options) {
  const auto& workers = options.request.worker_ids();
  const int size = options.self ? 1 : kMostWorkers;
  std::vector<PayContributionRequest> transfers;
  for (int i = 0; i < workers.size(); i += size) {
    PayContributionRequest& transfer = transfers.emplace_back(options.request);
    transfer.clear_worker_ids();
    transfer.mutable_worker_ids()->Add(workers.begin() + i,
                                       workers.begin() + std::min(i + size, workers.size()));
    if (workers.size() > size) {
      absl::StrAppend(transfer.mutable_bank_reference(), "-",
                      options.self ? workers[i] : i / size + 1);
    }
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
      out, {{"Pembayar", Label(options.request.payer_class())},
            {"Iuran menutup", CountText(sums.covered) + " orang, sampai " + DayText(sums.last_day)},
            {"Dibayar", MoneyText(sums.paid)},
            {"Tidak dapat dilindungi", CountText(sums.refused)},
            {"Kembali ke pembayar", MoneyText(sums.unused)},
            {"Bukti yang sudah tercatat sebelumnya",
             sums.repeated == 0 ? "" : CountText(sums.repeated)}});
  for (const std::string& refusal : sums.refusals) out << "  " << refusal << '\n';
}

// Says so if what one worker just paid ended before today, which is the service's day where
// they live. Paid is paid: nothing is said if the service can't tell.
void WarnIfOver(Session& session, const PayOptions& options, const PaySums& sums) {
  const bool people = !session.globals().json && session.globals().fields.empty();
  if (!people || !options.self || options.request.worker_ids_size() != 1 || sums.covered != 1)
    return;
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(options.request.worker_ids(0));
  coverage::v1::CheckEligibilityResponse reply;
  const absl::Status asked = session.Call(&CoverageStub::CheckEligibility, request, &reply);
  if (!asked.ok() || sums.last_day >= reply.day()) return;
  session.ShowPeople([&](std::ostream& out) {
    out << Wrapped(
        "Perhatian: iuran ini menutup sampai " + DayText(sums.last_day) + ", sudah lewat pada " +
            DayText(reply.day()) +
            ". Orang itu BELUM terlindungi hari ini oleh iuran ini: bayar bulan berikutnya.",
        0);
  });
}

absl::StatusOr<ExitCode> Pay(Session& session, PayOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  const bool priced = options.request.amount_rupiah() == 0;
  int64_t price = 0;
  if (priced) {
    ASSIGN_OR_RETURN(price, PricePerWorker(session, options.request));
  }
  std::vector<PayContributionRequest> transfers = ToTransfers(options);
  if (!priced && transfers.size() > 1) {
    return absl::InvalidArgumentError(
        "--amount hanya untuk satu setoran; tanpa --amount jumlahnya dihitung dari tarif.");
  }
  PaySums sums;
  {
    Progress progress(session.err(), "Menyetor", static_cast<int64_t>(transfers.size()),
                      transfers.size() > 1 ? session.progress_style() : ProgressStyle::kNone);
    for (size_t i = 0; i < transfers.size(); ++i) {
      PayContributionRequest& request = transfers[i];
      if (priced) request.set_amount_rupiah(price * request.worker_ids_size());
      PayContributionResponse reply;
      RETURN_IF_ERROR(
          session.Call(&SponsorshipStub::PayContribution, request, &reply, std::to_string(i + 1)));
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
  Noun noun = commands.AddNoun("contribution", "Months of single members");
  auto options = std::make_shared<PayOptions>();
  PayContributionRequest* request = &options->request;
  request->add_programmes(common::v1::PROGRAMME_JKK);
  request->add_programmes(common::v1::PROGRAMME_JKM);
  request->set_months(1);
  noun.AddVerb(
          "pay", "Pay months of members: by themselves, or by a budget for a list of them",
          "contribution pay --self --worker 17 --months 1 --reference TRF-1\n"
          "  lingkaran contribution pay --payer apbd --sponsor 2 --workers lanjut.txt --months "
          "3 \\\n"
          "      --reference SP2D-14\n\n"
          "With --self and several workers each pays by a transfer of their own: "
          "REFERENCE-<worker>.",
          [options](Session& session) { return Pay(session, *options); }, request)
      .Options({{"--self", &options->self, "Each worker pays for themselves"},
                {"--payer", "payer_class", "The budget that pays"},
                {"--sponsor", "sponsor_id", "The budget's sponsor id"},
                {"--worker", "worker_ids", "A member; repeatable", kRepeatable},
                {"--workers", &options->workers_file, "File with one worker id per line"},
                {"--programme", "programmes", "Programmes, jkk,jkm unless given"},
                {"--months", "months", "How many months", kPositive | kShowDefault},
                {"--first-month", "first_month",
                 "First month, the one after the last paid one unless given"},
                {"--wage-base", "wage_base_rupiah", "Declared monthly income"},
                {"--sector", "sector", "Line of work that prices it"},
                {"--reference", "bank_reference", "The bank's reference", kRequired},
                {"--amount", "amount_rupiah", "What was paid, by tariff unless given"}});
}

}  // namespace lingkaran::cli
