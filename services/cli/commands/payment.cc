// lingkaran payment
#include "absl/strings/str_cat.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

void PrintPayment(std::ostream& out, const sponsorship::v1::RecordPaymentResponse& reply) {
  if (reply.already_recorded()) {
    out << "Bukti bank ini sudah tercatat sebelumnya (pembayaran " << reply.payment_id()
        << "); tidak ada yang berubah.\n";
  }
  PrintFacts(out,
             {{"Pembayaran", std::to_string(reply.payment_id())},
              {"  untuk tagihan", MoneyText(reply.applied_rupiah())},
              {"  menjadi simpanan donatur", MoneyText(reply.credit_rupiah())},
              {"Terbayar seluruhnya", MoneyText(reply.pledge().invoice().paid_rupiah()) + " dari " +
                                          MoneyText(reply.pledge().invoice().amount_rupiah())},
              {"Cukup untuk",
               absl::StrCat(CountText(reply.paid_person_months()), " bulan-orang; ",
                            CountText(reply.paid_full_seats()), " orang lunas sampai akhir")},
              {"Keadaan", Label(reply.pledge().state())}});
}

}  // namespace

void AddPaymentCommands(Commands& commands) {
  struct Options {
    sponsorship::v1::RecordPaymentRequest request;
    int64_t amount = 0;
    int32_t day = 0;
  };
  CLI::App* noun = commands.Noun("payment", "Money that came in");
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "record", "Record what the bank says was paid; a bank reference counts once",
      "payment record --code 1234567890 --reference BNK-1 --amount Rp50.400.000 --date 06/11/2019",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        options->request.set_amount_rupiah(options->amount);
        options->request.set_value_day(options->day);
        sponsorship::v1::RecordPaymentResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::RecordPayment,
                                       options->request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintPayment(out, reply); }));
        return kYes;
      });
  verb->add_option("--code", *options->request.mutable_payment_code(),
                   "Payment code of the invoice")
      ->required()
      ->type_name("");
  verb->add_option("--reference", *options->request.mutable_bank_reference(),
                   "The bank's reference")
      ->required()
      ->type_name("");
  AddMoney(verb, "--amount", &options->amount, "How much")->required();
  AddDay(verb, "--date", &options->day, "The bank's value date, today unless given");
}

}  // namespace lingkaran::cli
