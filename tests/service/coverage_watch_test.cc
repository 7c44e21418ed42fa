// WatchCoverage: everything, in the order in which it was recorded, and nothing twice that need not
// be, over cuts, ends and concurrent writes.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "tests/support/coverage_fixture.h"

namespace lingkaran {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A watch of one host. Each read ends within the stream's deadline, so a test can't hang.
class Watch {
 public:
  explicit Watch(CoverageHost& host, const std::string& resume_token = "",
                 const std::string& region = "", const std::string& role = "officer") {
    Prepare(context_, {.actor = absl::StrCat("test;role=", role)});
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
    cv1::WatchCoverageRequest request;
    request.set_resume_token(resume_token);
    request.set_region_code(region);
    stub_ = cv1::CoverageService::NewStub(MakeChannel(host.address()));
    stream_ = stub_->WatchCoverage(&context_, request);
  }
  ~Watch() {
    context_.TryCancel();
    if (!ended_) static_cast<void>(End());
  }

  // The next message; nullopt at the end.
  std::optional<cv1::WatchCoverageResponse> Next() {
    cv1::WatchCoverageResponse response;
    if (!stream_->Read(&response)) return std::nullopt;
    token = response.resume_token();
    return response;
  }
  // Whom the next changes are about, at least so many; shorter if the stream ends.
  std::vector<cv1::CoverageChange> Changes(size_t count) {
    std::vector<cv1::CoverageChange> out;
    while (out.size() < count) {
      const auto message = Next();
      if (!message) break;
      out.insert(out.end(), message->changes().begin(), message->changes().end());
    }
    return out;
  }
  absl::Status End() {
    ended_ = true;
    return FromGrpc(stream_->Finish());
  }
  // How it ends, if there is no further message.
  absl::Status EndNow() {
    EXPECT_FALSE(Next().has_value());
    return End();
  }
  void Cut() { context_.TryCancel(); }

  std::string token;  // of the last message

 private:
  grpc::ClientContext context_;
  std::unique_ptr<cv1::CoverageService::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<cv1::WatchCoverageResponse>> stream_;
  bool ended_ = false;
};

class CoverageWatchTest : public CoverageServiceTest {
 protected:
  // The token that a watch begins with.
  static std::string TokenOf(CoverageHost& host) {
    Watch watch(host);
    EXPECT_TRUE(watch.Next().has_value());
    return watch.token;
  }
  std::vector<int64_t> Ids(const std::vector<cv1::CoverageChange>& changes) {
    std::vector<int64_t> out;
    for (const cv1::CoverageChange& change : changes) {
      out.push_back(change.worker_id() - world_.Id(0));
    }
    return out;
  }
};
LINGKARAN_WITH_AND_WITHOUT_REDIS(CoverageWatchTest);

TEST_P(CoverageWatchTest, TellsWhatIsTrueNow) {
  world_.Enrol(2);
  Watch watch(*world_.host);
  const auto first = watch.Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(first->changes(), IsEmpty()) << "from now on";
  EXPECT_NE(first->resume_token(), "");

  ASSERT_TRUE(world_.Pay(1, 20191107, 3).ok());
  auto changes = watch.Changes(1);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].worker_id(), world_.Id(1));
  EXPECT_EQ(changes[0].record_time().seconds(), absl::ToUnixSeconds(world_.clock.Now()));
  ASSERT_EQ(changes[0].spans_size(), 2);
  EXPECT_EQ(changes[0].spans(0).programme(), common::v1::PROGRAMME_JKK);
  EXPECT_EQ(changes[0].spans(0).first_day(), 20191107);
  EXPECT_EQ(changes[0].spans(0).last_day(), 20200131);
  EXPECT_EQ(changes[0].spans(0).months(), 3);
  EXPECT_EQ(changes[0].death_day(), 0);

  ASSERT_TRUE(world_.ReportDeath(1, 20191220).ok());
  changes = watch.Changes(1);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].death_day(), 20191220);

  ASSERT_TRUE(world_.Revoke(1, 0).ok());
  changes = watch.Changes(1);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].spans_size(), 0);
}

TEST_P(CoverageWatchTest, GoesOnWhereItWasCut) {
  world_.Enrol(3);
  Watch begun(*world_.host);
  ASSERT_TRUE(begun.Next().has_value());
  ASSERT_TRUE(world_.Pay(0, 20191107, 1).ok());
  EXPECT_THAT(Ids(begun.Changes(1)), ElementsAre(0));
  begun.Cut();
  ASSERT_TRUE(world_.Pay(2, 20191107, 1).ok());
  ASSERT_TRUE(world_.Pay(1, 20191107, 1).ok());
  // By another process too.
  const std::unique_ptr<CoverageHost> other = world_.Open();
  Watch resumed(*other, begun.token);
  EXPECT_THAT(Ids(resumed.Changes(2)), ElementsAre(2, 1));
  EXPECT_FALSE(absl::IsUnavailable(begun.End()));
}

TEST_P(CoverageWatchTest, HearsOfAnotherProcessesWrites) {
  world_.Enrol(1);
  const std::unique_ptr<CoverageHost> other = world_.Open();
  Watch watch(*other);
  ASSERT_TRUE(watch.Next().has_value());
  ASSERT_TRUE(world_.Pay(0, 20191107, 1).ok());
  EXPECT_THAT(Ids(watch.Changes(1)), ElementsAre(0));
}

TEST_P(CoverageWatchTest, OnlyWhoLivesInTheArea) {
  Watch nowhere(*world_.host, "", "Solo");
  EXPECT_EQ(ReasonOf(nowhere.EndNow()), Reason::kInvalidField);
  Watch solo(*world_.host, "", "33.72");
  ASSERT_TRUE(solo.Next().has_value());
  cv1::Member elsewhere = world_.MemberOf(0);
  elsewhere.set_region_code("31.71");
  ASSERT_TRUE(world_.Upsert({elsewhere, world_.MemberOf(1), world_.MemberOf(2)}).ok());
  EXPECT_THAT(Ids(solo.Changes(2)), ElementsAre(1, 2));
}

TEST_P(CoverageWatchTest, NothingIsMissedOrOutOfOrderUnderConcurrentWritesAndCuts) {
  constexpr int kWriters = 4, kEach = 25;
  world_.Enrol(kWriters);
  std::string token = TokenOf(*world_.host);
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (int n = 0; n < kWriters; ++n) {
    writers.emplace_back([&, n] {
      for (int i = 0; i < kEach; ++i) {
        cv1::Member member = world_.MemberOf(n, 2 + i);
        member.set_withdraw_day(20300101 + i % 28);
        if (!world_.Upsert({member}).ok()) ++failed;
      }
    });
  }
  // Each writer's last state comes last; a watch is cut after every few messages and taken up.
  std::map<int64_t, int> told;
  std::map<int64_t, int32_t> last;
  const auto all_told = [&] {
    return told.size() == kWriters && std::all_of(told.begin(), told.end(), [](const auto& one) {
             return one.second >= kEach;
           });
  };
  for (int watches = 0; watches < 200 && !all_told(); ++watches) {
    Watch watch(*world_.host, token);
    for (int messages = 0; messages < 4 && !all_told(); ++messages) {
      const auto message = watch.Next();
      ASSERT_TRUE(message.has_value()) << watch.End();
      for (const cv1::CoverageChange& change : message->changes()) {
        ++told[change.worker_id()];
        last[change.worker_id()] = change.withdraw_day();
      }
      token = watch.token;
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  for (int n = 0; n < kWriters; ++n) {
    EXPECT_EQ(told[world_.Id(n)], kEach) << "each once: whole messages were read";
    EXPECT_EQ(last[world_.Id(n)], 20300101 + (kEach - 1) % 28);
  }
}

// ---- Tokens ----

TEST_P(CoverageWatchTest, ATokenThatTheLogDoesNotReachIsRefusedWithWhatToDo) {
  world_.Enrol(1);
  const std::string old = TokenOf(*world_.host);
  ASSERT_TRUE(world_.Pay(0, 20191107, 1).ok());
  ASSERT_TRUE(world_.Pay(0, 20191201, 1).ok());
  ASSERT_TRUE(world_.database()
                  .Write([](sql::Tx& tx) {
                    tx.db() << "DELETE FROM change_log WHERE position < "
                               "(SELECT MAX(position) FROM change_log)";
                    return absl::OkStatus();
                  })
                  .ok());
  Watch watch(*world_.host, old);
  const absl::Status status = watch.EndNow();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kResumeTooOld);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("list everybody afresh"));
}

TEST_P(CoverageWatchTest, ATokenOfAnotherDatabaseOrNoneAtAllIsRefused) {
  CoverageWorld another(sql::Dialect::kSqlite, "");
  const std::string foreign = TokenOf(*another.host);
  Watch watch(*world_.host, foreign);
  EXPECT_EQ(ReasonOf(watch.EndNow()), Reason::kResumeTooOld);
  for (const std::string& text :
       {std::string("x"), absl::WebSafeBase64Escape("w1.1"), absl::WebSafeBase64Escape("w1.a.b")}) {
    Watch nonsense(*world_.host, text);
    EXPECT_EQ(ReasonOf(nonsense.EndNow()), Reason::kTokenInvalid) << text;
  }
}

TEST_P(CoverageWatchTest, IsForBranchesAndServices) {
  Watch clinic(*world_.host, "", "", "clinic");
  EXPECT_EQ(ReasonOf(clinic.EndNow()), Reason::kNotAllowed);
  Watch service(*world_.host, "", "", "service");
  EXPECT_TRUE(service.Next().has_value());
}

// ---- Ends ----

TEST_P(CoverageWatchTest, SilenceIsBrokenBySignsOfLife) {
  Watch watch(*world_.host);
  ASSERT_TRUE(watch.Next().has_value());
  world_.steady.Advance(absl::Seconds(10));
  const auto sign = watch.Next();
  ASSERT_TRUE(sign.has_value());
  EXPECT_THAT(sign->changes(), IsEmpty());
  EXPECT_NE(sign->resume_token(), "");
}

TEST_P(CoverageWatchTest, AStreamDoesNotHoldUpTheDrain) {
  world_.Enrol(1);
  Watch watch(*world_.host);
  ASSERT_TRUE(watch.Next().has_value());
  world_.host.reset();  // what a drain has to break off does not end in order
  EXPECT_TRUE(watch.EndNow().ok()) << "the end is in order: call again";
  world_.host = world_.Open();
  ASSERT_TRUE(world_.Pay(0, 20191107, 1).ok());
  Watch resumed(*world_.host, watch.token);
  EXPECT_THAT(Ids(resumed.Changes(1)), ElementsAre(0));
}

}  // namespace
}  // namespace lingkaran
