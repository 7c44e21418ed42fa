#include "tests/history/workload.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"
#include "tests/history/group.h"
#include "tests/support/candidate.h"
#include "tests/support/requests.h"

namespace lingkaran::history {

bool Sent::unknown() const {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
      return true;
    case absl::StatusCode::kAborted:
      return ReasonOf(status) == Reason::kUnspecified;
    default:
      return IsOutcomeUnknown(status);
  }
}

Stubs::Stubs(const Targets& targets) {
  for (const std::string& address : targets.registry) {
    registry.push_back(rv1::RegistryService::NewStub(MakeChannel(address)));
  }
  for (const std::string& address : targets.sponsorship) {
    sponsorship.push_back(sv1::SponsorshipService::NewStub(MakeChannel(address)));
  }
  for (const std::string& address : targets.coverage) {
    coverage.push_back(cv1::CoverageService::NewStub(MakeChannel(address)));
  }
}

namespace {

constexpr int kListRows = 2'000;

}  // namespace

std::vector<int64_t> People::Take(size_t count) {
  const std::lock_guard lock(mutex_);
  while (workers_.size() < count) Import();
  const std::vector<int64_t> taken(workers_.end() - static_cast<std::ptrdiff_t>(count),
                                   workers_.end());
  workers_.resize(workers_.size() - count);
  return taken;
}

// Sends the rows until the service has answered for all of them; sending them again changes
// nothing.
std::vector<int64_t> People::SendList(int64_t batch_id, int64_t first) {
  const rv1::SubmitCandidatesRequest chunk =
      CandidateList(batch_id, first, kListRows, 10, kListRows)[0];
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (true) {
    grpc::ClientContext context;
    CallOptions options;
    options.actor = kOfficer;
    options.timeout = absl::Seconds(10);
    Prepare(context, options);
    context.set_wait_for_ready(true);
    const auto stream = stubs_.registry[0]->SubmitCandidates(&context);
    rv1::SubmitCandidatesResponse answer;
    if (stream->Write(chunk) && stream->Read(&answer)) {
      stream->WritesDone();
      (void)stream->Finish();
      std::vector<int64_t> workers;
      for (const rv1::RowResult& row : answer.results()) {
        if (row.status() == rv1::ROW_STATUS_ACCEPTED) workers.push_back(row.worker_id());
      }
      return workers;
    }
    const grpc::Status status = stream->Finish();
    if (absl::Now() > end) throw std::runtime_error("SubmitCandidates: " + status.error_message());
  }
}

void People::Import() {
  Registry& registry = *stubs_.registry[0];
  const int64_t agency_id =
      Insist(registry, &Registry::CreateAgency, NewAgency()).agency().agency_id();
  const int64_t batch_id =
      Insist(registry, &Registry::CreateBatch, NewBatch(agency_id, kListRows)).batch().batch_id();
  std::vector<int64_t> workers = SendList(batch_id, next_);
  next_ += kListRows;

  Insist(registry, &Registry::ReviewBatch, ApprovalOf(batch_id), kReviewer);

  rv1::EnrolWorkersRequest enrol;
  enrol.set_request_id(NewRequestId());
  enrol.mutable_worker_ids()->Add(workers.begin(), workers.end());
  enrol.set_pledge_id(1);
  const std::string token = Insist(registry, &Registry::EnrolWorkers, enrol).consistency_token();
  // Coverage has heard of them before anybody asks.
  for (const auto& coverage : stubs_.coverage) {
    cv1::CheckEligibilityRequest check;
    check.mutable_person()->set_worker_id(workers.front());
    check.mutable_consistency()->set_at_least_as_fresh(token);
    Insist(*coverage, &Coverage::CheckEligibility, check);
  }
  workers_.insert(workers_.end(), workers.begin(), workers.end());
}

MonthPrice AskPrice(Client& client, int32_t first_day) {
  cv1::QuoteContributionRequest request;
  request.set_seats(1);
  request.set_months(1);
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_payer_class(common::v1::PAYER_CLASS_CSR);
  request.set_first_day(first_day);
  MonthPrice price;
  const auto quote = Insist(client.coverage(), &Coverage::QuoteContribution, request);
  for (const cv1::QuoteLine& line : quote.lines()) {
    (line.programme() == common::v1::PROGRAMME_JKK ? price.jkk : price.jkm) = line.unit_rupiah();
  }
  return price;
}

cv1::BatchCheckEligibilityRequest ChecksOf(const std::vector<int64_t>& workers, int32_t day) {
  cv1::BatchCheckEligibilityRequest request;
  for (const int64_t worker : workers) {
    cv1::BatchCheckItem* item = request.add_items();
    item->mutable_person()->set_worker_id(worker);
    item->set_day(day);
  }
  return request;
}

cv1::ActivateCoverageRequest Activation(const std::vector<int64_t>& workers,
                                        const std::vector<int64_t>& programmes, int64_t source,
                                        const MonthPrice& price, int32_t first_day) {
  cv1::ActivateCoverageRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
  request.mutable_source()->set_pledge_id(source);
  for (size_t i = 0; i < workers.size(); ++i) {
    cv1::ActivationLine* line = request.add_lines();
    line->set_worker_id(workers[i]);
    line->set_first_day(first_day);
    line->set_sector(common::v1::SECTOR_OTHER);
    const auto add = [&](common::v1::Programme programme, int64_t amount) {
      cv1::PaidMonth* month = line->add_months();
      month->set_programme(programme);
      month->set_month(first_day / 100);
      month->set_amount_rupiah(amount);
    };
    if ((programmes[i] & 1) != 0) add(common::v1::PROGRAMME_JKK, price.jkk);
    if ((programmes[i] & 2) != 0) add(common::v1::PROGRAMME_JKM, price.jkm);
  }
  return request;
}

namespace {

// Runs one group with its clients, checks its histories, adds to the report.
class Runner {
 public:
  Runner(const Targets& targets, const WorkloadOptions& options)
      : options_(options), setup_(targets), people_(setup_, options.first_candidate) {
    for (int i = 0; i < options.groups; ++i) stubs_.push_back(std::make_unique<Stubs>(targets));
  }

  WorkloadReport Run() {
    const absl::Time start = absl::Now();
    const absl::Time end = start + options_.time;
    const int64_t groups = (options_.histories + options_.keys - 1) / options_.keys;
    std::atomic<int64_t> next = 0;
    std::vector<std::thread> threads;
    for (const auto& stubs : stubs_) {
      threads.emplace_back([&, own = stubs.get()] {
        while (absl::Now() < end) {
          const int64_t number = next++;
          if (number >= groups) return;
          RunGroup(number, *own);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    report_.time = absl::Now() - start;
    return report_;
  }

 private:
  // Of ten groups seven are of cover, one of members, two of pledges: cheap ones most.
  std::unique_ptr<Group> MakeGroup(int64_t number, uint64_t seed) const {
    if (number % 10 == 1) return MakeMemberGroup(options_, seed);
    if (number % 5 == 2) return MakePledgeGroup(options_, seed);
    return MakeCoverGroup(options_, seed);
  }

  void RunGroup(int64_t number, Stubs& stubs) {
    const uint64_t seed = options_.seed * 1'000'003 + static_cast<uint64_t>(number);
    const std::unique_ptr<Group> group = MakeGroup(number, seed);
    Client maker(stubs, seed);
    try {
      group->Prepare(maker, people_);
    } catch (const std::exception& error) {
      Report(absl::StrCat("group ", number, " could not be made: ", error.what()));
      return;
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < options_.clients; ++i) {
      threads.emplace_back([&, i] {
        Client client(stubs, seed * 31 + static_cast<uint64_t>(i) + 1);
        while (!group->enough()) group->Step(client);
      });
    }
    for (std::thread& thread : threads) thread.join();
    Judge(*group);
  }

  void Judge(const Group& group) {
    const Recorder& recorder = group.recorder();
    for (const std::string& failure : recorder.failures()) Report(failure);
    WorkloadReport own;
    for (size_t key = 0; key < recorder.histories().size(); ++key) {
      const std::vector<Operation>& history = recorder.histories()[key];
      const std::unique_ptr<Model> model = group.ModelOf(key);
      const CheckResult result = Check(*model, history);
      ++own.histories;
      own.steps += result.steps;
      own.operations += std::ssize(history);
      if (result.verdict == Verdict::kTooHard) ++own.too_hard;
      if (result.verdict != Verdict::kViolation) continue;
      Report(absl::StrCat("violation: ", group.Name(key), ", seed ", options_.seed, "\n",
                          Describe(*model, history, result)));
    }
    const std::lock_guard lock(mutex_);
    report_.histories += own.histories;
    report_.operations += own.operations;
    report_.too_hard += own.too_hard;
    report_.steps += own.steps;
    report_.unknown += recorder.unknown();
    report_.resent += recorder.resent();
  }

  void Report(const std::string& text) {
    const std::lock_guard lock(mutex_);
    ++report_.violations;
    if (options_.report) options_.report(text);
  }

  const WorkloadOptions options_;
  Stubs setup_;
  People people_;
  std::vector<std::unique_ptr<Stubs>> stubs_;
  std::mutex mutex_;
  WorkloadReport report_;
};

}  // namespace

WorkloadReport RunHistories(const Targets& targets, const WorkloadOptions& options) {
  return Runner(targets, options).Run();
}

}  // namespace lingkaran::history
