// lingkaran worker
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

using registry::v1::PersonalData;
using registry::v1::Worker;

constexpr int kPage = 1000;

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
  std::string evidence;  // that he works and is not ill
  if (!worker.evidence().attested_by().empty()) {
    evidence = worker.evidence().document() + ", " + DayText(worker.evidence().attested_day()) +
               ", oleh " + worker.evidence().attested_by();
  }
  PrintFacts(out,
             {{"Pekerja", std::to_string(worker.worker_id())},
              {"Keadaan", Label(worker.state())},
              {"Nomor peserta", worker.membership_number()},
              {"NIK", worker.has_personal() ? "" : worker.masked_nik()},
              {"Nama", worker.has_personal() ? "" : worker.masked_name()},
              {"Wilayah", worker.region_code()},
              {"Pekerjaan", worker.occupation()},
              {"Sektor", Label(worker.sector())},
              {"Usulan", worker.batch_id() == 0 ? "" : std::to_string(worker.batch_id())},
              {"Meninggal", worker.death_day() == 0 ? "" : DayText(worker.death_day())},
              {"Keluar sejak", worker.withdraw_day() == 0 ? "" : DayText(worker.withdraw_day())},
              {"Sebab keluar", worker.withdraw_reason()}});
  if (worker.has_personal()) PrintPersonal(out, worker.personal());
}

void PrintFindings(std::ostream& out,
                   const google::protobuf::RepeatedPtrField<registry::v1::Finding>& findings) {
  for (const registry::v1::Finding& finding : findings) {
    out << "Catatan: " << finding.message() << ' ' << finding.hint() << '\n';
  }
}

CLI::Option* AddReveal(CLI::App* verb, std::string* purpose) {
  return verb
      ->add_option(
          "--reveal", *purpose,
          "Show personal data in the clear for this purpose; it is written down with your name")
      ->type_name("");
}

CLI::Option* AddWorkerId(CLI::App* verb, int64_t* worker_id) {
  return verb->add_option("WORKER", *worker_id, "The worker's id")
      ->required()
      ->check(Positive())
      ->type_name("");
}

void AddFind(Commands& commands, CLI::App* noun) {
  auto person = std::make_shared<PersonOptions>();
  auto purpose = std::make_shared<std::string>();
  CLI::App* verb = commands.Verb(
      noun, "find", "One worker by NIK or membership number",
      "worker find --nik 3372041203710002\n  echo 3372041203710002 | lingkaran worker find --nik -",
      [person, purpose](Session& session) -> absl::StatusOr<ExitCode> {
        ASSIGN_OR_RETURN(const coverage::v1::PersonRef ref, ToPersonRef(*person));
        registry::v1::FindWorkerRequest request;
        if (!ref.nik().empty()) {
          request.set_nik(ref.nik());
        } else {
          request.set_membership_number(ref.membership_number());
        }
        request.set_reveal_purpose(*purpose);
        registry::v1::FindWorkerResponse reply;
        RETURN_IF_ERROR(
            session.Call(session.registry(), &RegistryStub::FindWorker, request, &reply));
        RETURN_IF_ERROR(
            session.Show(reply, [&](std::ostream& out) { PrintWorker(out, reply.worker()); }));
        return kYes;
      });
  AddPerson(verb, person.get());
  verb->remove_option(verb->get_option("--worker"));
  AddReveal(verb, purpose.get());
}

void AddShow(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  auto purpose = std::make_shared<std::string>();
  CLI::App* verb =
      commands.Verb(noun, "show", "One worker by id", "worker show 17 --reveal \"klaim 2019/12\"",
                    [id, purpose](Session& session) -> absl::StatusOr<ExitCode> {
                      registry::v1::GetWorkerRequest request;
                      request.set_worker_id(*id);
                      request.set_reveal_purpose(*purpose);
                      registry::v1::GetWorkerResponse reply;
                      RETURN_IF_ERROR(session.Call(session.registry(), &RegistryStub::GetWorker,
                                                   request, &reply));
                      RETURN_IF_ERROR(session.Show(
                          reply, [&](std::ostream& out) { PrintWorker(out, reply.worker()); }));
                      return kYes;
                    });
  AddWorkerId(verb, id.get());
  AddReveal(verb, purpose.get());
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
  auto request = std::make_shared<registry::v1::ListWorkersRequest>();
  auto state = std::make_shared<registry::v1::WorkerState>();
  auto batch_id = std::make_shared<int64_t>(0);
  auto limit = std::make_shared<int>(100);
  CLI::App* verb =
      commands.Verb(noun, "list", "Workers by state, region and list, without personal data",
                    "worker list --state verified --region 33.72 --limit 20",
                    [=](Session& session) -> absl::StatusOr<ExitCode> {
                      request->set_state(*state);
                      request->set_batch_id(*batch_id);
                      for (int left = *limit; left > 0;) {
                        request->set_page_size(std::min(left, kPage));
                        registry::v1::ListWorkersResponse reply;
                        RETURN_IF_ERROR(session.Call(session.registry(), &RegistryStub::ListWorkers,
                                                     *request, &reply));
                        RETURN_IF_ERROR(session.Show(
                            reply, [&](std::ostream& out) { PrintSummaries(out, reply); }));
                        left -= reply.workers_size();
                        request->set_page_token(reply.next_page_token());
                        if (reply.next_page_token().empty()) break;
                      }
                      return kYes;
                    });
  AddEnum(verb, "--state", state.get(), "Only this state");
  verb->add_option("--region", *request->mutable_region_code(), "Only this area, e.g. 33.72")
      ->type_name("");
  verb->add_option("--batch", *batch_id, "Only from this list")->type_name("");
  verb->add_option("--limit", *limit, "At most so many")
      ->check(Positive())
      ->capture_default_str()
      ->type_name("");
}

void AddDeath(Commands& commands, CLI::App* noun) {
  struct Options {
    registry::v1::ReportDeathRequest request;
    int64_t id = 0;
    int32_t day = 0;
    std::string source;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "death", "Record a death; the day itself is still covered",
      "worker death 17 --date \"5 November 2019\" --source \"surat kematian 474.3/88\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        options->request.set_worker_id(options->id);
        options->request.set_death_day(options->day);
        options->request.set_source(options->source);
        registry::v1::ReportDeathResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.registry(), &RegistryStub::ReportDeath,
                                       options->request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          out << "Pekerja " << reply.worker().worker_id() << " tercatat meninggal pada "
              << DayText(reply.worker().death_day()) << ".\n";
        }));
        return kYes;
      });
  AddWorkerId(verb, &options->id);
  AddDay(verb, "--date", &options->day, "Day of death")->required();
  verb->add_option("--source", options->source, "Who or what says so")->required()->type_name("");
}

void AddWithdraw(Commands& commands, CLI::App* noun) {
  struct Options {
    registry::v1::WithdrawWorkerRequest request;
    int64_t id = 0;
    int32_t day = 0;
    std::string reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "withdraw", "Take a worker off the programme",
      "worker withdraw 18 --from \"7 November 2019\" --reason \"sudah peserta lewat perusahaan\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        options->request.set_worker_id(options->id);
        options->request.set_effective_day(options->day);
        options->request.set_reason(options->reason);
        registry::v1::WithdrawWorkerResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.registry(), &RegistryStub::WithdrawWorker,
                                       options->request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          out << "Pekerja " << reply.worker().worker_id()
              << " keluar dari program: " << reply.worker().withdraw_reason() << ".\n";
        }));
        return kYes;
      });
  AddWorkerId(verb, &options->id);
  AddDay(verb, "--from", &options->day, "First day without him, today unless given");
  verb->add_option("--reason", options->reason, "Why")->required()->type_name("");
}

void AddCorrect(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<registry::v1::CorrectWorkerRequest>();
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "correct", "Correct personal data; what is not given stays as it is",
      "worker correct 17 --birth-date \"12/03/1971\" --reason \"salah ketik, sesuai KTP\"",
      [request, id](Session& session) -> absl::StatusOr<ExitCode> {
        request->set_worker_id(*id);
        registry::v1::CorrectWorkerResponse reply;
        RETURN_IF_ERROR(
            session.Mutate(session.registry(), &RegistryStub::CorrectWorker, *request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          PrintWorker(out, reply.worker());
          PrintFindings(out, reply.findings());
        }));
        return kYes;
      });
  AddWorkerId(verb, id.get());
  registry::v1::CandidateRow* row = request->mutable_correction();
  const std::pair<const char*, std::string*> values[] = {
      {"--nik", row->mutable_nik()},
      {"--name", row->mutable_full_name()},
      {"--birth-place", row->mutable_birth_place()},
      {"--birth-date", row->mutable_birth_date()},
      {"--sex", row->mutable_sex()},
      {"--address", row->mutable_address()},
      {"--village", row->mutable_village()},
      {"--district", row->mutable_district()},
      {"--occupation", row->mutable_occupation()},
      {"--disability", row->mutable_disability()},
      {"--income", row->mutable_monthly_income()},
      {"--phone", row->mutable_phone()},
  };
  for (const auto& [flag, value] : values) {
    verb->add_option(flag, *value, "As in a list")->type_name("");
  }
  verb->add_option("--reason", *request->mutable_reason(), "Why")->required()->type_name("");
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

void AddCard(Commands& commands, CLI::App* noun) {
  struct Options {
    registry::v1::IssueCardsRequest request;
    std::vector<int64_t> ids;
    bool issue = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "card", "Show a member's card, or issue cards", "worker card 17 18 19 --issue",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        if (options->issue) {
          for (const int64_t id : options->ids) options->request.add_worker_ids(id);
          registry::v1::IssueCardsResponse reply;
          RETURN_IF_ERROR(session.Mutate(session.registry(), &RegistryStub::IssueCards,
                                         options->request, &reply));
          RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintCards(out, reply); }));
          bool all = true;
          for (const auto& result : reply.results()) all = all && result.status().code() == 0;
          return all ? kYes : kNo;
        }
        for (const int64_t id : options->ids) {
          registry::v1::GetCardRequest request;
          request.set_worker_id(id);
          registry::v1::GetCardResponse reply;
          RETURN_IF_ERROR(
              session.Call(session.registry(), &RegistryStub::GetCard, request, &reply));
          RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
            PrintFacts(out, {{"Pekerja", std::to_string(reply.card().worker_id())},
                             {"Nomor peserta", reply.card().membership_number()},
                             {"Nomor kartu", reply.card().card_number()},
                             {"Terbit", TimeText(reply.card().issue_time())},
                             {"Oleh", reply.card().issued_by()}});
          }));
        }
        return kYes;
      });
  verb->add_option("WORKER", options->ids, "Ids of members")
      ->required()
      ->check(Positive())
      ->type_name("");
  verb->add_flag("--issue", options->issue, "Issue cards to those who have none");
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
