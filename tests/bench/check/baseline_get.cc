#include <hiredis/hiredis.h>

#include <array>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/record/member_record.h"
#include "tests/bench/check/baseline.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/pool.h"

namespace lingkaran::bench {
namespace {

// A connection that waits for each answer, as anybody would write it. Errors end the program.
class Asker {
 public:
  explicit Asker(const std::string& address) {
    const size_t colon = address.rfind(':');
    const int port = std::atoi(address.c_str() + colon + 1);
    context_ = redisConnect(address.substr(0, colon).c_str(), port);
    if (context_ == nullptr || context_->err != 0) Fail("can't connect to Redis at " + address);
  }
  ~Asker() { redisFree(context_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Empty if there is no such key.
  std::string Get(const std::string& key) {
    std::array<const char*, 2> words = {"GET", key.data()};
    const std::array<size_t, 2> sizes = {3, key.size()};
    const std::unique_ptr<redisReply, void (*)(redisReply*)> reply(
        static_cast<redisReply*>(redisCommandArgv(context_, 2, words.data(), sizes.data())),
        [](redisReply* answer) { freeReplyObject(answer); });
    if (reply == nullptr) Fail(std::string("Redis: ") + context_->errstr);
    if (reply->type == REDIS_REPLY_ERROR) Fail(std::string("Redis: ") + reply->str);
    return reply->str == nullptr ? std::string() : std::string(reply->str, reply->len);
  }

 private:
  redisContext* context_;
};

class Get final : public coverage::v1::CoverageService::Service {
 public:
  Get(const BaselineParts& parts, const std::string& redis)
      : parts_(parts), askers_([redis] { return std::make_unique<Asker>(redis); }) {}

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
    Pool<Asker>::Lease asker(askers_);
    const std::string value = asker->Get(key);
    std::optional<coverage::MemberRecord> record = coverage::Unpack(value);
    if (!record || record->nik_hash != hash) return {};
    record->facts.position = kNationPosition;
    return std::move(record->facts);
  }

  const BaselineParts parts_;
  Pool<Asker> askers_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGet(const BaselineParts& parts, const std::string& redis) {
  return std::make_unique<Get>(parts, redis);
}

}  // namespace lingkaran::bench
