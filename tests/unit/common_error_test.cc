#include "common/base/error.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "lingkaran/common/v1/error_reason.pb.h"

namespace lingkaran {
namespace {

using common::v1::ErrorReason_descriptor;

TEST(ErrorReason, IsTheSameListAsInTheProto) {
  const auto* proto = ErrorReason_descriptor();
  std::map<std::string, int> ours;
#define LINGKARAN_X(id, name, number)                    \
  ours["ERROR_REASON_" #name] = number;                  \
  EXPECT_EQ(ReasonName(Reason::id), #name);              \
  EXPECT_EQ(ReasonFromName(#name), Reason::id) << #name; \
  EXPECT_EQ(static_cast<int>(Reason::id), number) << #name;
  LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
  std::map<std::string, int> theirs;
  for (int i = 0; i < proto->value_count(); ++i) {
    theirs[proto->value(i)->name()] = proto->value(i)->number();
  }
  EXPECT_EQ(ours, theirs);
}

TEST(ErrorReason, UnknownNameIsUnspecified) {
  EXPECT_EQ(ReasonFromName("NO_SUCH_REASON"), Reason::kUnspecified);
  EXPECT_EQ(ReasonFromName(""), Reason::kUnspecified);
}

TEST(Error, CarriesReasonAndMetadata) {
  const absl::Status status =
      Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
            "no money is left on pledge 12", {{"pledge_id", "12"}, {"available", "0"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "no money is left on pledge 12");
  EXPECT_EQ(ReasonOf(status), Reason::kFundsExhausted);
  EXPECT_EQ(MetadataOf(status), (Metadata{{"available", "0"}, {"pledge_id", "12"}}));
  EXPECT_TRUE(FieldViolationsOf(status).empty());
}

TEST(Error, PayloadIsGooglesErrorInfo) {
  const absl::Status status = Error(absl::StatusCode::kNotFound, Reason::kWorkerNotFound, "none");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(
      std::string(*status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo"))));
  EXPECT_EQ(info.reason(), "WORKER_NOT_FOUND");
  EXPECT_EQ(info.domain(), "lingkaran.id");
}

TEST(Error, OthersHaveNoReasonOfOurs) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kUnspecified);
  EXPECT_EQ(ReasonOf(absl::UnavailableError("gone")), Reason::kUnspecified);
  EXPECT_TRUE(MetadataOf(absl::UnavailableError("gone")).empty());
  google::rpc::ErrorInfo info;
  info.set_reason("FUNDS_EXHAUSTED");
  info.set_domain("example.com");
  absl::Status foreign = absl::FailedPreconditionError("theirs");
  foreign.SetPayload("type.googleapis.com/google.rpc.ErrorInfo",
                     absl::Cord(info.SerializeAsString()));
  EXPECT_EQ(ReasonOf(foreign), Reason::kUnspecified);
  absl::Status garbage = absl::InternalError("garbage");
  garbage.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("\xFF\xFF"));
  EXPECT_EQ(ReasonOf(garbage), Reason::kUnspecified);
}

TEST(Error, KeepsAnyMetadata) {
  EXPECT_TRUE(rc::check("metadata survive", [] {
    // Strings of protobuf are UTF-8; ours are made from ids and codes.
    const auto text = rc::gen::container<std::string>(rc::gen::inRange('\x20', '\x7F'));
    const auto data = *rc::gen::container<std::map<std::string, std::string>>(text, text);
    const Metadata metadata(data.begin(), data.end());
    RC_ASSERT(MetadataOf(Error(absl::StatusCode::kInternal, Reason::kInternal, "x", metadata)) ==
              metadata);
  }));
}

TEST(InvalidField, NamesFieldAndRemedy) {
  const absl::Status status = InvalidField("criteria.region_code", "write a code like 33.72");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  EXPECT_EQ(status.message(), "criteria.region_code: write a code like 33.72");
  ASSERT_EQ(FieldViolationsOf(status).size(), 1U);
  EXPECT_EQ(FieldViolationsOf(status)[0].first, "criteria.region_code");
  EXPECT_EQ(FieldViolationsOf(status)[0].second, "write a code like 33.72");
}

TEST(FieldErrors, GathersAllInOrder) {
  FieldErrors errors;
  errors.Require(true, "name", "never seen");
  EXPECT_TRUE(errors.ToStatus().ok());
  errors.Require(false, "seats", "must be 1 or more");
  errors.Require(false, "months", "must be 1, 3, 6 or 12");
  const absl::Status status = errors.ToStatus();
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  EXPECT_EQ(status.message(), "seats: must be 1 or more; months: must be 1, 3, 6 or 12");
  ASSERT_EQ(FieldViolationsOf(status).size(), 2U);
  EXPECT_EQ(FieldViolationsOf(status)[1].first, "months");
}

TEST(IsRetryable, OnlyWhatMayPassNextTime) {
  const struct {
    absl::Status status;
    bool retryable;
  } kCases[] = {
      {absl::OkStatus(), false},
      {absl::UnavailableError("no connection"), true},
      {absl::DeadlineExceededError("late"), true},
      {absl::AbortedError("serialization failure"), true},
      {absl::InternalError("bug"), false},
      {absl::UnknownError("?"), false},
      {absl::ResourceExhaustedError("no reason of ours"), false},
      {Error(absl::StatusCode::kAborted, Reason::kRequestIdReused, "other body"), false},
      {Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable, "locked"), true},
      {Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable, "gone"), true},
      {Error(absl::StatusCode::kUnavailable, Reason::kTokenNotYetApplied, "soon"), true},
      {Error(absl::StatusCode::kResourceExhausted, Reason::kOverloaded, "much"), true},
      {Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed, "late"), true},
      {Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted, "none"), false},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(IsRetryable(test.status), test.retryable) << test.status;
  }
}

absl::StatusOr<std::unique_ptr<int>> Half(int number) {
  if (number % 2 != 0) {
    return InvalidField("number", "must be even");
  }
  return std::make_unique<int>(number / 2);
}

absl::StatusOr<int> Quarter(int number) {
  ASSIGN_OR_RETURN(std::unique_ptr<int> half, Half(number));
  ASSIGN_OR_RETURN(const std::unique_ptr<int> quarter, Half(*half));
  RETURN_IF_ERROR(absl::OkStatus());
  return *quarter;
}

TEST(Macros, PassValuesAndErrorsOn) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(ReasonOf(Quarter(6).status()), Reason::kInvalidField);
}

}  // namespace
}  // namespace lingkaran
