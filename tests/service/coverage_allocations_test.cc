// A check that the near cache answers allocates nothing between its request and its response.
#include <stdlib.h>

#include <algorithm>

#include <grpcpp/test/server_context_test_spouse.h>
#include <gtest/gtest.h>

#include "services/coverage/api/check_result.h"
#include "tests/support/coverage_fixture.h"

namespace {
thread_local int allocations = 0;
}  // namespace

#ifdef LINGKARAN_SANITIZED
constexpr bool kCounts = false;  // sanitizers have a malloc of their own
#else
constexpr bool kCounts = true;
// Everything that takes memory in this process comes by here, operator new and libcrypto too.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that glibc gives it
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#endif

namespace lingkaran {
namespace {

// A call that no connection stands behind.
class LocalCall {
 public:
  explicit LocalCall(const std::string& actor) {
    spouse_.AddClientMetadata(kActorMetadata, actor);
    context_.client_metadata();
  }
  grpc::ServerContext* context() { return &context_; }

 private:
  grpc::ServerContext context_;
  grpc::testing::ServerContextTestSpouse spouse_{&context_};
};

class CoverageAllocations : public testing::Test {
 protected:
  void SetUp() override {
    if (!kCounts) GTEST_SKIP() << "a sanitizer has malloc";
    world_.Enrol(100);
    for (int n = 0; n < 100; n += 3) ASSERT_TRUE(world_.Pay(n, 20191107, 3).ok());
  }

  // Allocations of one call once everything has been used before.
  template <typename Request, typename Response>
  int Count(grpc::Status (cv1::CoverageService::Service::*method)(grpc::ServerContext*,
                                                                  const Request*, Response*),
            const Request& request, const std::string& actor) {
    auto* service = static_cast<cv1::CoverageService::Service*>(world_.host->app().service());
    Response response;
    int counted = -1;
    for (int i = 0; i < 3; ++i) {
      coverage::EmptyResponse()(response);
      LocalCall call(actor);
      allocations = 0;
      const grpc::Status status = (service->*method)(call.context(), &request, &response);
      counted = allocations;
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    return counted;
  }
  int CountCheck(const cv1::CheckEligibilityRequest& request) {
    int most = 0;
    for (const char* actor : {"klinik sehat sentosa di solo;role=clinic", "sari;role=officer"}) {
      most =
          std::max(most, Count(&cv1::CoverageService::Service::CheckEligibility, request, actor));
    }
    return most;
  }

  CoverageWorld world_{sql::Dialect::kSqlite, ""};
};

TEST_F(CoverageAllocations, TheCounterCounts) {
  allocations = 0;
  delete new int;
  EXPECT_EQ(allocations, 1);
}

TEST_F(CoverageAllocations, ANearHitAllocatesNothing) {
  for (const int32_t day : {0, 20191110, 20200310}) {
    for (const int n : {0, 1, 500}) {  // paid, not paid, nobody
      cv1::CheckEligibilityRequest request = world_.Ask(n, day);
      EXPECT_EQ(CountCheck(request), 0) << "by id";
      request.mutable_person()->set_nik(world_.Nik(n));
      EXPECT_EQ(CountCheck(request), 0) << "by NIK";
      request.mutable_person()->set_membership_number(world_.Number(n));
      EXPECT_EQ(CountCheck(request), 0) << "by number " << world_.Number(n);
      request.mutable_consistency()->set_at_least_as_fresh(ToToken({1, {}}));
      EXPECT_EQ(CountCheck(request), 0) << "with a token";
    }
  }
}

TEST_F(CoverageAllocations, ABatchOfNearHitsAllocatesNothing) {
  cv1::BatchCheckEligibilityRequest request;
  for (int n = 0; n < 100; ++n) {
    cv1::BatchCheckItem& item = *request.add_items();
    item.set_correlation_id(absl::StrCat("row ", n));
    if (n % 2 == 0) {
      item.mutable_person()->set_nik(world_.Nik(n));
    } else {
      item.mutable_person()->set_worker_id(world_.Id(n));
    }
  }
  EXPECT_EQ(
      Count(&cv1::CoverageService::Service::BatchCheckEligibility, request, "sari;role=officer"),
      0);
}

}  // namespace
}  // namespace lingkaran
