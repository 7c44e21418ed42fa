#include "common/rpc/run_rpc.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "google/rpc/error_details.pb.h"
#include "lingkaran/common/v1/types.pb.h"
#include "lingkaran/registry/v1/registry.pb.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;

// gRPC's default limit of all metadata of an answer.
constexpr size_t kMetadataLimit = 8192;

// What the trailers of a status take: the text percent-encoded, the details in base64.
size_t TrailerBytes(const grpc::Status& status) {
  size_t text = 0;
  for (const unsigned char c : status.error_message()) text += c >= 0x20 && c < 0x7F ? 1 : 3;
  return text + status.error_details().size() * 4 / 3 + 100;
}

absl::StatusCode AnyCode() { return static_cast<absl::StatusCode>(*rc::gen::inRange(1, 17)); }

std::string AnyText(int longest) {
  return *rc::gen::resize(longest,
                          rc::gen::container<std::string>(rc::gen::inRange('\x20', '\x7F')));
}

TEST(StatusTest, EveryCodeKeepsItsNumber) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "text");
    EXPECT_EQ(static_cast<int>(ToGrpc(status).error_code()), code);
    EXPECT_EQ(ToProto(status).code(), code);
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
    EXPECT_EQ(FromProto(ToProto(status)), status);
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_TRUE(FromProto(google::rpc::Status()).ok());
}

TEST(StatusTest, NothingIsLostOnTheWay) {
  EXPECT_TRUE(rc::check("grpc and proto round trips", [] {
    absl::Status status(AnyCode(), AnyText(100));
    const int payloads = *rc::gen::inRange(0, 4);
    for (int i = 0; i < payloads; ++i) {
      status.SetPayload(absl::StrCat("type.googleapis.com/test.Payload", i),
                        absl::Cord(*rc::gen::resize(100, rc::gen::arbitrary<std::string>())));
    }
    RC_ASSERT(FromGrpc(ToGrpc(status)) == status);
    RC_ASSERT(FromProto(ToProto(status)) == status);
  }));
}

TEST(StatusTest, OtherClientsCanReadOurReasons) {
  const absl::Status error = Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
                                   "no money is left on pledge 12", {{"pledge_id", "12"}});
  google::rpc::Status proto;
  ASSERT_TRUE(proto.ParseFromString(ToGrpc(error).error_details()));
  ASSERT_EQ(proto.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(proto.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "FUNDS_EXHAUSTED");
  EXPECT_EQ(info.domain(), "lingkaran.id");
}

TEST(StatusTest, HugeErrorsStillFitTheTrailers) {
  FieldErrors errors;
  for (int i = 0; i < 500; ++i) {
    errors.Require(false, absl::StrCat("lines[", i, "].amount"), std::string(200, 'x'));
  }
  const grpc::Status many = ToGrpc(errors.ToStatus());
  EXPECT_LT(TrailerBytes(many), kMetadataLimit);
  EXPECT_EQ(ReasonOf(FromGrpc(many)), Reason::kInvalidField);
  EXPECT_FALSE(FieldViolationsOf(FromGrpc(many)).empty());

  std::string text;
  for (int i = 0; i < 5000; ++i) text += "é";
  const grpc::Status wide = ToGrpc(Error(absl::StatusCode::kNotFound, Reason::kPledgeNotFound, text,
                                         {{"a", std::string(9000, 'a')}}));
  EXPECT_LT(TrailerBytes(wide), kMetadataLimit);
  EXPECT_EQ(ReasonOf(FromGrpc(wide)), Reason::kPledgeNotFound);
  EXPECT_EQ(wide.error_message().size() % 2, 0u) << "cut in the middle of a character";
}

TEST(StatusTest, TextThatIsNotUtf8CostsNoDetails) {
  const absl::Status error =
      Error(absl::StatusCode::kNotFound, Reason::kBatchNotFound, "caf\xe9 \xed\xa0\x80 \xc0\xaf é");
  EXPECT_EQ(ReasonOf(FromGrpc(ToGrpc(error))), Reason::kBatchNotFound);
  EXPECT_EQ(ToProto(error).message(), "caf? ??? ?? é");
}

TEST(StatusTest, ForeignDetailsAreIgnored) {
  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff no status"));
  EXPECT_EQ(status, absl::NotFoundError("gone"));
}

TEST(PeerTest, OnlyThisMachineIsBelieved) {
  for (const char* peer : {"ipv4:127.0.0.1:4711", "ipv4:127.1.2.3:1", "ipv6:%5B::1%5D:4711",
                           "ipv6:[::1]:4711", "unix:", "unix:/run/x.sock"}) {
    EXPECT_TRUE(IsTrustedPeer(peer)) << peer;
  }
  for (const char* peer :
       {"ipv4:10.0.0.1:4711", "ipv4:192.168.127.1:1", "ipv6:%5B2001:db8::1%5D:4711",
        "ipv6:%5B::1:2%5D:4711", "ipv6:[fe80::1]:1", "", "dns:127.0.0.1"}) {
    EXPECT_FALSE(IsTrustedPeer(peer)) << peer;
  }
}

class RequestKeyTest : public testing::Test {
 protected:
  RequestKeyTest() { call_.method = "a.B/C"; }

  static registry::v1::CreateAgencyRequest Request(const std::string& id, const std::string& text,
                                                   const std::string& more = "") {
    registry::v1::CreateAgencyRequest request;
    request.set_request_id(id);
    request.set_name(text);
    request.set_region_code(more);
    return request;
  }
  sql::RequestKey KeyOf(const google::protobuf::Message& request) {
    const absl::StatusOr<sql::RequestKey> key = RequestKeyOf(call_, request);
    EXPECT_TRUE(key.ok()) << key.status();
    return key.value_or(sql::RequestKey());
  }

  Call call_;
};

TEST_F(RequestKeyTest, TheIdIsNoPartOfTheFingerprint) {
  const sql::RequestKey one = KeyOf(Request("id-1", "body"));
  const sql::RequestKey two = KeyOf(Request("id-2", "body"));
  EXPECT_EQ(one.request_id, "id-1");
  EXPECT_EQ(one.method, "a.B/C");
  EXPECT_EQ(one.fingerprint.size(), 32u);
  EXPECT_EQ(one.fingerprint, two.fingerprint);
}

TEST_F(RequestKeyTest, DifferentBodiesHaveDifferentFingerprints) {
  std::set<std::string> prints;
  for (const auto& [text, more] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}}) {
    EXPECT_TRUE(prints.insert(KeyOf(Request("i", text, more)).fingerprint).second);
  }
}

TEST_F(RequestKeyTest, TheRequestStaysAsItIs) {
  const auto request = Request("id", "body");
  const std::string before = request.SerializeAsString();
  KeyOf(request);
  EXPECT_EQ(request.SerializeAsString(), before);
}

TEST_F(RequestKeyTest, BadIdsAreRefusedWithAHint) {
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a\nb"),
                                 std::string("é"), std::string("a\0b", 3)}) {
    const absl::StatusOr<sql::RequestKey> key = RequestKeyOf(call_, Request(bad, "body"));
    ASSERT_FALSE(key.ok()) << bad;
    EXPECT_EQ(ReasonOf(key.status()), Reason::kInvalidField);
    EXPECT_EQ(FieldViolationsOf(key.status())[0].first, "request_id");
  }
  EXPECT_TRUE(RequestKeyOf(call_, Request(std::string(64, 'x'), "")).ok());
}

TEST_F(RequestKeyTest, AMessageWithoutIdIsABug) {
  EXPECT_TRUE(absl::IsInternal(RequestKeyOf(call_, common::v1::TokenContent()).status()));
}

TEST(TokenTest, RoundTrip) {
  EXPECT_TRUE(rc::check("tokens", [] {
    Token token;
    token.coverage_position = *rc::gen::inRange<int64_t>(0, INT64_MAX);
    const int owed = *rc::gen::inRange(0, 5);
    for (int i = 0; i < owed; ++i) token.owed_request_ids.push_back(NewRequestId());
    const absl::StatusOr<Token> back = FromToken(ToToken(token));
    RC_ASSERT(back.ok());
    RC_ASSERT(back->coverage_position == token.coverage_position);
    RC_ASSERT(back->owed_request_ids == token.owed_request_ids);
  }));
}

TEST(TokenTest, APositionAloneIsWrittenTheSame) {
  EXPECT_TRUE(rc::check("into a string that was used before", [] {
    const auto position = *rc::gen::resize(64, rc::gen::arbitrary<int64_t>());
    std::string text(*rc::gen::inRange(0, 50), 'x');
    SetToken(position, &text);
    RC_ASSERT(text == ToToken({position, {}}));
  }));
}

TEST(TokenTest, TheEmptyTokenIsATokenAndDemandsNothing) {
  const std::string text = ToToken({});
  EXPECT_FALSE(text.empty());
  const absl::StatusOr<Token> token = FromToken(text);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->coverage_position, 0);
  EXPECT_TRUE(token->owed_request_ids.empty());
}

TEST(TokenTest, AnythingElseIsRefused) {
  common::v1::TokenContent negative;
  negative.set_coverage_position(-1);
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("c1.!!!!"), std::string("c2.CAE"),
        ToPageToken(7), std::string("c1.") + std::string(9000, 'A'), std::string("c1.____")}) {
    EXPECT_EQ(ReasonOf(FromToken(bad).status()), Reason::kTokenInvalid) << bad;
    EXPECT_TRUE(absl::IsInvalidArgument(FromToken(bad).status())) << bad;
  }
}

TEST(TokenTest, HostileTextNeverHarms) {
  EXPECT_TRUE(rc::check("any text is a token or refused", [](const std::string& text) {
    for (const std::string& candidate : {text, "c1." + text, "p1." + text}) {
      const absl::StatusOr<Token> token = FromToken(candidate);
      if (token.ok()) RC_ASSERT(token->coverage_position >= 0);
      FromPageToken(candidate).IgnoreError();
    }
  }));
}

TEST(PageTest, TokensRoundTrip) {
  EXPECT_TRUE(rc::check("page tokens", [](int64_t position) {
    const absl::StatusOr<int64_t> back = FromPageToken(ToPageToken(position));
    RC_ASSERT(back.ok());
    RC_ASSERT(*back == position);
  }));
  EXPECT_EQ(FromPageToken("").value(), 0) << "the first page";
}

TEST(PageTest, ForeignTokensAreRefused) {
  for (const std::string& bad : {std::string("7"), std::string("p1."), std::string("p1.!"),
                                 ToToken({}), std::string("p1.YWJj")}) {
    const absl::Status status = FromPageToken(bad).status();
    EXPECT_EQ(ReasonOf(status), Reason::kInvalidField) << bad;
    ASSERT_EQ(FieldViolationsOf(status).size(), 1u);
    EXPECT_EQ(FieldViolationsOf(status)[0].first, "page_token");
  }
}

TEST(PageTest, Size) {
  EXPECT_EQ(PageSize(0, 100, 1000).value(), 100);
  EXPECT_EQ(PageSize(1, 100, 1000).value(), 1);
  EXPECT_EQ(PageSize(1000, 100, 1000).value(), 1000);
  for (const int bad : {-1, 1001, INT_MAX, INT_MIN}) {
    const absl::Status status = PageSize(bad, 100, 1000).status();
    EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
    EXPECT_THAT(std::string(status.ToString()), HasSubstr("page_size"));
  }
}

TEST(CallTest, StillWantedUntilTheDeadline) {
  Call call;
  EXPECT_TRUE(call.StillWanted().ok());
  call.deadline = absl::Now() + absl::Hours(1);
  EXPECT_TRUE(call.StillWanted().ok());
  call.deadline = absl::Now() - absl::Milliseconds(1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(call.StillWanted()));
  EXPECT_EQ(ReasonOf(call.StillWanted()), Reason::kDeadlinePassed);
}

TEST(NewRequestIdTest, IsAUuidAndNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewRequestId();
    EXPECT_THAT(id, testing::MatchesRegex(
                        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

}  // namespace
}  // namespace lingkaran
