// lingkaran pledge: making, showing and ending promises. Their later life is in pledge_changes.cc.
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/render/pledge_text.h"

namespace lingkaran::cli {
namespace {

// What is promised, in a quote and in a pledge alike; JKK and JKM unless given.
template <typename Command>
void AddTerms(Command& command) {
  command.request.add_programmes(common::v1::PROGRAMME_JKK);
  command.request.add_programmes(common::v1::PROGRAMME_JKM);
  command.Add("--seats", "seats", "How many workers")->required();
  command.Add("--months", "months", "How long")->required();
  command.Add("--programme", "programmes", "Programmes, jkk,jkm unless given");
  command.Add("--wage-base", "wage_base_rupiah",
              "Declared monthly income, lowest band unless given");
  command.Add("--sector", "sector", "Line of work that prices it");
  command.Add("--first-day", "first_day", "First day of cover, today unless given");
}

void AddQuote(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "quote", "What a pledge would cost, and what it means for a family; changes nothing",
      "pledge quote --seats 1000 --months 3 --payer csr --first-day \"1 Maret 2025\"",
      &CoverageStub::QuoteContribution, nullptr);
  command->print = [request = &command->request](std::ostream& out, const auto& reply) {
    PrintQuote(out, reply, request->seats());
  };
  AddTerms(*command);
  command->Add("--payer", "payer_class", "Who pays")->required();
}

void AddCreate(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "create", "Take a promise; answers with price, invoice and payment code",
      "pledge create --sponsor 1 --seats 1000 --months 3 --region 33.72 --disabled-first",
      &SponsorshipStub::CreatePledge, [](std::ostream& out, const auto& reply) {
        PrintQuote(out, reply.quote(), reply.pledge().seats());
        out << '\n';
        PrintPledge(out, reply.pledge());
      });
  command->Add("--sponsor", "sponsor_id", "The sponsor's id")->required();
  AddTerms(*command);
  command->Add("--region", "criteria.region_code", "For workers of this area")->required();
  command->Add("--disabled-first", "criteria.disabled_first", "Disabled workers come first");
  command->Add("--disabled-only", "criteria.disabled_only", "Only disabled workers");
  command->Add("--only-sector", "criteria.sector", "Only workers of this line of work");
  command->Add("--min-age", "criteria.min_age_years", "Youngest age");
  command->Add("--max-age", "criteria.max_age_years", "Oldest age");
  command->Add("--max-income", "criteria.max_income_rupiah", "Highest monthly income");
  command->Add("--batch", "criteria.batch_id", "Only candidates of this list");
}

void AddShow(Commands& commands, CLI::App* noun) {
  const auto command =
      commands.Rpc(noun, "show", "One pledge with its money and seats", "pledge show 1",
                   &SponsorshipStub::GetPledge,
                   [](std::ostream& out, const auto& reply) { PrintPledge(out, reply.pledge()); });
  command->Add("PLEDGE", "pledge_id", "The pledge")->required();
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

void AddList(Commands& commands, CLI::App* noun) {
  const auto command =
      commands.Rpc(noun, "list", "Pledges in the order of their numbers", "pledge list --sponsor 1",
                   &SponsorshipStub::ListPledges, PrintPledges);
  command->Add("--sponsor", "sponsor_id", "Only of this sponsor");
}

void AddCancel(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "cancel", "End a pledge; money that is not spent becomes the sponsor's credit",
      "pledge cancel 1 --reason \"atas permintaan donatur\"", &SponsorshipStub::CancelPledge,
      [](std::ostream& out, const auto& reply) { PrintPledge(out, reply.pledge()); });
  command->Add("PLEDGE", "pledge_id", "The pledge")->required();
  command->Add("--reason", "reason", "Why")->required();
}

}  // namespace

void AddPledgeCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("pledge", "Promises of sponsors: seats x months");
  AddQuote(commands, noun);
  AddCreate(commands, noun);
  AddShow(commands, noun);
  AddList(commands, noun);
  AddCancel(commands, noun);
  AddPledgeChanges(commands, noun);
}

}  // namespace lingkaran::cli
