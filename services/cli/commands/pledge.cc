// lingkaran pledge: making, showing and ending promises. Their later life is in pledge_changes.cc.
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/render/pledge_text.h"

namespace lingkaran::cli {
namespace {

// What is promised, in a quote and in a pledge alike; JKK and JKM unless given.
template <typename Request, typename Response>
void AddTerms(RpcVerb<Request, Response>& verb) {
  verb.request.add_programmes(common::v1::PROGRAMME_JKK);
  verb.request.add_programmes(common::v1::PROGRAMME_JKM);
  verb.Options(
      {{"--seats", "seats", "How many workers", kRequired},
       {"--months", "months", "How long", kRequired},
       {"--programme", "programmes", "Programmes, jkk,jkm unless given"},
       {"--wage-base", "wage_base_rupiah", "Declared monthly income, lowest band unless given"},
       {"--sector", "sector", "Line of work that prices it"},
       {"--first-day", "first_day", "First day of cover, today unless given"}});
}

void AddQuote(Noun& noun) {
  auto& quote = noun.AddRpc(
      "quote", "What a pledge would cost, and what it means for a family; changes nothing",
      "pledge quote --seats 1000 --months 3 --payer csr --first-day \"1 Maret 2025\"",
      &CoverageStub::QuoteContribution, nullptr);
  quote.print = [&quote](std::ostream& out, const auto& reply) {
    PrintQuote(out, reply, quote.request.seats());
  };
  AddTerms(quote);
  quote.Options({{"--payer", "payer_class", "Who pays", kRequired}});
}

void AddCreate(Noun& noun) {
  auto& create = noun.AddRpc(
      "create", "Take a promise; answers with price, invoice and payment code",
      "pledge create --sponsor 1 --seats 1000 --months 3 --region 33.72 --disabled-first",
      &SponsorshipStub::CreatePledge, [](std::ostream& out, const auto& reply) {
        PrintQuote(out, reply.quote(), reply.pledge().seats());
        out << '\n';
        PrintPledge(out, reply.pledge());
      });
  create.Options({{"--sponsor", "sponsor_id", "The sponsor's id", kRequired}});
  AddTerms(create);
  create.Options({{"--region", "criteria.region_code", "For workers of this area", kRequired},
                  {"--disabled-first", "criteria.disabled_first", "Disabled workers come first"},
                  {"--disabled-only", "criteria.disabled_only", "Only disabled workers"},
                  {"--only-sector", "criteria.sector", "Only workers of this line of work"},
                  {"--min-age", "criteria.min_age_years", "Youngest age"},
                  {"--max-age", "criteria.max_age_years", "Oldest age"},
                  {"--max-income", "criteria.max_income_rupiah", "Highest monthly income"},
                  {"--batch", "criteria.batch_id", "Only candidates of this list"}});
}

void PrintPledges(std::ostream& out, const sponsorship::v1::ListPledgesResponse& reply) {
  Table table(
      {">Nomor", ">Donatur", ">Orang", ">Bulan", "Mulai", "Keadaan", ">Tagihan", ">Terisi"});
  for (const sponsorship::v1::Pledge& pledge : reply.pledges()) {
    table.Row({std::to_string(pledge.pledge_id()), std::to_string(pledge.sponsor_id()),
               CountText(pledge.seats()), std::to_string(pledge.months()),
               DayText(pledge.first_day()), Label(pledge.state()),
               MoneyText(pledge.invoice().amount_rupiah()), CountText(pledge.seats_filled())});
  }
  table.Print(out);
}

}  // namespace

void AddPledgeCommands(Commands& commands) {
  Noun noun = commands.AddNoun("pledge", "Promises of sponsors: seats x months");
  const auto print = [](std::ostream& out, const auto& reply) { PrintPledge(out, reply.pledge()); };
  AddQuote(noun);
  AddCreate(noun);
  noun.AddRpc("show", "One pledge with its money and seats", "pledge show 1",
              &SponsorshipStub::GetPledge, print)
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired}});
  noun.AddRpc("list", "Pledges in the order of their numbers", "pledge list --sponsor 1",
              &SponsorshipStub::ListPledges, PrintPledges)
      .Options({{"--sponsor", "sponsor_id", "Only of this sponsor"}});
  noun.AddRpc("cancel", "End a pledge; money that is not spent becomes the sponsor's credit",
              "pledge cancel 1 --reason \"atas permintaan donatur\"",
              &SponsorshipStub::CancelPledge, print)
      .Options({{"PLEDGE", "pledge_id", "The pledge", kRequired},
                {"--reason", "reason", "Why", kRequired}});
  AddPledgeChanges(noun);
}

}  // namespace lingkaran::cli
