// lingkaran cover
#include "absl/time/clock.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

std::string SourceText(const coverage::v1::FundingSource& source) {
  std::string text = Label(source.payer_class());
  if (source.pledge_id() != 0) text += ", komitmen " + std::to_string(source.pledge_id());
  if (source.contribution_id() != 0)
    text += ", setoran " + std::to_string(source.contribution_id());
  return text;
}

void PrintMonths(std::ostream& out, const coverage::v1::ListCoverageResponse& reply) {
  Table table(
      {"Program", "Bulan", "Hari pertama", "Hari terakhir", ">Iuran", "Dibayar oleh", "Ditarik"});
  for (const coverage::v1::PersonMonth& month : reply.months()) {
    table.Row(
        {Label(month.programme()), MonthText(month.month()), DayText(month.first_day()),
         DayText(month.last_day()), MoneyText(month.amount_rupiah()), SourceText(month.source()),
         month.has_revoke_time() ? TimeText(month.revoke_time()) + ": " + month.revoke_reason()
                                 : ""});
  }
  table.Print(out);
}

void PrintExpiring(std::ostream& out, const coverage::v1::ListExpiringResponse& reply) {
  Table table({">Pekerja", "Hari terakhir", "Bisa dilanjutkan sampai", "Program", "Dibayar oleh"});
  for (const coverage::v1::ExpiringCover& cover : reply.covers()) {
    table.Row({std::to_string(cover.worker_id()), DayText(cover.last_day()),
               DayText(cover.grace_until()), ProgrammeList(cover.programmes()),
               SourceText(cover.source())});
  }
  table.Print(out);
}

void PrintStatistics(std::ostream& out, const coverage::v1::GetCoverageStatisticsResponse& reply) {
  out << "Terlindungi pada " << DayText(reply.day()) << ":\n";
  Table table({"Program", "Sumber dana", ">Pekerja"});
  for (const coverage::v1::CoverageCount& count : reply.counts()) {
    table.Row({Label(count.programme()), Label(count.payer_class()), CountText(count.workers())});
  }
  table.Print(out);
  PrintFacts(out, {{"Bulan-orang berlaku", CountText(reply.person_months()) + " (" +
                                               MoneyText(reply.amount_rupiah()) + ")"},
                   {"Bulan-orang ditarik", CountText(reply.revoked_person_months())}});
}

// One stream of a watch is asked for so long, and taken up again so often while nothing comes.
constexpr absl::Duration kStreamTime = absl::Minutes(30);
constexpr int kWatchTries = 5;

std::string SpansText(const coverage::v1::CoverageChange& change) {
  std::string text;
  for (const coverage::v1::CoverSpan& span : change.spans()) {
    if (!text.empty()) text += "; ";
    text += Label(span.programme()) + " " + DayText(span.first_day()) + " sampai " +
            DayText(span.last_day());
  }
  if (text.empty()) text = "tidak ada bulan yang dibayar";
  if (change.death_day() != 0) text += "; meninggal " + DayText(change.death_day());
  if (change.withdraw_day() != 0) text += "; keluar " + DayText(change.withdraw_day());
  return text;
}

void PrintChanges(std::ostream& out, const coverage::v1::WatchCoverageResponse& reply) {
  for (const coverage::v1::CoverageChange& change : reply.changes()) {
    out << TimeText(change.record_time()) << "  pekerja " << change.worker_id() << ": "
        << SpansText(change) << '\n';
  }
  if (reply.changes_size() > 0)
    out << "  dilanjutkan dengan: --resume " << reply.resume_token() << '\n';
  out.flush();
}

// Follows one stream to its end; the request then has the token to go on from.
absl::Status FollowChanges(Session& session, CoverageStub& stub,
                           coverage::v1::WatchCoverageRequest& request, int& tries) {
  grpc::ClientContext context;
  session.PrepareStream(context, kStreamTime);
  const auto stream = stub.WatchCoverage(&context, request);
  coverage::v1::WatchCoverageResponse reply;
  while (stream->Read(&reply)) {
    tries = 0;
    request.set_resume_token(reply.resume_token());
    RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintChanges(out, reply); }));
  }
  return session.StreamStatus("coverage", stream->Finish());
}

absl::StatusOr<ExitCode> Watch(Session& session, coverage::v1::WatchCoverageRequest& request) {
  ASSIGN_OR_RETURN(const auto stub, session.Connect<CoverageStub>());
  for (int tries = 1;; ++tries) {
    const absl::Status status = FollowChanges(session, *stub, request, tries);
    const bool goes_on = status.ok() || absl::IsUnavailable(status) ||
                         (absl::IsDeadlineExceeded(status) && tries == 0);
    if (!goes_on) return status;
    if (tries >= kWatchTries) {
      return status.ok() ? absl::UnavailableError("coverage terus menutup aliran perubahan.")
                         : status;
    }
    absl::SleepFor(absl::Milliseconds(200) * (tries + 1));
  }
}

}  // namespace

void AddCoverCommands(Commands& commands) {
  Noun noun = commands.AddNoun("cover", "Paid months and the days they cover");
  noun.AddRpc("list", "All paid months of a worker, those taken back too", "cover list 17",
              &CoverageStub::ListCoverage, PrintMonths)
      .Options({{"WORKER", "worker_id", "The worker's id", kRequired}});
  noun.AddRpc("expiring", "Whose cover ends in a span of days",
              "cover expiring --from \"1 Januari 2020\" --to \"31 Januari 2020\" --pledge 1",
              &CoverageStub::ListExpiring, PrintExpiring)
      .Code([](const auto& reply) { return reply.covers().empty() ? kNo : kYes; })
      .Options({{"--from", "from_day", "First day of the span", kRequired},
                {"--to", "to_day", "Last day of the span", kRequired},
                {"--pledge", "pledge_id", "Only workers of this pledge"}})
      .Limit(&coverage::v1::ListExpiringResponse::covers_size);
  noun.AddRpc("statistics", "How many are covered on a day",
              "cover statistics --day \"1 Desember 2019\" --region 33.72",
              &CoverageStub::GetCoverageStatistics, PrintStatistics)
      .Options({{"--day", "day", "The day asked about, today unless given"},
                {"--region", "region_code", "Only this area"},
                {"--pledge", "pledge_id", "Only person-months of this pledge"}});
  auto request = std::make_shared<coverage::v1::WatchCoverageRequest>();
  noun.AddVerb(
          "watch", "Whose cover changes, as it happens, until it is interrupted",
          "cover watch --region 33.72 --json",
          [request](Session& session) { return Watch(session, *request); }, request.get())
      .Options({{"--resume", "resume_token", "Go on after this token of an earlier watch"},
                {"--region", "region_code", "Only people of this area"}});
}

}  // namespace lingkaran::cli
