#include "tests/bench/check/import.h"

#include <future>

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include "common/base/random.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "tests/bench/check/calls.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {
namespace {

namespace v1 = coverage::v1;

constexpr int kRows = 2'000;
constexpr int kFirstDay = 20191108;
constexpr int kMonth = 201911;
constexpr char kUpsert[] = "/lingkaran.coverage.v1.CoverageService/UpsertMembers";
constexpr char kActivate[] = "/lingkaran.coverage.v1.CoverageService/ActivateCoverage";

void AddMonth(common::v1::Programme programme, int64_t amount, v1::ActivationLine* line) {
  v1::PaidMonth* month = line->add_months();
  month->set_programme(programme);
  month->set_month(kMonth);
  month->set_amount_rupiah(amount);
}

grpc::ByteBuffer Bytes(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

Import::Import(const std::string& address, int64_t first)
    : stub_(OwnConnection(address)), next_person_(first) {}

void Import::Prepare(int64_t people) {
  while (static_cast<int64_t>(steps_.size()) * kRows < people) PrepareOne();
}

void Import::PrepareOne() {
  static const std::unique_ptr<PersonalDataVault> sealer =
      std::move(*PersonalDataVault::FromText(NationKeys()));
  v1::UpsertMembersRequest members;
  v1::ActivateCoverageRequest months;
  members.set_request_id(NewRequestId());
  months.set_request_id(NewRequestId());
  months.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
  months.mutable_source()->set_pledge_id(next_person_);
  for (int i = 0; i < kRows; ++i) {
    const Citizen citizen = MakeCitizen(next_person_++);
    v1::Member* member = members.add_members();
    member->set_worker_id(citizen.worker_id);
    const NikHash hash = sealer->HashNik(citizen.nik);
    member->set_nik_hash(hash.data(), hash.size());
    member->set_membership_number(citizen.membership_number);
    member->set_region_code(std::string(citizen.region_code));
    member->set_sector(common::v1::SECTOR_OTHER);
    member->set_version(1);
    v1::ActivationLine* line = months.add_lines();
    line->set_worker_id(citizen.worker_id);
    line->set_first_day(kFirstDay);
    AddMonth(common::v1::PROGRAMME_JKK, 10'000, line);
    AddMonth(common::v1::PROGRAMME_JKM, 6'800, line);
  }
  steps_.insert(steps_.begin(), Step{Bytes(members), Bytes(months)});
}

void Import::Start() {
  stop_ = false;
  imported_ = 0;
  thread_ = std::thread([this] { Run(); });
}

int64_t Import::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return imported_;
}

void Import::Run() {
  while (!stop_) {
    if (steps_.empty()) PrepareOne();
    const Step step = std::move(steps_.back());
    steps_.pop_back();
    Call(kUpsert, step.members);
    grpc::ByteBuffer booked = Call(kActivate, step.months);
    v1::ActivateCoverageResponse response;
    grpc::ProtoBufferReader reader(&booked);
    if (!response.ParseFromZeroCopyStream(&reader)) Fail("an import's response can't be read");
    for (const v1::ActivationResult& result : response.results()) {
      if (result.status().code() != 0) Fail("an import was refused: " + result.DebugString());
    }
    imported_ += response.results_size();
  }
}

grpc::ByteBuffer Import::Call(const char* method, const grpc::ByteBuffer& request) {
  grpc::ClientContext context;
  PrepareCall(context, "registry;role=service");
  grpc::ByteBuffer response;
  std::promise<grpc::Status> ended;
  stub_.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                  [&](const grpc::Status& status) { ended.set_value(status); });
  const grpc::Status status = ended.get_future().get();
  if (!status.ok()) Fail("an import failed: " + status.error_message());
  return response;
}

}  // namespace lingkaran::bench
