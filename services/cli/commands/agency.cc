// lingkaran agency
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

void PrintAgencies(std::ostream& out, const registry::v1::ListAgenciesResponse& reply) {
  Table table({">Nomor", "Nama", "Jenis", "Wilayah"});
  for (const registry::v1::Agency& agency : reply.agencies()) {
    table.Row({std::to_string(agency.agency_id()), agency.name(), Label(agency.kind()),
               agency.region_code()});
  }
  table.Print(out);
}

}  // namespace

void AddAgencyCommands(Commands& commands) {
  Noun noun = commands.AddNoun("agency", "Agencies that propose, verify, enrol or ask");
  noun.AddRpc("create", "Make an agency known",
              "agency create --name \"Dinas Sosial Kota Surakarta\" --kind social-agency --region "
              "33.72",
              &RegistryStub::CreateAgency,
              [](std::ostream& out, const auto& reply) {
                const registry::v1::Agency& agency = reply.agency();
                out << "Instansi " << agency.agency_id() << " tercatat: " << agency.name() << " ("
                    << Label(agency.kind()) << ", wilayah " << agency.region_code() << ")\n";
              })
      .Options({{"--name", "name", "Official name", kRequired},
                {"--kind", "kind", "What it is", kRequired},
                {"--region", "region_code", "Kemendagri code of its area, e.g. 33.72", kRequired}});
  noun.AddRpc("list", "All agencies", "agency list", &RegistryStub::ListAgencies, PrintAgencies);
}

}  // namespace lingkaran::cli
