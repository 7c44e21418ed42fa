#include "services/sponsorship/api/sponsorship_service.h"

#include <algorithm>

#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

// How long a row may fail before a handler stops waiting for it.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);
// The longest wait for work that does go on.
constexpr absl::Duration kLongestWait = absl::Seconds(60);
// Left of the caller's time for the answer.
constexpr absl::Duration kTimeToAnswer = absl::Milliseconds(200);

}  // namespace

absl::StatusOr<bool> SponsorshipServiceImpl::Answered(const Call& call,
                                                      const google::protobuf::Message& request,
                                                      google::protobuf::Message* response) {
  ASSIGN_OR_RETURN(const sql::RequestKey key, RequestKeyOf(call, request));
  std::optional<std::string> reply;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(reply, sql::FindReply(tx, key));
    return absl::OkStatus();
  }));
  if (!reply.has_value()) return false;
  if (!response->ParseFromString(*reply)) return ReplyDamaged();
  return true;
}

absl::Status SponsorshipServiceImpl::WaitUntilDone(
    const Call& call, const std::string& key,
    absl::FunctionRef<absl::StatusOr<bool>(sql::Tx&)> done) {
  const absl::Time start = absl::Now();
  const absl::Time end = std::min(call.deadline - kTimeToAnswer, start + kLongestWait);
  while (true) {
    const int64_t seen = context_.progress->Seen();
    bool is_done = false;
    RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(is_done, done(tx));
      return absl::OkStatus();
    }));
    if (is_done) return absl::OkStatus();
    const absl::Time now = absl::Now();
    bool give_up = now >= end || !context_.progress->threads();
    if (!give_up && now - start >= kPatience) {
      ASSIGN_OR_RETURN(const std::string error, context_.outbox->WaitingFor(key));
      give_up = !error.empty();
    }
    if (give_up) return StillUnderWay();
    context_.progress->Wait(seen, absl::Milliseconds(100));
  }
}

}  // namespace lingkaran::sponsorship
