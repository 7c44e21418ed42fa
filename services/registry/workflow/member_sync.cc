#include "services/registry/workflow/member_sync.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran::registry {
namespace {

constexpr char kKind[] = "upsert_members";
constexpr char kActor[] = "registry;role=service";
// Well below the outbox's lease; further tries are the outbox's.
constexpr absl::Duration kTimeout = absl::Seconds(10);

void FillMember(const Worker& worker, coverage::v1::Member* out) {
  out->set_worker_id(worker.worker_id);
  out->set_nik_hash(worker.nik_hash.data(), worker.nik_hash.size());
  out->set_membership_number(worker.membership_number);
  out->set_region_code(worker.region_code);
  out->set_sector(static_cast<common::v1::Sector>(worker.sector));
  out->set_death_day(worker.death_day);
  out->set_withdraw_day(worker.withdraw_day);
  out->set_version(worker.version);
}

class ChannelCalls final : public CoverageCalls {
 public:
  explicit ChannelCalls(const std::string& coverage)
      : stub_(coverage::v1::CoverageService::NewStub(MakeChannel(coverage))) {}
  grpc::Status UpsertMembers(grpc::ClientContext* context,
                             const coverage::v1::UpsertMembersRequest& request,
                             coverage::v1::UpsertMembersResponse* response) override {
    return stub_->UpsertMembers(context, request, response);
  }

 private:
  const std::unique_ptr<coverage::v1::CoverageService::Stub> stub_;
};

}  // namespace

std::unique_ptr<CoverageCalls> CallsTo(const std::string& coverage) {
  return std::make_unique<ChannelCalls>(coverage);
}

MemberSync::MemberSync(sql::Database& database, CoverageCalls& coverage, Outbox::Options options)
    : coverage_(coverage), outbox_(database, options) {
  outbox_.Register(kKind, [this](const OutboxMessage& message) { return Send(message); });
}

OutboxMessage MemberSync::Put(sql::Tx& tx, const std::string& request_id,
                              absl::Span<const Worker> members) {
  coverage::v1::UpsertMembersRequest request;
  for (const Worker& worker : members) FillMember(worker, request.add_members());
  return outbox_.PutLeased(tx, absl::StrCat("members/", request_id), kKind,
                           request.SerializeAsString());
}

std::string MemberSync::OwedToken(const OutboxMessage& message) {
  return ToToken({0, {message.request_id}});
}

std::string MemberSync::Deliver(const OutboxMessage& message) {
  {
    MutexLock lock(mutex_);
    awaited_[message.request_id].clear();
  }
  outbox_.DeliverNow(message);
  MutexLock lock(mutex_);
  auto answered = awaited_.extract(message.request_id);
  return answered.mapped().empty() ? OwedToken(message) : std::move(answered.mapped());
}

absl::StatusOr<Outbox::Commit> MemberSync::Send(const OutboxMessage& message) {
  coverage::v1::UpsertMembersRequest request;
  if (!request.ParseFromString(message.body)) {
    return absl::DataLossError("an outbox row can't be read");
  }
  request.set_request_id(message.request_id);
  coverage::v1::UpsertMembersResponse response;
  RETURN_IF_ERROR(CallWithRetry({kActor, kTimeout, /*tries=*/1}, [&](grpc::ClientContext* context) {
    return coverage_.UpsertMembers(context, request, &response);
  }));
  MutexLock lock(mutex_);
  if (const auto waits = awaited_.find(message.request_id); waits != awaited_.end()) {
    waits->second = response.consistency_token();
  }
  return Outbox::Commit([](sql::Tx&) { return absl::OkStatus(); });
}

}  // namespace lingkaran::registry
