// lingkaran sponsor
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

using sponsorship::v1::Sponsor;

void PrintSponsor(std::ostream& out, const Sponsor& sponsor) {
  PrintFacts(out, {{"Donatur", std::to_string(sponsor.sponsor_id())},
                   {"Nama", sponsor.name()},
                   {"Sumber dana", Label(sponsor.payer_class())},
                   {"Simpanan", MoneyText(sponsor.credit_rupiah())}});
}

void PrintSponsors(std::ostream& out, const sponsorship::v1::ListSponsorsResponse& reply) {
  Table table({">Nomor", "Nama", "Sumber dana", ">Simpanan"});
  for (const Sponsor& sponsor : reply.sponsors()) {
    table.Row({std::to_string(sponsor.sponsor_id()), sponsor.name(), Label(sponsor.payer_class()),
               MoneyText(sponsor.credit_rupiah())});
  }
  table.Print(out);
}

}  // namespace

void AddSponsorCommands(Commands& commands) {
  Noun noun = commands.AddNoun("sponsor", "Companies, banks, institutions, persons and budgets");
  noun.AddRpc("create", "Make a sponsor known",
              "sponsor create --name \"Batavia Prosperindo Aset Manajemen\" --payer csr",
              &SponsorshipStub::CreateSponsor,
              [](std::ostream& out, const auto& reply) {
                const Sponsor& sponsor = reply.sponsor();
                out << "Donatur " << sponsor.sponsor_id() << " tercatat: " << sponsor.name() << " ("
                    << Label(sponsor.payer_class()) << ")\n";
              })
      .Options({{"--name", "name", "Official name", kRequired},
                {"--payer", "payer_class", "Whose money it is", kRequired}});
  noun.AddRpc("show", "One sponsor with the money kept for it", "sponsor show 1",
              &SponsorshipStub::GetSponsor,
              [](std::ostream& out, const auto& reply) { PrintSponsor(out, reply.sponsor()); })
      .Options({{"SPONSOR", "sponsor_id", "The sponsor's id", kRequired}});
  noun.AddRpc("list", "All sponsors", "sponsor list", &SponsorshipStub::ListSponsors,
              PrintSponsors);
}

}  // namespace lingkaran::cli
