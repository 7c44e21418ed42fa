// lingkaran agency
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

using registry::v1::Agency;

void PrintAgencies(std::ostream& out, const google::protobuf::RepeatedPtrField<Agency>& agencies) {
  Table table({">Nomor", "Nama", "Jenis", "Wilayah"});
  for (const Agency& agency : agencies) {
    table.Row({std::to_string(agency.agency_id()), agency.name(), Label(agency.kind()),
               agency.region_code()});
  }
  table.Print(out);
}

void AddCreate(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<registry::v1::CreateAgencyRequest>();
  auto kind = std::make_shared<registry::v1::AgencyKind>();
  CLI::App* verb = commands.Verb(
      noun, "create", "Make an agency known",
      "agency create --name \"Dinas Sosial Kota Surakarta\" --kind social-agency --region 33.72",
      [request, kind](Session& session) -> absl::StatusOr<ExitCode> {
        request->set_kind(*kind);
        registry::v1::CreateAgencyResponse reply;
        RETURN_IF_ERROR(
            session.Mutate(session.registry(), &RegistryStub::CreateAgency, *request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          out << "Instansi " << reply.agency().agency_id() << " tercatat: " << reply.agency().name()
              << " (" << Label(reply.agency().kind()) << ", wilayah "
              << reply.agency().region_code() << ")\n";
        }));
        return kYes;
      });
  verb->add_option("--name", *request->mutable_name(), "Official name")->required()->type_name("");
  AddEnum(verb, "--kind", kind.get(), "What it is")->required();
  verb->add_option("--region", *request->mutable_region_code(),
                   "Kemendagri code of its area, e.g. 33.72")
      ->required()
      ->type_name("");
}

void AddList(Commands& commands, CLI::App* noun) {
  commands.Verb(noun, "list", "All agencies", "agency list",
                [](Session& session) -> absl::StatusOr<ExitCode> {
                  registry::v1::ListAgenciesRequest request;
                  registry::v1::ListAgenciesResponse reply;
                  request.set_page_size(1000);
                  do {
                    RETURN_IF_ERROR(session.Call(session.registry(), &RegistryStub::ListAgencies,
                                                 request, &reply));
                    RETURN_IF_ERROR(session.Show(
                        reply, [&](std::ostream& out) { PrintAgencies(out, reply.agencies()); }));
                    request.set_page_token(reply.next_page_token());
                  } while (!reply.next_page_token().empty());
                  return kYes;
                });
}

}  // namespace

void AddAgencyCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("agency", "Agencies that propose, verify, enrol or ask");
  AddCreate(commands, noun);
  AddList(commands, noun);
}

}  // namespace lingkaran::cli
