#include "tests/service/registry_fixture.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <soci/soci.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/date.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/client.h"

namespace lingkaran::registry {

// -- coverage --

grpc::Status CoverageRecorder::UpsertMembers(grpc::ServerContext* context,
                                             const coverage::v1::UpsertMembersRequest* request,
                                             coverage::v1::UpsertMembersResponse* response) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto actor = context->client_metadata().find(kActorMetadata);
  if (actor != context->client_metadata().end()) {
    actor_ = std::string(actor->second.data(), actor->second.size());
  }
  if (!answer_.ok()) {
    ++refused_;
    return ToGrpc(answer_);
  }
  size_t position = 0;
  while (position < taken_.size() && taken_[position].request_id() != request->request_id()) {
    ++position;
  }
  if (position == taken_.size()) taken_.push_back(*request);
  response->set_changed(request->members_size());
  response->set_consistency_token(ToToken({static_cast<int64_t>(position) + 1, {}}));
  changed_.notify_all();
  return grpc::Status::OK;
}

void CoverageRecorder::Answer(absl::Status status) {
  std::lock_guard<std::mutex> lock(mutex_);
  answer_ = std::move(status);
}

std::vector<coverage::v1::UpsertMembersRequest> CoverageRecorder::Taken(size_t count) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(20), [&] { return taken_.size() >= count; });
  return taken_;
}

std::string CoverageRecorder::actor() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return actor_;
}

int CoverageRecorder::refused() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return refused_;
}

// -- rows --

v1::CandidateRow GoodRow(int line, int serial) {
  // 9,999 serials for each birth day.
  const int day = 1 + serial / 9'999 % 28;
  const int month = 1 + serial / 9'999 / 28 % 12;
  v1::CandidateRow row;
  row.set_line_number(line);
  row.set_nik(absl::StrFormat("337201%02d%02d80%04d", day, month, 1 + serial % 9'999));
  row.set_full_name(absl::StrCat("Slamet Kenari", serial));
  row.set_birth_place("Surakarta");
  row.set_birth_date(absl::StrFormat("%02d/%02d/1980", day, month));
  row.set_sex("L");
  row.set_address("Jl. Kenanga 12 RT 03 RW 04");
  row.set_village("Sondakan");
  row.set_district("Laweyan");
  row.set_occupation("Pedagang kaki lima");
  row.set_disability(serial % 10 == 0 ? "Tuna daksa" : "Tidak ada");
  row.set_monthly_income("850000");
  row.set_phone("081234567890");
  return row;
}

std::vector<v1::CandidateRow> GoodRows(int count, int first_serial) {
  std::vector<v1::CandidateRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back(GoodRow(i + 2, first_serial + i));
  return rows;
}

v1::FindingCode FirstCode(const v1::RowResult& row) {
  return row.findings().empty() ? v1::FINDING_CODE_UNSPECIFIED : row.findings(0).code();
}

// -- the service --

RegistryTest::RegistryTest()
    // The day of the event: 7 November 2019, 9 o'clock in Solo.
    : clock_(absl::FromCivil(absl::CivilSecond(2019, 11, 7, 2, 0, 0), absl::UTCTimeZone())),
      keys_(std::filesystem::temp_directory_path() /
            absl::StrCat("registry_keys_", getpid(), ".json")) {
  std::ofstream(keys_) << PersonalDataVault::NewKeyFile();
  std::filesystem::permissions(keys_, std::filesystem::perms::owner_read);
  Server::Options options;
  options.listen = "127.0.0.1:0";
  auto server = Server::Start(options, {&recorder_});
  EXPECT_TRUE(server.ok()) << server.status();
  recorder_server_ = *std::move(server);
  StartApp();
}

RegistryTest::~RegistryTest() {
  server_->Shutdown();
  app_.reset();
  recorder_server_->Shutdown();
  std::filesystem::remove(keys_);
}

void RegistryTest::StartApp() {
  ServiceConfig config;
  config.database = url();
  config.rules = LINGKARAN_SOURCE_DIR "/deploy/rules";
  config.regions = LINGKARAN_SOURCE_DIR "/deploy/regions";
  config.keys = keys_;
  config.coverage = recorder_server_->address();
  auto app = RegistryApp::Make(config, clock_);
  EXPECT_TRUE(app.ok()) << app.status();
  app_ = *std::move(app);
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.healthy = [this] { return app_->Healthy(); };
  auto server = Server::Start(options, {app_->service(), app_->operations()});
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  stub_ = v1::RegistryService::NewStub(MakeChannel(server_->address()));
}

void RegistryTest::Restart() {
  server_->Shutdown();
  server_.reset();
  app_.reset();
  StartApp();
}

std::string RegistryTest::NewId() { return absl::StrCat("request-", ++ids_); }

v1::CreateAgencyRequest RegistryTest::AgencyIn(const std::string& region) {
  v1::CreateAgencyRequest request;
  request.set_request_id(NewId());
  request.set_name("Dinas Sosial Kota Surakarta");
  request.set_kind(v1::AGENCY_KIND_SOCIAL_AGENCY);
  request.set_region_code(region);
  return request;
}

v1::CreateBatchRequest RegistryTest::BatchOf(int64_t agency_id, int declared, v1::BatchKind kind) {
  v1::CreateBatchRequest request;
  request.set_request_id(NewId());
  request.set_agency_id(agency_id);
  request.set_kind(kind);
  request.set_decree_number("SK 400.9/12/2019");
  request.set_decree_day(20191101);
  request.set_declared_rows(declared);
  return request;
}

int64_t RegistryTest::MakeAgency(const std::string& region) {
  const auto made = Call(&v1::RegistryService::StubInterface::CreateAgency, AgencyIn(region));
  EXPECT_TRUE(made.status.ok()) << made.status;
  return made.response.agency().agency_id();
}

int64_t RegistryTest::MakeBatch(int64_t agency_id, int declared, v1::BatchKind kind) {
  const auto made =
      Call(&v1::RegistryService::StubInterface::CreateBatch, BatchOf(agency_id, declared, kind),
           absl::StrCat("siti;role=agency;agency=", agency_id));
  EXPECT_TRUE(made.status.ok()) << made.status;
  const int64_t batch_id = made.response.batch().batch_id();
  agency_of_batch_[batch_id] = agency_id;
  return batch_id;
}

std::string RegistryTest::SenderOf(int64_t batch_id) const {
  const auto found = agency_of_batch_.find(batch_id);
  return absl::StrCat("siti;role=agency;agency=",
                      found == agency_of_batch_.end() ? 1 : found->second);
}

std::vector<v1::RowResult> RegistryTest::Sent::results() const {
  std::vector<v1::RowResult> all;
  for (const v1::SubmitCandidatesResponse& response : responses) {
    all.insert(all.end(), response.results().begin(), response.results().end());
  }
  return all;
}

RegistryTest::Sent RegistryTest::Send(int64_t batch_id, const std::vector<v1::CandidateRow>& rows,
                                      bool complete, int chunk_rows, const std::string& actor) {
  grpc::ClientContext context;
  context.AddMetadata(kActorMetadata, actor.empty() ? SenderOf(batch_id) : actor);
  auto stream = stub_->SubmitCandidates(&context);
  Sent sent;
  size_t next = 0;
  int number = 0;
  do {
    v1::SubmitCandidatesRequest chunk;
    chunk.set_batch_id(batch_id);
    chunk.set_chunk_number(++number);
    for (int i = 0; i < chunk_rows && next < rows.size(); ++i) *chunk.add_rows() = rows[next++];
    chunk.set_complete(complete && next == rows.size());
    v1::SubmitCandidatesResponse response;
    if (!stream->Write(chunk) || !stream->Read(&response)) break;
    sent.responses.push_back(std::move(response));
  } while (next < rows.size());
  stream->WritesDone();
  sent.status = FromGrpc(stream->Finish());
  return sent;
}

Answered<v1::ReviewBatchResponse> RegistryTest::Review(int64_t batch_id,
                                                       v1::ReviewDecision decision,
                                                       const std::string& actor) {
  v1::ReviewBatchRequest request;
  request.set_request_id(NewId());
  request.set_batch_id(batch_id);
  request.set_decision(decision);
  if (decision == v1::REVIEW_DECISION_REJECT) request.set_reason("daftar keliru");
  v1::Evidence* evidence = request.mutable_evidence();
  evidence->set_working_attested(true);
  evidence->set_healthy_attested(true);
  evidence->set_attested_by("Lurah Sondakan");
  evidence->set_attested_day(DayNumber(LocalDay(clock_.Now(), 7)));
  evidence->set_document("BA 12/2019");
  return Call(&v1::RegistryService::StubInterface::ReviewBatch, request, actor);
}

std::vector<int64_t> RegistryTest::MakeVerified(int count, int first_serial) {
  const int64_t batch_id = MakeBatch(MakeAgency(), count);
  const Sent sent = Send(batch_id, GoodRows(count, first_serial));
  EXPECT_TRUE(sent.status.ok()) << sent.status;
  const auto review = Review(batch_id, v1::REVIEW_DECISION_APPROVE);
  EXPECT_TRUE(review.status.ok()) << review.status;
  std::vector<int64_t> ids;
  for (const v1::RowResult& row : sent.results()) ids.push_back(row.worker_id());
  return ids;
}

Answered<v1::EnrolWorkersResponse> RegistryTest::EnrolAll(const std::vector<int64_t>& ids,
                                                          int64_t pledge_id,
                                                          const std::string& request_id) {
  v1::EnrolWorkersRequest request;
  request.set_request_id(request_id.empty() ? NewId() : request_id);
  request.set_pledge_id(pledge_id);
  for (const int64_t id : ids) request.add_worker_ids(id);
  return Call(&v1::RegistryService::StubInterface::EnrolWorkers, request,
              "sponsorship;role=service");
}

v1::Worker RegistryTest::Get(int64_t worker_id) {
  v1::GetWorkerRequest request;
  request.set_worker_id(worker_id);
  auto got = Call(&v1::RegistryService::StubInterface::GetWorker, request);
  EXPECT_TRUE(got.status.ok()) << got.status;
  return got.response.worker();
}

v1::Batch RegistryTest::GetBatch(int64_t batch_id) {
  v1::GetBatchRequest request;
  request.set_batch_id(batch_id);
  auto got = Call(&v1::RegistryService::StubInterface::GetBatch, request);
  EXPECT_TRUE(got.status.ok()) << got.status;
  return got.response.batch();
}

int64_t RegistryTest::QueryInt(const std::string& query) {
  int64_t value = 0;
  const absl::Status status = db().Read([&](sql::Tx& tx) {
    tx.db() << query, soci::into(value);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << query << ": " << status;
  return value;
}

}  // namespace lingkaran::registry
