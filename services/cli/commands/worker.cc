// lingkaran worker
#include "services/cli/commands/nouns.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/person.h"

namespace lingkaran::cli {
namespace {

using registry::v1::PersonalData;
using registry::v1::Worker;

void PrintPersonal(std::ostream& out, const PersonalData& person) {
  PrintFacts(
      out, {{"NIK", person.nik()},
            {"Nama", person.full_name()},
            {"Lahir", person.birth_place() + ", " + DayText(person.birth_day())},
            {"Jenis kelamin", person.sex()},
            {"Alamat", person.address()},
            {"Kelurahan", person.village()},
            {"Kecamatan", person.district()},
            {"Ragam disabilitas", person.disability()},
            {"Penghasilan",
             person.monthly_income_rupiah() == 0 ? "" : MoneyText(person.monthly_income_rupiah())},
            {"No HP", person.phone()}});
}

void PrintWorker(std::ostream& out, const Worker& worker) {
  PrintFacts(out, {{"Pekerja", std::to_string(worker.worker_id())},
                   {"Keadaan", Label(worker.state())},
                   {"Nomor peserta", worker.membership_number()},
                   {"NIK", worker.has_personal() ? "" : worker.masked_nik()},
                   {"Nama", worker.has_personal() ? "" : worker.masked_name()},
                   {"Wilayah", worker.region_code()},
                   {"Pekerjaan", worker.occupation()},
                   {"Sektor", Label(worker.sector())},
                   {"Usulan", IdText(worker.batch_id())},
                   {"Meninggal", DayIfAny(worker.death_day())},
                   {"Keluar sejak", DayIfAny(worker.withdraw_day())},
                   {"Sebab keluar", worker.withdraw_reason()}});
  if (worker.has_personal()) PrintPersonal(out, worker.personal());
}

void PrintFindings(std::ostream& out,
                   const google::protobuf::RepeatedPtrField<registry::v1::Finding>& findings) {
  for (const registry::v1::Finding& finding : findings) {
    out << "Catatan: " << finding.message() << ' ' << finding.hint() << '\n';
  }
}

// The options of a command about one worker by id, and of one that may show personal data.
Option WorkerId() { return {"WORKER", "worker_id", "The worker's id", kRequired | kPositive}; }
Option Reveal() {
  return {"--reveal", "reveal_purpose",
          "Show personal data in the clear for this purpose; it is written down with your name"};
}

void AddFind(Noun& noun) {
  auto person = std::make_shared<PersonOptions>();
  std::vector<Option> options = person->Options();
  const Option reveal = Reveal();
  options.back() = reveal;  // by id there is "show"
  noun.AddRpc("find", "One worker by NIK or membership number",
              "worker find --nik 3372041203710002\n"
              "  echo 3372041203710002 | lingkaran worker find --nik -",
              &RegistryStub::FindWorker,
              [](std::ostream& out, const auto& reply) { PrintWorker(out, reply.worker()); })
      .Prepare([person](registry::v1::FindWorkerRequest& request) -> absl::Status {
        ASSIGN_OR_RETURN(const coverage::v1::PersonRef ref, person->ToProto());
        if (!ref.nik().empty()) {
          request.set_nik(ref.nik());
        } else {
          request.set_membership_number(ref.membership_number());
        }
        return absl::OkStatus();
      })
      .Options(options);
}

void PrintSummaries(std::ostream& out, const registry::v1::ListWorkersResponse& reply) {
  Table table(
      {">Pekerja", "Keadaan", "Wilayah", "Sektor", ">Umur", "Disabilitas", "Nomor peserta"});
  for (const registry::v1::WorkerSummary& worker : reply.workers()) {
    table.Row({std::to_string(worker.worker_id()), Label(worker.state()), worker.region_code(),
               Label(worker.sector()), std::to_string(worker.age_years()), YesNo(worker.disabled()),
               worker.membership_number()});
  }
  table.Print(out);
}

void AddCorrect(Noun& noun) {
  const std::string as = "As in a list";
  auto& correct = noun.AddRpc(
      "correct", "Correct personal data; what is not given stays as it is",
      "worker correct 17 --birth-date \"12/03/1971\" --reason \"salah ketik, sesuai KTP\"",
      &RegistryStub::CorrectWorker, [](std::ostream& out, const auto& reply) {
        PrintWorker(out, reply.worker());
        PrintFindings(out, reply.findings());
      });
  correct.request.mutable_correction();
  correct.Options({WorkerId(),
                   {"--nik", "correction.nik", as},
                   {"--name", "correction.full_name", as},
                   {"--birth-place", "correction.birth_place", as},
                   {"--birth-date", "correction.birth_date", as},
                   {"--sex", "correction.sex", as},
                   {"--address", "correction.address", as},
                   {"--village", "correction.village", as},
                   {"--district", "correction.district", as},
                   {"--occupation", "correction.occupation", as},
                   {"--disability", "correction.disability", as},
                   {"--income", "correction.monthly_income", as},
                   {"--phone", "correction.phone", as},
                   {"--reason", "reason", "Why", kRequired}});
}

void PrintCards(std::ostream& out, const registry::v1::IssueCardsResponse& reply) {
  Table table({">Pekerja", "Kartu", "Hasil"});
  for (const registry::v1::CardResult& result : reply.results()) {
    table.Row({std::to_string(result.worker_id()), result.card().card_number(),
               result.status().code() == 0 ? "terbit " + TimeText(result.card().issue_time())
                                           : ErrorText(result.status())});
  }
  table.Print(out);
}

void PrintCard(std::ostream& out, const registry::v1::Card& card) {
  PrintFacts(out, {{"Pekerja", std::to_string(card.worker_id())},
                   {"Nomor peserta", card.membership_number()},
                   {"Nomor kartu", card.card_number()},
                   {"Terbit", TimeText(card.issue_time())},
                   {"Oleh", card.issued_by()}});
}

absl::StatusOr<ExitCode> IssueCards(Session& session, registry::v1::IssueCardsRequest& request) {
  registry::v1::IssueCardsResponse reply;
  RETURN_IF_ERROR(session.Call(&RegistryStub::IssueCards, request, &reply));
  RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintCards(out, reply); }));
  return CodeOfResults(reply.results());
}

absl::StatusOr<ExitCode> ShowCards(Session& session, const registry::v1::IssueCardsRequest& asked) {
  for (const int64_t id : asked.worker_ids()) {
    registry::v1::GetCardRequest request;
    request.set_worker_id(id);
    registry::v1::GetCardResponse reply;
    RETURN_IF_ERROR(session.Call(&RegistryStub::GetCard, request, &reply));
    RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintCard(out, reply.card()); }));
  }
  return kYes;
}

void AddCard(Noun& noun) {
  struct Options {
    registry::v1::IssueCardsRequest request;
    bool issue = false;
  };
  auto options = std::make_shared<Options>();
  const auto card = [options](Session& session) {
    return options->issue ? IssueCards(session, options->request)
                          : ShowCards(session, options->request);
  };
  noun.AddVerb("card", "Show a member's card, or issue cards", "worker card 17 18 19 --issue", card,
               &options->request)
      .Options({{"WORKER", "worker_ids", "Ids of members", kRequired | kPositive},
                {"--issue", &options->issue, "Issue cards to those who have none"}});
}

}  // namespace

void AddWorkerCommands(Commands& commands) {
  Noun noun = commands.AddNoun("worker", "Workers and members");
  AddFind(noun);
  noun.AddRpc("show", "One worker by id", "worker show 17 --reveal \"klaim 2019/12\"",
              &RegistryStub::GetWorker,
              [](std::ostream& out, const auto& reply) { PrintWorker(out, reply.worker()); })
      .Options({WorkerId(), Reveal()});
  noun.AddRpc("list", "Workers by state, region and list, without personal data",
              "worker list --state verified --region 33.72 --limit 20", &RegistryStub::ListWorkers,
              PrintSummaries)
      .Options({{"--state", "state", "Only this state"},
                {"--region", "region_code", "Only this area, e.g. 33.72"},
                {"--batch", "batch_id", "Only from this list"}})
      .Limit(&registry::v1::ListWorkersResponse::workers_size);
  noun.AddRpc("death", "Record a death; the day itself is still covered",
              "worker death 17 --date \"5 November 2019\" --source \"surat kematian 474.3/88\"",
              &RegistryStub::ReportDeath,
              [](std::ostream& out, const auto& reply) {
                out << "Pekerja " << reply.worker().worker_id() << " tercatat meninggal pada "
                    << DayText(reply.worker().death_day()) << ".\n";
              })
      .Options({WorkerId(),
                {"--date", "death_day", "Day of death", kRequired},
                {"--source", "source", "Who or what says so", kRequired}});
  noun.AddRpc("withdraw", "Take a worker off the programme",
              "worker withdraw 18 --from \"7 November 2019\" --reason \"sudah peserta lewat "
              "perusahaan\"",
              &RegistryStub::WithdrawWorker,
              [](std::ostream& out, const auto& reply) {
                out << "Pekerja " << reply.worker().worker_id()
                    << " keluar dari program: " << reply.worker().withdraw_reason() << ".\n";
              })
      .Options({WorkerId(),
                {"--from", "effective_day", "First day without the worker, today unless given"},
                {"--reason", "reason", "Why", kRequired}});
  AddCorrect(noun);
  AddCard(noun);
}

}  // namespace lingkaran::cli
