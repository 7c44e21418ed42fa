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
template <typename Command>
void AddWorkerId(Command& command) {
  command.Add("WORKER", "worker_id", "The worker's id")->required()->check(Positive());
}
template <typename Command>
void AddReveal(Command& command) {
  command.Add(
      "--reveal", "reveal_purpose",
      "Show personal data in the clear for this purpose; it is written down with your name");
}

void AddFind(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "find", "One worker by NIK or membership number",
      "worker find --nik 3372041203710002\n  echo 3372041203710002 | lingkaran worker find --nik -",
      &RegistryStub::FindWorker,
      [](std::ostream& out, const auto& reply) { PrintWorker(out, reply.worker()); });
  auto person = std::make_shared<PersonOptions>();
  AddPersonOptions(command->verb, person.get());
  command->verb->remove_option(command->verb->get_option("--worker"));
  command->prepare = [person](registry::v1::FindWorkerRequest& request) -> absl::Status {
    ASSIGN_OR_RETURN(const coverage::v1::PersonRef ref, ToPersonRef(*person));
    if (!ref.nik().empty()) {
      request.set_nik(ref.nik());
    } else {
      request.set_membership_number(ref.membership_number());
    }
    return absl::OkStatus();
  };
  AddReveal(*command);
}

void AddShow(Commands& commands, CLI::App* noun) {
  const auto command =
      commands.Rpc(noun, "show", "One worker by id", "worker show 17 --reveal \"klaim 2019/12\"",
                   &RegistryStub::GetWorker,
                   [](std::ostream& out, const auto& reply) { PrintWorker(out, reply.worker()); });
  AddWorkerId(*command);
  AddReveal(*command);
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

void AddList(Commands& commands, CLI::App* noun) {
  const auto command =
      commands.Rpc(noun, "list", "Workers by state, region and list, without personal data",
                   "worker list --state verified --region 33.72 --limit 20",
                   &RegistryStub::ListWorkers, PrintSummaries);
  command->Add("--state", "state", "Only this state");
  command->Add("--region", "region_code", "Only this area, e.g. 33.72");
  command->Add("--batch", "batch_id", "Only from this list");
  command->AddLimit(&registry::v1::ListWorkersResponse::workers_size);
}

void AddDeath(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "death", "Record a death; the day itself is still covered",
      "worker death 17 --date \"5 November 2019\" --source \"surat kematian 474.3/88\"",
      &RegistryStub::ReportDeath, [](std::ostream& out, const auto& reply) {
        out << "Pekerja " << reply.worker().worker_id() << " tercatat meninggal pada "
            << DayText(reply.worker().death_day()) << ".\n";
      });
  AddWorkerId(*command);
  command->Add("--date", "death_day", "Day of death")->required();
  command->Add("--source", "source", "Who or what says so")->required();
}

void AddWithdraw(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "withdraw", "Take a worker off the programme",
      "worker withdraw 18 --from \"7 November 2019\" --reason \"sudah peserta lewat perusahaan\"",
      &RegistryStub::WithdrawWorker, [](std::ostream& out, const auto& reply) {
        out << "Pekerja " << reply.worker().worker_id()
            << " keluar dari program: " << reply.worker().withdraw_reason() << ".\n";
      });
  AddWorkerId(*command);
  command->Add("--from", "effective_day", "First day without the worker, today unless given");
  command->Add("--reason", "reason", "Why")->required();
}

void AddCorrect(Commands& commands, CLI::App* noun) {
  const auto command = commands.Rpc(
      noun, "correct", "Correct personal data; what is not given stays as it is",
      "worker correct 17 --birth-date \"12/03/1971\" --reason \"salah ketik, sesuai KTP\"",
      &RegistryStub::CorrectWorker, [](std::ostream& out, const auto& reply) {
        PrintWorker(out, reply.worker());
        PrintFindings(out, reply.findings());
      });
  AddWorkerId(*command);
  command->request.mutable_correction();
  const std::pair<const char*, const char*> values[] = {
      {"--nik", "nik"},
      {"--name", "full_name"},
      {"--birth-place", "birth_place"},
      {"--birth-date", "birth_date"},
      {"--sex", "sex"},
      {"--address", "address"},
      {"--village", "village"},
      {"--district", "district"},
      {"--occupation", "occupation"},
      {"--disability", "disability"},
      {"--income", "monthly_income"},
      {"--phone", "phone"},
  };
  for (const auto& [flag, field] : values) {
    command->Add(flag, std::string("correction.") + field, "As in a list");
  }
  command->Add("--reason", "reason", "Why")->required();
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

void AddCard(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<registry::v1::IssueCardsRequest>();
  auto issue = std::make_shared<bool>(false);
  CLI::App* verb =
      commands.Verb(noun, "card", "Show a member's card, or issue cards",
                    "worker card 17 18 19 --issue", [request, issue](Session& session) {
                      return *issue ? IssueCards(session, *request) : ShowCards(session, *request);
                    });
  AddField(verb, request.get(), "WORKER", "worker_ids", "Ids of members")
      ->required()
      ->check(Positive());
  verb->add_flag("--issue", *issue, "Issue cards to those who have none");
}

}  // namespace

void AddWorkerCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("worker", "Workers and members");
  AddFind(commands, noun);
  AddShow(commands, noun);
  AddList(commands, noun);
  AddDeath(commands, noun);
  AddWithdraw(commands, noun);
  AddCorrect(commands, noun);
  AddCard(commands, noun);
}

}  // namespace lingkaran::cli
