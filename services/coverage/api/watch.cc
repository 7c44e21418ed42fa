#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/crypto/personal_data_vault.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/errors.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

// About so many people in one message.
constexpr size_t kBatchPeople = 1'000;
// A watcher that hears nothing for longer may take the stream for lost.
constexpr absl::Duration kSignOfLife = absl::Seconds(8);
// The log is looked at so often even if the follower does not say that it moved.
constexpr absl::Duration kLook = absl::Seconds(1);
// How soon a stream notices that its caller went or that the server is about to stop.
constexpr absl::Duration kNotice = absl::Milliseconds(200);

// A part of the log with what is true of its people, all of one snapshot.
struct Batch {
  std::vector<store::Change> changes;
  absl::flat_hash_map<int64_t, MemberRecord> people;
  int64_t position = 0;  // of its last write, or the head
  bool more = false;
};

bool Lives(const Member& member, const std::string& region) {
  return absl::string_view(member.region_code).substr(0, region.size()) == region &&
         (member.region_code.size() == region.size() || member.region_code[region.size()] == '.');
}

Batch ReadBatch(sql::Tx& tx, int64_t after, const std::string& region) {
  store::LogRows rows = store::ChangesAfter(tx, after, kBatchPeople);
  Batch batch;
  batch.more = rows.more;
  batch.position = rows.more ? rows.changes.back().position : rows.head.position;
  batch.changes = std::move(rows.changes);
  absl::flat_hash_set<int64_t> ids;
  for (const store::Change& change : batch.changes) {
    ids.insert(change.worker_ids.begin(), change.worker_ids.end());
  }
  std::vector<int64_t> wanted(ids.begin(), ids.end());
  if (!region.empty()) {
    wanted.clear();
    const std::vector<int64_t> named(ids.begin(), ids.end());
    for (const Member& member : store::FindMembers(tx, named)) {
      if (Lives(member, region)) wanted.push_back(member.worker_id);
    }
  }
  if (wanted.empty()) return batch;
  for (MemberRecord& record : store::FindRecords(tx, wanted).records) {
    batch.people.emplace(record.facts.worker_id, std::move(record));
  }
  return batch;
}

void FillChange(const Facts& facts, int64_t record_ms, v1::CoverageChange* out) {
  out->set_worker_id(facts.worker_id);
  FillTime(record_ms, out->mutable_record_time());
  for (const CoverSpan& span : ToSpans(facts.runs)) FillSpan(span, out->add_spans());
  if (facts.death_day) out->set_death_day(DayNumber(*facts.death_day));
  if (facts.withdraw_day) out->set_withdraw_day(DayNumber(*facts.withdraw_day));
}

void FillChanges(const Batch& batch, v1::WatchCoverageResponse* out) {
  for (const store::Change& change : batch.changes) {
    for (int64_t id : change.worker_ids) {
      const auto person = batch.people.find(id);
      if (person == batch.people.end()) continue;
      FillChange(person->second.facts, change.record_ms, out->add_changes());
    }
  }
}

// The resume_token: up to where the change log of which database was told.
std::string ToResumeToken(int64_t epoch, int64_t position) {
  return Base64Url(absl::StrCat("w1.", epoch, ".", position));
}

// The position. INVALID_ARGUMENT/TOKEN_INVALID for what is no token,
// FAILED_PRECONDITION/RESUME_TOO_OLD for one of another database.
absl::StatusOr<int64_t> FromResumeToken(const std::string& text, int64_t epoch) {
  const absl::StatusOr<std::string> plain = FromBase64Url(text);
  if (!plain.ok()) return ResumeTokenInvalid();
  const std::vector<std::string> parts = absl::StrSplit(*plain, '.');
  int64_t its_epoch = 0, position = 0;
  if (parts.size() != 3 || parts[0] != "w1" || !absl::SimpleAtoi(parts[1], &its_epoch) ||
      !absl::SimpleAtoi(parts[2], &position)) {
    return ResumeTokenInvalid();
  }
  if (its_epoch != epoch) return ResumeTooOld();
  return position;
}

// Where a watch begins: the head, or the token's position if the log reaches back to it.
absl::StatusOr<int64_t> BeginOf(sql::Database& database, const std::string& token, int64_t epoch) {
  int64_t begin = -1;
  if (!token.empty()) {
    ASSIGN_OR_RETURN(begin, FromResumeToken(token, epoch));
  }
  RETURN_IF_ERROR(database.Read([&](sql::Tx& tx) -> absl::Status {
    const int64_t head = store::Position(tx);
    if (token.empty()) begin = head;
    const int64_t first = store::FirstChange(tx);
    if (begin > head || (begin < head && (first == 0 || begin < first - 1))) return ResumeTooOld();
    return absl::OkStatus();
  }));
  return begin;
}

absl::Status Send(const v1::WatchCoverageResponse& response,
                  grpc::ServerWriter<v1::WatchCoverageResponse>* writer) {
  if (writer->Write(response)) return absl::OkStatus();
  return CallerGone();
}

}  // namespace

grpc::Status CoverageServiceImpl::WatchCoverage(
    Context* context, In<v1::WatchCoverageRequest> request,
    grpc::ServerWriter<v1::WatchCoverageResponse>* writer) {
  return RunRpc(context, Rpc("WatchCoverage"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckRegion(request->region_code(), "region_code"));
    ASSIGN_OR_RETURN(int64_t position,
                     BeginOf(parts_.database, request->resume_token(), parts_.epoch));
    v1::WatchCoverageResponse response;
    response.set_resume_token(ToResumeToken(parts_.epoch, position));
    absl::Time sent = parts_.steady.Now(), looked = absl::InfinitePast();
    RETURN_IF_ERROR(Send(response, writer));

    bool look = true;
    while (!draining_) {
      RETURN_IF_ERROR(call.StillWanted());
      const absl::Time now = parts_.steady.Now();
      if (look || now - looked >= kLook) {
        Batch batch;
        RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) {
          batch = ReadBatch(tx, position, request->region_code());
          return absl::OkStatus();
        }));
        looked = now;
        position = batch.position;
        look = batch.more;
        response.Clear();
        FillChanges(batch, &response);
        response.set_resume_token(ToResumeToken(parts_.epoch, position));
      }
      if (response.changes_size() > 0 || now - sent >= kSignOfLife) {
        RETURN_IF_ERROR(Send(response, writer));
        response.clear_changes();
        sent = now;
      }
      if (!look) look = parts_.follower.AwaitBeyond(position, kNotice);
    }
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::coverage
