// lingkaran payment
#include "absl/strings/str_cat.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

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
  commands.AddNoun("payment", "Money that came in")
      .AddRpc("record", "Record what the bank says was paid; a bank reference counts once",
              "payment record --code 1234567890 --reference BNK-1 --amount Rp50.400.000 --date "
              "06/11/2019",
              &SponsorshipStub::RecordPayment, PrintPayment)
      .Options({{"--code", "payment_code", "Payment code of the invoice", kRequired},
                {"--reference", "bank_reference", "The bank's reference", kRequired},
                {"--amount", "amount_rupiah", "How much", kRequired},
                {"--date", "value_day", "The bank's value date, today unless given"}});
}

}  // namespace lingkaran::cli
