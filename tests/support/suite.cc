#include "tests/support/suite.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "common/base/date.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/run_rpc.h"
#include "tests/support/candidate.h"
#include "tests/support/requests.h"
#include "tests/support/story.h"

namespace lingkaran {

Suite::Suite(const Options& options) : clock_(options.now) {
  const std::string keys = directory_.path() + "/keys.json";
  std::ofstream(keys) << PersonalDataVault::NewKeyFile();
  std::filesystem::permissions(keys, std::filesystem::perms::owner_read);
  if (options.redis) {
    redis_server_ = std::make_unique<RedisServer>();
    redis_address_ = "unix:" + redis_server_->socket();
  }
  coverage_ = std::make_unique<decltype(coverage_)::element_type>(Config(options.dialect), clock_);
  registry_ = std::make_unique<decltype(registry_)::element_type>(Config(options.dialect), clock_);
  sponsorship_ =
      std::make_unique<decltype(sponsorship_)::element_type>(Config(options.dialect), clock_);
}

void Suite::GoTo(int year, int month, int day) {
  clock_.Set(
      absl::FromCivil(absl::CivilHour(year, month, day, 9), absl::FixedTimeZone(7 * 60 * 60)));
}

ServiceConfig Suite::Config(sql::Dialect dialect) {
  databases_.push_back(MakeTestDatabase(dialect));
  databases_.back().db.reset();  // the service opens it
  ServiceConfig config = ShippedConfig();
  config.database = databases_.back().url;
  config.redis = redis_address_;
  config.keys = directory_.path() + "/keys.json";
  if (registry_) config.registry = registry_->address();
  if (coverage_) config.coverage = coverage_->address();
  return config;
}

std::vector<int64_t> AddWorkers(Suite& suite, int count, int disabled, int first) {
  registry::v1::CreateAgencyRequest agency = NewAgency();
  agency.set_name(absl::StrCat(agency.name(), " ", first));
  const int64_t agency_id =
      Must(Ask(suite.registry(), &Registries::CreateAgency, agency)).agency().agency_id();

  const registry::v1::CreateBatchRequest batch = NewBatch(agency_id, count);
  const int64_t batch_id =
      Must(Ask(suite.registry(), &Registries::CreateBatch, batch)).batch().batch_id();

  std::vector<int64_t> workers;
  grpc::ClientContext context;
  Prepare(context, {.actor = kBudi, .timeout = absl::Seconds(60)});
  context.set_wait_for_ready(true);
  const auto stream = suite.registry().SubmitCandidates(&context);
  for (const auto& chunk : CandidateList(batch_id, first, count, disabled)) {
    stream->Write(chunk);
    registry::v1::SubmitCandidatesResponse answer;
    if (!stream->Read(&answer)) break;
    for (const registry::v1::RowResult& row : answer.results()) {
      if (row.status() == registry::v1::ROW_STATUS_ACCEPTED) workers.push_back(row.worker_id());
    }
  }
  stream->WritesDone();
  const absl::Status sent = FromGrpc(stream->Finish());
  if (!sent.ok() || static_cast<int>(workers.size()) != count) {
    throw std::runtime_error(
        absl::StrCat("list: ", workers.size(), " accepted, ", sent.ToString()));
  }

  registry::v1::ReviewBatchRequest review = ApprovalOf(batch_id);
  review.mutable_evidence()->set_attested_day(DayNumber(LocalDay(suite.clock().Now(), 7)));
  Must(Ask(suite.registry(), &Registries::ReviewBatch, review, kSiti));
  return workers;
}

sponsorship::v1::Allocation WaitForEnd(Suite& suite, int64_t allocation_id) {
  grpc::ClientContext context;
  Prepare(context, {.actor = kBudi, .timeout = absl::Seconds(120)});
  context.set_wait_for_ready(true);
  sponsorship::v1::WatchAllocationRequest request;
  request.set_allocation_id(allocation_id);
  const auto stream = suite.sponsorship().WatchAllocation(&context, request);
  sponsorship::v1::WatchAllocationResponse last;
  while (stream->Read(&last)) {
  }
  const absl::Status status = FromGrpc(stream->Finish());
  if (!status.ok()) throw std::runtime_error("WatchAllocation: " + status.ToString());
  return last.allocation();
}

}  // namespace lingkaran
