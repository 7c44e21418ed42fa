#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/record/member_record.h"
#include "tests/bench/check/baseline.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/pool.h"
#include "tests/bench/check/redis_fill.h"

namespace lingkaran::bench {
namespace {

class Get final : public coverage::v1::CoverageService::Service {
 public:
  Get(const BaselineParts& parts, const std::string& redis)
      : parts_(parts), connections_([redis] { return std::make_unique<RedisConnection>(redis); }) {}

  grpc::Status CheckEligibility(grpc::ServerContext*,
                                const coverage::v1::CheckEligibilityRequest* request,
                                coverage::v1::CheckEligibilityResponse* response) override {
    const NikHash hash = parts_.sealer.HashNik(request->person().nik());
    FillResponse(parts_, Find(hash), response);
    return grpc::Status::OK;
  }

 private:
  coverage::Facts Find(const NikHash& hash) {
    const std::string key = GetKey(hash);
    Pool<RedisConnection>::Lease connection(connections_);
    const std::string value = connection->Ask("GET", key);
    std::optional<coverage::MemberRecord> record = coverage::Unpack(value);
    if (!record || record->nik_hash != hash) return {};
    record->facts.position = kNationPosition;
    return std::move(record->facts);
  }

  const BaselineParts parts_;
  Pool<RedisConnection> connections_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGet(const BaselineParts& parts, const std::string& redis) {
  return std::make_unique<Get>(parts, redis);
}

}  // namespace lingkaran::bench
