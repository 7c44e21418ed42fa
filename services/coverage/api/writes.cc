#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/errors.h"
#include "services/coverage/domain/months_by_worker.h"
#include "services/coverage/lookup/redis_reader.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

using Changed = std::vector<MemberRecord>;

absl::flat_hash_map<int64_t, const Member*> ById(const std::vector<Member>& members) {
  absl::flat_hash_map<int64_t, const Member*> out;
  for (const Member& member : members) out.emplace(member.worker_id, &member);
  return out;
}

// The members that lines of a write name, with their standing months.
class Subjects {
 public:
  Subjects(sql::Tx& tx, const std::vector<int64_t>& ids)
      : members_(store::FindMembers(tx, ids)),
        by_id_(ById(members_)),
        standing_(store::StandingMonths(tx, ids)) {}
  // Null if there is no such member.
  const Member* Find(int64_t worker_id) const {
    const auto found = by_id_.find(worker_id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  absl::Span<const PersonMonth> MonthsOf(int64_t worker_id) const {
    return standing_.Of(worker_id);
  }

 private:
  const std::vector<Member> members_;
  const absl::flat_hash_map<int64_t, const Member*> by_id_;
  const MonthsByWorker standing_;
};

// Ends the work of a write transaction: the log's row, and what the caches learn of it as soon as
// it stands, before the caller hears that it does.
void Conclude(const ServiceParts& parts, const Call& call, sql::Tx& tx, int64_t position,
              int64_t now_ms, Changed changed) {
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

// Runs `write` once per request id, at a position of its own. It gives the records that it changed.
template <typename Request, typename Response>
absl::Status WriteAtPosition(
    const ServiceParts& parts, const Call& call, const Request& request, int64_t now_ms,
    Response* response,
    absl::FunctionRef<absl::StatusOr<Changed>(sql::Tx&, int64_t position)> write) {
  return Mutate(call, parts.database, parts.clock.Now(), request, response,
                [&](sql::Tx& tx) -> absl::Status {
                  const int64_t position = store::NextPosition(tx);
                  ASSIGN_OR_RETURN(Changed changed, write(tx, position));
                  response->set_consistency_token(ToToken({position, {}}));
                  Conclude(parts, call, tx, position, now_ms, std::move(changed));
                  return absl::OkStatus();
                });
}

// ---- Members ----

// Writes new members and newer versions.
Changed WriteMembers(sql::Tx& tx, const std::vector<Member>& sent, const std::vector<int64_t>& ids,
                     int64_t position) {
  const std::vector<Member> stored = store::FindMembers(tx, ids);
  const auto by_id = ById(stored);
  std::vector<Member> added, newer;
  std::vector<int64_t> newer_ids;
  for (const Member& member : sent) {
    const auto found = by_id.find(member.worker_id);
    if (found == by_id.end()) {
      added.push_back(member);
    } else if (member.version > found->second->version) {
      newer.push_back(member);
      newer_ids.push_back(member.worker_id);
    }
  }
  store::InsertMembers(tx, added, position);
  store::ReplaceMembers(tx, newer, position);
  const MonthsByWorker months(newer_ids.empty() ? std::vector<PersonMonth>()
                                                : store::StandingMonths(tx, newer_ids));
  Changed changed;
  for (const Member& member : added) changed.push_back(store::MakeRecord(member, {}, position));
  for (const Member& member : newer) {
    const auto own = months.Of(member.worker_id);
    changed.push_back(store::MakeRecord(member, {own.begin(), own.end()}, position));
  }
  return changed;
}

// ---- Paid months ----

// The months to book for a line, with their days in its result; or why it is refused.
absl::StatusOr<std::vector<PersonMonth>> BookAt(const Rules& rules, const Subjects& subjects,
                                                const PaidLine& line, const Funding& source,
                                                int64_t position, int64_t now_ms,
                                                v1::ActivationResult* result) {
  const Member* const member = subjects.Find(line.worker_id);
  if (member == nullptr) return MemberNotFound(line.worker_id);
  ASSIGN_OR_RETURN(std::vector<PersonMonth> months,
                   BookLine(rules, *member, line, source, subjects.MonthsOf(line.worker_id)));
  Day first = months.front().first_day, last = months.front().last_day;
  for (PersonMonth& month : months) {
    month.record_ms = now_ms;
    month.booked_position = position;
    first = std::min(first, month.first_day);
    last = std::max(last, month.last_day);
  }
  result->set_first_day(DayNumber(first));
  result->set_last_day(DayNumber(last));
  return months;
}

// ---- Revocations ----

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

// The months that stay, the others in the line's result.
std::vector<PersonMonth> TakeBack(absl::Span<const PersonMonth> standing, const Funding& source,
                                  int32_t from_month, v1::RevocationResult* result) {
  std::vector<PersonMonth> left;
  for (const PersonMonth& month : standing) {
    if (!Takes(source, from_month, month)) {
      left.push_back(month);
      continue;
    }
    v1::PaidMonth* revoked = result->add_revoked();
    revoked->set_programme(static_cast<common::v1::Programme>(month.programme));
    revoked->set_month(MonthNumber(month.month));
    revoked->set_amount_rupiah(month.amount.amount());
  }
  return left;
}

}  // namespace

grpc::Status CoverageServiceImpl::UpsertMembers(Context* context,
                                                In<v1::UpsertMembersRequest> request,
                                                v1::UpsertMembersResponse* response) {
  return RunBulk(context, Rpc("UpsertMembers"), [&](const Call& call) -> absl::Status {
    const int64_t now_ms = NowMs();
    ASSIGN_OR_RETURN(const std::vector<Member> sent, ReadMembers(*request, parts_.regions, now_ms));
    std::vector<int64_t> ids;
    for (const Member& member : sent) ids.push_back(member.worker_id);
    const absl::Status status = WriteAtPosition(
        parts_, call, *request, now_ms, response, [&](sql::Tx& tx, int64_t position) {
          Changed changed = WriteMembers(tx, sent, ids, position);
          response->set_changed(static_cast<int>(changed.size()));
          return changed;
        });
    return absl::IsAlreadyExists(status) ? KeyStillTaken() : status;
  });
}

grpc::Status CoverageServiceImpl::ActivateCoverage(Context* context,
                                                   In<v1::ActivateCoverageRequest> request,
                                                   v1::ActivateCoverageResponse* response) {
  return RunBulk(context, Rpc("ActivateCoverage"), [&](const Call& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<PaidLine> lines, ReadLines(*request));
    RETURN_IF_ERROR(ReadPayer(request->source().payer_class(), "source.payer_class").status());
    const Funding source = FundingOf(request->source());
    Token after;
    if (!request->after_token().empty()) {
      ASSIGN_OR_RETURN(after, FromToken(request->after_token()));
    }
    std::vector<int64_t> ids;
    for (const PaidLine& line : lines) ids.push_back(line.worker_id);
    const Rules& rules = parts_.rules.Current();
    const int64_t now_ms = NowMs();
    return WriteAtPosition(
        parts_, call, *request, now_ms, response,
        [&](sql::Tx& tx, int64_t position) -> absl::StatusOr<Changed> {
          RETURN_IF_ERROR(store::CheckApplied(tx, after.coverage_position, after.owed_request_ids,
                                              position - 1));
          const Subjects subjects(tx, ids);
          std::vector<PersonMonth> booked;
          Changed changed;
          for (const PaidLine& line : lines) {
            v1::ActivationResult* result = response->add_results();
            result->set_worker_id(line.worker_id);
            absl::StatusOr<std::vector<PersonMonth>> months =
                BookAt(rules, subjects, line, source, position, now_ms, result);
            if (!months.ok()) {
              *result->mutable_status() = ToProto(months.status());
              continue;
            }
            booked.insert(booked.end(), months->begin(), months->end());
            const auto own = subjects.MonthsOf(line.worker_id);
            months->insert(months->end(), own.begin(), own.end());
            changed.push_back(
                store::MakeRecord(*subjects.Find(line.worker_id), *std::move(months), position));
          }
          store::InsertMonths(tx, booked);
          return changed;
        });
  });
}

grpc::Status CoverageServiceImpl::RevokeCoverage(Context* context,
                                                 In<v1::RevokeCoverageRequest> request,
                                                 v1::RevokeCoverageResponse* response) {
  return RunBulk(context, Rpc("RevokeCoverage"), [&](const Call& call) -> absl::Status {
    ASSIGN_OR_RETURN(const auto lines, ReadRevocations(*request));
    const Funding source = FundingOf(request->source());
    std::vector<int64_t> ids;
    for (const auto& [worker, month] : lines) ids.push_back(worker);
    const int64_t now_ms = NowMs();
    return WriteAtPosition(
        parts_, call, *request, now_ms, response, [&](sql::Tx& tx, int64_t position) {
          const Subjects subjects(tx, ids);
          std::map<int32_t, std::vector<int64_t>> by_month;
          Changed changed;
          for (const auto& [worker, from_month] : lines) {
            v1::RevocationResult* result = response->add_results();
            result->set_worker_id(worker);
            const Member* const member = subjects.Find(worker);
            if (member == nullptr) {
              *result->mutable_status() = ToProto(MemberNotFound(worker));
              continue;
            }
            std::vector<PersonMonth> left =
                TakeBack(subjects.MonthsOf(worker), source, from_month, result);
            if (result->revoked().empty()) continue;
            by_month[from_month].push_back(worker);
            changed.push_back(store::MakeRecord(*member, std::move(left), position));
          }
          for (const auto& [month, workers] : by_month) {
            store::RevokeMonths(tx, workers, source, month, position, now_ms, request->reason());
          }
          return changed;
        });
  });
}

}  // namespace lingkaran::coverage
