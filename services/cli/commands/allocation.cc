// lingkaran allocation
#include "absl/time/clock.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

using sponsorship::v1::Allocation;

constexpr absl::Duration kWatchTime = absl::Minutes(30);
constexpr int kWatchTries = 5;

bool HasEnded(const Allocation& allocation) {
  return allocation.state() == sponsorship::v1::ALLOCATION_STATE_COMPLETE ||
         allocation.state() == sponsorship::v1::ALLOCATION_STATE_SHORT;
}

void PrintAllocation(std::ostream& out, const Allocation& allocation) {
  PrintFacts(out, {{"Pengisian kursi", std::to_string(allocation.allocation_id())},
                   {"Komitmen", std::to_string(allocation.pledge_id())},
                   {"Keadaan", Label(allocation.state())},
                   {"Benih undian", allocation.seed()},
                   {"Calon yang memenuhi syarat", CountText(allocation.candidates())},
                   {"Kursi terisi", CountText(allocation.seats_filled()) + " dari " +
                                        CountText(allocation.seats_wanted())},
                   {"Daftar cadangan", CountText(allocation.reserve())},
                   {"Terpilih tetapi tidak dapat dilindungi", CountText(allocation.refused())},
                   {"Bulan-orang aktif", CountText(allocation.person_months())},
                   {"Menjadi iuran", MoneyText(allocation.spent_rupiah())},
                   {"Menunggu", allocation.waiting_for()}});
  for (const auto& count : allocation.refusal_counts()) {
    out << "  " << CountText(count.workers()) << " orang: " << ReasonLabel(count.reason()) << '\n';
  }
  for (const auto& refusal : allocation.refusals()) {
    out << "  pekerja " << refusal.worker_id() << ": " << ErrorText(refusal.status()) << '\n';
  }
}

ExitCode CodeOf(const Allocation& allocation) {
  return allocation.state() == sponsorship::v1::ALLOCATION_STATE_SHORT ? kNo : kYes;
}

// Follows one stream to its end; keeps the newest reply.
grpc::Status FollowStream(Session& session, SponsorshipStub& stub, int64_t id,
                          std::optional<Progress>& progress,
                          sponsorship::v1::GetAllocationResponse* last) {
  grpc::ClientContext context;
  session.PrepareStream(context, kWatchTime);
  sponsorship::v1::WatchAllocationRequest request;
  request.set_allocation_id(id);
  const auto stream = stub.WatchAllocation(&context, request);
  sponsorship::v1::WatchAllocationResponse reply;
  while (stream->Read(&reply)) {
    *last->mutable_allocation() = reply.allocation();
    last->set_consistency_token(reply.consistency_token());
    if (!progress.has_value() && reply.allocation().seats_wanted() > 0) {
      progress.emplace(session.err(), "Mengisi kursi", reply.allocation().seats_wanted(),
                       session.progress_style());
    }
    if (progress.has_value()) progress->Update(reply.allocation().seats_filled());
  }
  return stream->Finish();
}

// Shows an allocation's progress until it ends, then the outcome. A broken stream is taken up
// again.
absl::StatusOr<ExitCode> Watch(Session& session, int64_t id) {
  ASSIGN_OR_RETURN(const auto stub, session.Connect<SponsorshipStub>());
  sponsorship::v1::GetAllocationResponse last;
  {
    std::optional<Progress> progress;
    for (int tries = 1;; ++tries) {
      const absl::Status status =
          session.StreamStatus("sponsorship", FollowStream(session, *stub, id, progress, &last));
      if (HasEnded(last.allocation())) break;
      if (!status.ok() && (!absl::IsUnavailable(status) || tries >= kWatchTries)) return status;
      if (status.ok() && tries >= kWatchTries) {
        return absl::UnavailableError(
            "sponsorship menutup aliran sebelum pengisian kursi selesai.");
      }
      absl::SleepFor(absl::Milliseconds(200) * tries);
    }
  }
  RETURN_IF_ERROR(
      session.Show(last, [&](std::ostream& out) { PrintAllocation(out, last.allocation()); }));
  return CodeOf(last.allocation());
}

void AddStart(Noun& noun) {
  struct Options {
    sponsorship::v1::AllocatePledgeRequest request;
    bool watch = false;
  };
  auto options = std::make_shared<Options>();
  const auto start = [options](Session& session) -> absl::StatusOr<ExitCode> {
    sponsorship::v1::AllocatePledgeResponse reply;
    RETURN_IF_ERROR(session.Call(&SponsorshipStub::AllocatePledge, options->request, &reply));
    if (options->watch) return Watch(session, reply.allocation().allocation_id());
    RETURN_IF_ERROR(
        session.Show(reply, [&](std::ostream& out) { PrintAllocation(out, reply.allocation()); }));
    return kYes;
  };
  noun.AddVerb("start", "Fill the seats that are paid for, by a draw or for named workers",
               "allocation start --pledge 1 --seed \"Solo 7 November 2019\" --watch", start,
               &options->request)
      .Options(
          {{"--pledge", "pledge_id", "The pledge", kRequired},
           {"--seed", "seed", "Published seed of the draw; the same seed gives the same order"},
           {"--worker", "worker_ids",
            "In place of --seed: gives this worker a seat without a draw; up to 100 times"},
           {"--watch", &options->watch, "Show progress until it ends"}});
}

}  // namespace

void AddAllocationCommands(Commands& commands) {
  Noun noun = commands.AddNoun("allocation", "Filling the seats of a pledge");
  AddStart(noun);
  auto id = std::make_shared<int64_t>(0);
  noun.AddVerb("watch", "Show progress until it ends", "allocation watch 1",
               [id](Session& session) { return Watch(session, *id); })
      .Options({{"ALLOCATION", id.get(), "The allocation", kRequired}});
  noun.AddRpc(
          "show", "Where an allocation stands", "allocation show 1",
          &SponsorshipStub::GetAllocation,
          [](std::ostream& out, const auto& reply) { PrintAllocation(out, reply.allocation()); })
      .Code([](const auto& reply) { return CodeOf(reply.allocation()); })
      .Options({{"ALLOCATION", "allocation_id", "The allocation", kRequired}});
}

}  // namespace lingkaran::cli
