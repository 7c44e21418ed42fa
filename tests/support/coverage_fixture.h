// The world of coverage's service tests: one or more hosts, clocks set by hand, people with random
// ids, so that tests may share one Redis.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "common/crypto/personal_data_vault.h"
#include "tests/support/coverage_host.h"
#include "tests/support/process.h"

namespace lingkaran {

namespace cv1 = coverage::v1;
using Stub = cv1::CoverageService::Stub;

inline absl::Time Wib(int year, int month, int day, int hour = 9, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, 0),
                         absl::FixedTimeZone(7 * 3600));
}

class CoverageWorld {
 public:
  // `redis`: address, or empty for none.
  CoverageWorld(sql::Dialect dialect, const std::string& redis)
      : database_(MakeTestDatabase(dialect)) {
    setting.database = database_.url;
    setting.redis = redis;
    setting.keys = directory_.path() + "/keys.json";
    setting.rules = directory_.path();
    setting.near_members = 10'000;
    std::ofstream(setting.keys) << PersonalDataVault::NewKeyFile();
    std::filesystem::permissions(
        setting.keys, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::copy(LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto", rules_file());
    sealer_ = PersonalDataVault::FromFile(setting.keys).value();
    first_id_ = std::uniform_int_distribution<int64_t>(1'000'000, 1'000'000'000'000)(random_);
    host = Open();
  }
  ~CoverageWorld() { host.reset(); }

  // A further process on the same database and Redis.
  std::unique_ptr<CoverageHost> Open() {
    return std::make_unique<CoverageHost>(setting, clock, steady);
  }
  // One that asks what is new only when a check needs to know.
  std::unique_ptr<CoverageHost> OpenThatDoesNotFollow() {
    ServiceConfig alone = setting;
    alone.redis = "";
    return std::make_unique<CoverageHost>(alone, clock, steady, false);
  }
  std::string rules_file() const { return directory_.path() + "/coverage.textproto"; }
  sql::Database& database() { return *database_.db; }

  // The n-th person.
  int64_t Id(int n) const { return first_id_ + n; }
  std::string Nik(int n) const { return absl::StrCat("3372", 100000000000 + Id(n) % 100000000000); }
  std::string Number(int n) const { return absl::StrCat("19", Id(n)); }

  cv1::Member MemberOf(int n, int64_t version = 1) const {
    cv1::Member member;
    member.set_worker_id(Id(n));
    member.set_nik_hash(HashOf(Nik(n)));
    member.set_membership_number(Number(n));
    member.set_region_code("33.72");
    member.set_sector(common::v1::SECTOR_OTHER);
    member.set_version(version);
    return member;
  }
  std::string HashOf(const std::string& nik) const {
    const NikHash hash = sealer_->HashNik(nik);
    return std::string(hash.begin(), hash.end());
  }

  // ---- Calls, with a new request id unless one is given ----

  absl::StatusOr<cv1::UpsertMembersResponse> Upsert(const std::vector<cv1::Member>& members,
                                                    const std::string& request_id = "") {
    cv1::UpsertMembersRequest request;
    request.set_request_id(request_id.empty() ? NewRequestId() : request_id);
    for (const cv1::Member& member : members) *request.add_members() = member;
    return host->As("service", &Stub::UpsertMembers, request);
  }
  absl::Status ReportDeath(int n, int32_t day, int64_t version = 2,
                           const std::string& request_id = "") {
    cv1::Member dead = MemberOf(n, version);
    dead.set_death_day(day);
    return Upsert({dead}, request_id).status();
  }
  // Members 0 to count - 1.
  std::string Enrol(int count) {
    std::vector<cv1::Member> members;
    for (int i = 0; i < count; ++i) members.push_back(MemberOf(i));
    return Upsert(members).value().consistency_token();
  }

  // A line of the basic two programmes for `months` months from the first day on.
  cv1::ActivationLine LineOf(int n, int32_t first_day, int months) const {
    cv1::ActivationLine line;
    line.set_worker_id(Id(n));
    line.set_first_day(first_day);
    line.set_wage_base_rupiah(1'000'000);
    const Month first(DayFromNumber(first_day).value());
    for (int i = 0; i < months; ++i) {
      for (const auto& [programme, amount] :
           {std::pair(common::v1::PROGRAMME_JKK, 10'000), {common::v1::PROGRAMME_JKM, 6'800}}) {
        cv1::PaidMonth* paid = line.add_months();
        paid->set_programme(programme);
        paid->set_month(MonthNumber(first + i));
        paid->set_amount_rupiah(amount);
      }
    }
    return line;
  }
  cv1::ActivateCoverageRequest ActivationOf(const std::vector<cv1::ActivationLine>& lines,
                                            int64_t pledge = 5) const {
    cv1::ActivateCoverageRequest request;
    request.set_request_id(NewRequestId());
    request.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
    request.mutable_source()->set_pledge_id(pledge);
    for (const cv1::ActivationLine& line : lines) *request.add_lines() = line;
    return request;
  }
  absl::StatusOr<cv1::ActivateCoverageResponse> Activate(
      const cv1::ActivateCoverageRequest& request) {
    return host->As("service", &Stub::ActivateCoverage, request);
  }
  // Pays for one; the status of the line.
  absl::Status Pay(int n, int32_t first_day, int months) {
    const auto response = Activate(ActivationOf({LineOf(n, first_day, months)}));
    if (!response.ok()) return response.status();
    return FromProto(response->results(0).status());
  }
  absl::StatusOr<cv1::RevokeCoverageResponse> Revoke(int n, int32_t from_month,
                                                     int64_t pledge = 5) {
    cv1::RevokeCoverageRequest request;
    request.set_request_id(NewRequestId());
    request.mutable_source()->set_pledge_id(pledge);
    request.set_reason("test");
    request.add_lines()->set_worker_id(Id(n));
    request.mutable_lines(0)->set_from_month(from_month);
    return host->As("service", &Stub::RevokeCoverage, request);
  }

  // A question about the n-th person by id.
  cv1::CheckEligibilityRequest Ask(int n, int32_t day) const {
    cv1::CheckEligibilityRequest request;
    request.mutable_person()->set_worker_id(Id(n));
    request.set_day(day);
    return request;
  }
  absl::StatusOr<cv1::CheckEligibilityResponse> Check(const cv1::CheckEligibilityRequest& request,
                                                      const std::string& role = "officer",
                                                      CoverageHost* at = nullptr) {
    return (at == nullptr ? host.get() : at)->As(role, &Stub::CheckEligibility, request);
  }
  // The answer for JKK.
  cv1::ProgrammeAnswer Jkk(int n, int32_t day) {
    const auto response = Check(Ask(n, day));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->answers(0) : cv1::ProgrammeAnswer();
  }

  ManualClock clock{Wib(2019, 11, 7)};
  ManualClock steady{absl::UnixEpoch()};
  ServiceConfig setting = ShippedConfig();
  std::unique_ptr<CoverageHost> host;

 private:
  std::mt19937_64 random_{std::random_device{}()};
  TempDirectory directory_;
  TestDatabase database_;
  std::unique_ptr<PersonalDataVault> sealer_;
  int64_t first_id_;
};

// Service tests run without a cache and with the Redis of LINGKARAN_TEST_REDIS.
enum class Cache { kNone, kRedis };

class CoverageServiceTest : public testing::TestWithParam<Cache> {
 protected:
  static std::string Redis() {
    if (GetParam() == Cache::kNone) return "";
    const char* address = std::getenv("LINGKARAN_TEST_REDIS");
    EXPECT_NE(address, nullptr) << "set LINGKARAN_TEST_REDIS to HOST:PORT; tests/run does";
    return address == nullptr ? "127.0.0.1:1" : address;
  }
  CoverageWorld world_{sql::Dialect::kSqlite, Redis()};
};
#define LINGKARAN_WITH_AND_WITHOUT_REDIS(Suite)                                             \
  INSTANTIATE_TEST_SUITE_P(Cached, Suite, testing::Values(Cache::kNone, Cache::kRedis),     \
                           [](const auto& param_info) {                                     \
                             return param_info.param == Cache::kNone ? "NoCache" : "Redis"; \
                           })

}  // namespace lingkaran
