#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/sql/idempotency.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/months_by_worker.h"
#include "services/coverage/lookup/redis_reader.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

absl::flat_hash_map<int64_t, const Member*> ById(const std::vector<Member>& members) {
  absl::flat_hash_map<int64_t, const Member*> out;
  for (const Member& member : members) out.emplace(member.worker_id, &member);
  return out;
}

absl::Status NoMember(int64_t worker_id) {
  return Error(absl::StatusCode::kNotFound, Reason::kMemberNotFound,
               absl::StrCat("coverage knows no member ", worker_id, "; enrol the worker first"),
               {{"worker_id", absl::StrCat(worker_id)}});
}

// What an UpsertMembers changes.
struct MemberChanges {
  std::vector<Member> added;
  std::vector<Member> before;  // of those replaced
  std::vector<Member> after;   // same order
};

// New members and newer versions.
MemberChanges CompareMembers(const std::vector<Member>& sent, const std::vector<Member>& stored) {
  MemberChanges out;
  const auto by_id = ById(stored);
  for (const Member& member : sent) {
    const auto found = by_id.find(member.worker_id);
    if (found == by_id.end()) {
      out.added.push_back(member);
    } else if (member.version > found->second->version) {
      out.before.push_back(*found->second);
      out.after.push_back(member);
    }
  }
  return out;
}

// Ends the work of a write transaction: the log's row, and what the caches learn of it as soon as
// it stands, before the caller hears that it does.
void Conclude(const CoverageServiceImpl::Parts& parts, const Call& call, sql::Tx& tx,
              int64_t position, int64_t now_ms, std::vector<MemberRecord> changed) {
  store::RecordChange(tx, position, now_ms, changed);
  tx.AfterCommit([&parts, method = call.method, position, changed = std::move(changed)]() mutable {
    FailPoint("learn", method, "redis");
    std::vector<CacheValue> values;
    for (const MemberRecord& record : changed) {
      std::vector<CacheValue> own = CacheValuesOf(record, parts.epoch);
      std::move(own.begin(), own.end(), std::back_inserter(values));
    }
    if (!values.empty()) parts.redis.SetIfNewer(values);
    parts.follower.Wrote(position, std::move(changed));
  });
}

void FillStatus(const absl::Status& status, google::rpc::Status* out) {
  if (!status.ok()) *out = ToProto(status);
}

}  // namespace

absl::Status CheckApplied(sql::Tx& tx, const Token& token, int64_t position) {
  bool applied = position >= token.coverage_position;
  for (const std::string& id : token.owed_request_ids) applied = applied && sql::WasApplied(tx, id);
  if (applied) return absl::OkStatus();
  return TokenNotYetApplied();
}

absl::Status CoverageServiceImpl::Upsert(const Call& call, const v1::UpsertMembersRequest& request,
                                         v1::UpsertMembersResponse* response) {
  const int64_t now_ms = NowMs();
  ASSIGN_OR_RETURN(const std::vector<Member> sent, ReadMembers(request, parts_.regions, now_ms));
  std::vector<int64_t> ids;
  for (const Member& member : sent) ids.push_back(member.worker_id);
  absl::Status status =
      Mutate(call, parts_.database, parts_.clock.Now(), request, response, [&](sql::Tx& tx) {
        const int64_t position = store::NextPosition(tx);
        const std::vector<Member> stored = store::FindMembers(tx, ids);
        const MemberChanges changes = CompareMembers(sent, stored);
        store::InsertMembers(tx, changes.added, position);
        store::ReplaceMembers(tx, changes.before, changes.after, position);
        std::vector<int64_t> replaced;
        for (const Member& member : changes.after) replaced.push_back(member.worker_id);
        const MonthsByWorker months(replaced.empty() ? std::vector<PersonMonth>()
                                                     : store::StandingMonths(tx, replaced));
        std::vector<MemberRecord> changed;
        for (const Member& member : changes.added) {
          changed.push_back(store::MakeRecord(member, {}, position));
        }
        for (const Member& member : changes.after) {
          const auto own = months.Of(member.worker_id);
          changed.push_back(store::MakeRecord(member, {own.begin(), own.end()}, position));
        }
        response->set_changed(static_cast<int>(changed.size()));
        response->set_consistency_token(ToToken({position, {}}));
        Conclude(parts_, call, tx, position, now_ms, std::move(changed));
        return absl::OkStatus();
      });
  // Another member still holds the hash: his own correction is on its way by another route.
  if (absl::IsAlreadyExists(status)) {
    return Error(absl::StatusCode::kUnavailable, Reason::kTokenNotYetApplied,
                 "another member still has one of these NIKs or numbers; send it again once his "
                 "own change has arrived");
  }
  return status;
}

absl::Status CoverageServiceImpl::Activate(const Call& call,
                                           const v1::ActivateCoverageRequest& request,
                                           v1::ActivateCoverageResponse* response) {
  ASSIGN_OR_RETURN(const std::vector<PaidLine> lines, ReadLines(request));
  RETURN_IF_ERROR(ReadPayer(request.source().payer_class(), "source.payer_class").status());
  const Funding source = FundingOf(request.source());
  Token after;
  if (!request.after_token().empty()) {
    ASSIGN_OR_RETURN(after, FromToken(request.after_token()));
  }
  std::vector<int64_t> ids;
  for (const PaidLine& line : lines) ids.push_back(line.worker_id);
  const Rules& rules = parts_.rules.Current();
  const int64_t now_ms = NowMs();
  return Mutate(
      call, parts_.database, parts_.clock.Now(), request, response,
      [&](sql::Tx& tx) -> absl::Status {
        const int64_t position = store::NextPosition(tx);
        RETURN_IF_ERROR(CheckApplied(tx, after, position - 1));
        const std::vector<Member> members = store::FindMembers(tx, ids);
        const auto by_id = ById(members);
        const MonthsByWorker standing(store::StandingMonths(tx, ids));
        std::vector<PersonMonth> booked;
        std::vector<MemberRecord> changed;
        for (const PaidLine& line : lines) {
          v1::ActivationResult* result = response->add_results();
          result->set_worker_id(line.worker_id);
          const auto member = by_id.find(line.worker_id);
          if (member == by_id.end()) {
            FillStatus(NoMember(line.worker_id), result->mutable_status());
            continue;
          }
          const auto own = standing.Of(line.worker_id);
          absl::StatusOr<std::vector<PersonMonth>> months =
              BookLine(rules, *member->second, line, source, own);
          if (!months.ok()) {
            FillStatus(months.status(), result->mutable_status());
            continue;
          }
          Day first = months->front().first_day, last = months->front().last_day;
          for (PersonMonth& month : *months) {
            month.record_ms = now_ms;
            month.booked_position = position;
            first = std::min(first, month.first_day);
            last = std::max(last, month.last_day);
          }
          result->set_first_day(DayNumber(first));
          result->set_last_day(DayNumber(last));
          booked.insert(booked.end(), months->begin(), months->end());
          months->insert(months->end(), own.begin(), own.end());
          changed.push_back(store::MakeRecord(*member->second, *std::move(months), position));
        }
        store::InsertMonths(tx, booked);
        response->set_consistency_token(ToToken({position, {}}));
        Conclude(parts_, call, tx, position, now_ms, std::move(changed));
        return absl::OkStatus();
      });
}

namespace {

// The lines of a RevokeCoverage, checked: first month to take back by worker.
absl::StatusOr<std::vector<std::pair<int64_t, int32_t>>> ReadRevocations(
    const v1::RevokeCoverageRequest& request) {
  RETURN_IF_ERROR(CheckBatchSize(request.lines_size(), kMaxLines, "lines"));
  const v1::FundingSource& source = request.source();
  FieldErrors errors;
  errors.Require(source.pledge_id() > 0 || source.contribution_id() > 0, "source",
                 "name the pledge or the contribution whose months are taken back");
  errors.Require(!request.reason().empty() && request.reason().size() <= 500, "reason",
                 "say why, in at most 500 characters");
  absl::flat_hash_set<int64_t> ids;
  std::vector<std::pair<int64_t, int32_t>> out;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::RevocationLine& line = request.lines(i);
    const std::string field = absl::StrCat("lines[", i, "]");
    errors.Require(line.worker_id() > 0, field + ".worker_id", "send a worker's id");
    errors.Require(ids.insert(line.worker_id()).second, field + ".worker_id",
                   "this worker comes twice");
    errors.Require(line.from_month() == 0 || MonthFromNumber(line.from_month()).ok(),
                   field + ".from_month", "write yyyymm, or 0 for all");
    out.emplace_back(line.worker_id(), line.from_month());
  }
  RETURN_IF_ERROR(errors.ToStatus());
  return out;
}

bool Takes(const Funding& source, int32_t from_month, const PersonMonth& month) {
  return MonthNumber(month.month) >= from_month &&
         (source.pledge_id == 0 || month.source.pledge_id == source.pledge_id) &&
         (source.contribution_id == 0 || month.source.contribution_id == source.contribution_id);
}

}  // namespace

absl::Status CoverageServiceImpl::Revoke(const Call& call, const v1::RevokeCoverageRequest& request,
                                         v1::RevokeCoverageResponse* response) {
  ASSIGN_OR_RETURN(const auto lines, ReadRevocations(request));
  const Funding source = FundingOf(request.source());
  std::vector<int64_t> ids;
  for (const auto& [worker, month] : lines) ids.push_back(worker);
  const int64_t now_ms = NowMs();
  return Mutate(
      call, parts_.database, parts_.clock.Now(), request, response,
      [&](sql::Tx& tx) -> absl::Status {
        const int64_t position = store::NextPosition(tx);
        const std::vector<Member> members = store::FindMembers(tx, ids);
        const auto by_id = ById(members);
        const MonthsByWorker standing(store::StandingMonths(tx, ids));
        std::map<int32_t, std::vector<int64_t>> by_month;
        std::vector<MemberRecord> changed;
        for (const auto& [worker, from_month] : lines) {
          v1::RevocationResult* result = response->add_results();
          result->set_worker_id(worker);
          const auto member = by_id.find(worker);
          if (member == by_id.end()) {
            FillStatus(NoMember(worker), result->mutable_status());
            continue;
          }
          std::vector<PersonMonth> left;
          for (const PersonMonth& month : standing.Of(worker)) {
            if (!Takes(source, from_month, month)) {
              left.push_back(month);
              continue;
            }
            v1::PaidMonth* revoked = result->add_revoked();
            revoked->set_programme(static_cast<common::v1::Programme>(month.programme));
            revoked->set_month(MonthNumber(month.month));
            revoked->set_amount_rupiah(month.amount.amount());
          }
          if (result->revoked().empty()) continue;
          by_month[from_month].push_back(worker);
          changed.push_back(store::MakeRecord(*member->second, std::move(left), position));
        }
        for (const auto& [month, workers] : by_month) {
          store::RevokeMonths(tx, workers, source, month, position, now_ms, request.reason());
        }
        response->set_consistency_token(ToToken({position, {}}));
        Conclude(parts_, call, tx, position, now_ms, std::move(changed));
        return absl::OkStatus();
      });
}

}  // namespace lingkaran::coverage
