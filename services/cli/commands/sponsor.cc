// lingkaran sponsor
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

using sponsorship::v1::Sponsor;

void PrintSponsor(std::ostream& out, const Sponsor& sponsor) {
  PrintFacts(out, {{"Donatur", std::to_string(sponsor.sponsor_id())},
                   {"Nama", sponsor.name()},
                   {"Sumber dana", Label(sponsor.payer_class())},
                   {"Simpanan", MoneyText(sponsor.credit_rupiah())}});
}

void AddCreate(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<sponsorship::v1::CreateSponsorRequest>();
  auto payer = std::make_shared<common::v1::PayerClass>();
  CLI::App* verb = commands.Verb(
      noun, "create", "Make a sponsor known",
      "sponsor create --name \"Batavia Prosperindo Aset Manajemen\" --payer csr",
      [request, payer](Session& session) -> absl::StatusOr<ExitCode> {
        request->set_payer_class(*payer);
        sponsorship::v1::CreateSponsorResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::CreateSponsor,
                                       *request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          out << "Donatur " << reply.sponsor().sponsor_id()
              << " tercatat: " << reply.sponsor().name() << " ("
              << Label(reply.sponsor().payer_class()) << ")\n";
        }));
        return kYes;
      });
  verb->add_option("--name", *request->mutable_name(), "Official name")->required()->type_name("");
  AddEnum(verb, "--payer", payer.get(), "Whose money it is")->required();
}

void AddShow(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb =
      commands.Verb(noun, "show", "One sponsor with the money kept for it", "sponsor show 1",
                    [id](Session& session) -> absl::StatusOr<ExitCode> {
                      sponsorship::v1::GetSponsorRequest request;
                      request.set_sponsor_id(*id);
                      sponsorship::v1::GetSponsorResponse reply;
                      RETURN_IF_ERROR(session.Call(session.sponsorship(),
                                                   &SponsorshipStub::GetSponsor, request, &reply));
                      RETURN_IF_ERROR(session.Show(
                          reply, [&](std::ostream& out) { PrintSponsor(out, reply.sponsor()); }));
                      return kYes;
                    });
  verb->add_option("SPONSOR", *id, "The sponsor's id")->required()->type_name("");
}

void AddList(Commands& commands, CLI::App* noun) {
  commands.Verb(
      noun, "list", "All sponsors", "sponsor list",
      [](Session& session) -> absl::StatusOr<ExitCode> {
        sponsorship::v1::ListSponsorsRequest request;
        sponsorship::v1::ListSponsorsResponse reply;
        request.set_page_size(1000);
        do {
          RETURN_IF_ERROR(
              session.Call(session.sponsorship(), &SponsorshipStub::ListSponsors, request, &reply));
          RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
            Table table({">Nomor", "Nama", "Sumber dana", ">Simpanan"});
            for (const Sponsor& sponsor : reply.sponsors()) {
              table.Row({std::to_string(sponsor.sponsor_id()), sponsor.name(),
                         Label(sponsor.payer_class()), MoneyText(sponsor.credit_rupiah())});
            }
            table.Print(out);
          }));
          request.set_page_token(reply.next_page_token());
        } while (!reply.next_page_token().empty());
        return kYes;
      });
}

}  // namespace

void AddSponsorCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("sponsor", "Companies, banks, institutions, persons and budgets");
  AddCreate(commands, noun);
  AddShow(commands, noun);
  AddList(commands, noun);
}

}  // namespace lingkaran::cli
