#include <algorithm>

#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/errors.h"
#include "services/coverage/domain/months_by_worker.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {

grpc::Status CoverageServiceImpl::ListCoverage(Context* context,
                                               In<v1::ListCoverageRequest> request,
                                               v1::ListCoverageResponse* response) {
  return RunRpc(context, Rpc("ListCoverage"), [&](const Call&) -> absl::Status {
    const int64_t worker_id = request->worker_id();
    if (worker_id <= 0) return InvalidField("worker_id", "send a worker's id");
    std::vector<PersonMonth> months;
    bool known = false;
    RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) {
      known = !store::FindMembers(tx, {worker_id}).empty();
      months = store::AllMonths(tx, worker_id);
      return absl::OkStatus();
    }));
    if (!known) return MemberNotFound(worker_id);
    for (const PersonMonth& month : months) FillMonth(month, response->add_months());
    return absl::OkStatus();
  });
}

namespace {

// How many workers are looked at with one statement.
constexpr int kChunk = 2'000;

struct EndingQuery {
  Day from;
  Day to;
  int64_t pledge_id = 0;     // only workers for whom it pays a standing month; 0 for all
  int64_t after_worker = 0;  // the page begins behind this one
  size_t limit = 0;
};

// Endings within the span, by worker id, not more than the limit.
absl::StatusOr<std::vector<Ending>> FindEndings(const Call& call, sql::Tx& tx,
                                                const EndingQuery& query) {
  std::vector<Ending> out;
  int64_t after = query.after_worker;
  while (true) {
    RETURN_IF_ERROR(call.StillWanted());
    const std::vector<int64_t> ids = store::WorkersAfter(tx, query.pledge_id, after, kChunk);
    if (ids.empty()) return out;
    after = ids.back();
    const MonthsByWorker months(store::StandingMonths(tx, ids));
    for (const Member& member : store::FindMembers(tx, ids)) {
      const absl::Span<const PersonMonth> own = months.Of(member.worker_id);
      const bool paid = query.pledge_id == 0 ||
                        std::any_of(own.begin(), own.end(), [&](const PersonMonth& month) {
                          return month.source.pledge_id == query.pledge_id;
                        });
      if (!paid) continue;
      std::optional<Ending> ending = EndingOf(own, member.UntilDay());
      if (!ending || ending->last_day < query.from || ending->last_day > query.to) continue;
      out.push_back(*std::move(ending));
      if (out.size() == query.limit) return out;
    }
  }
}

}  // namespace

grpc::Status CoverageServiceImpl::ListExpiring(Context* context,
                                               In<v1::ListExpiringRequest> request,
                                               v1::ListExpiringResponse* response) {
  return RunRpc(context, Rpc("ListExpiring"), [&](const Call& call) -> absl::Status {
    EndingQuery query;
    ASSIGN_OR_RETURN(query.from, ReadDay(request->from_day(), "from_day"));
    ASSIGN_OR_RETURN(query.to, ReadDay(request->to_day(), "to_day"));
    FieldErrors errors;
    errors.Require(query.from <= query.to, "to_day", "send a day that is not before from_day");
    errors.Require(request->pledge_id() >= 0, "pledge_id", "send a pledge's id, or 0 for all");
    RETURN_IF_ERROR(errors.ToStatus());
    ASSIGN_OR_RETURN(const int page_size, PageSize(request->page_size(), 1'000, 5'000));
    if (!request->page_token().empty()) {
      ASSIGN_OR_RETURN(query.after_worker, FromPageToken(request->page_token()));
    }
    query.pledge_id = request->pledge_id();
    query.limit = page_size + 1;  // one more tells whether there is a next page
    std::vector<Ending> endings;
    RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(endings, FindEndings(call, tx, query));
      return absl::OkStatus();
    }));
    if (endings.size() == query.limit) {
      endings.pop_back();
      response->set_next_page_token(ToPageToken(endings.back().worker_id));
    }
    const Rules& rules = parts_.rules.Current();
    for (const Ending& ending : endings) {
      v1::ExpiringCover* cover = response->add_covers();
      cover->set_worker_id(ending.worker_id);
      cover->set_last_day(DayNumber(ending.last_day));
      if (const Arrears* arrears = rules.ArrearsOn(ending.last_day + 1)) {
        cover->set_grace_until(DayNumber(GraceUntil(ending.last_day, *arrears)));
      }
      for (Programme programme : ending.programmes) {
        cover->add_programmes(static_cast<common::v1::Programme>(programme));
      }
      FillSource(ending.source, cover->mutable_source());
    }
    return absl::OkStatus();
  });
}

grpc::Status CoverageServiceImpl::GetCoverageStatistics(
    Context* context, In<v1::GetCoverageStatisticsRequest> request,
    v1::GetCoverageStatisticsResponse* response) {
  return RunRpc(context, Rpc("GetCoverageStatistics"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Day> asked, ReadOptionalDay(request->day(), "day"));
    RETURN_IF_ERROR(CheckRegion(request->region_code(), "region_code"));
    if (request->pledge_id() < 0)
      return InvalidField("pledge_id", "send a pledge's id, or 0 for all");
    const Day day = asked.value_or(TodayWib());
    store::Statistics statistics;
    RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) {
      statistics = store::CountCovered(tx, day, request->region_code(), request->pledge_id());
      return absl::OkStatus();
    }));
    response->set_day(DayNumber(day));
    for (const store::CoveredCount& count : statistics.counts) {
      v1::CoverageCount* out = response->add_counts();
      out->set_programme(static_cast<common::v1::Programme>(count.programme));
      out->set_payer_class(static_cast<common::v1::PayerClass>(count.payer));
      out->set_workers(count.workers);
    }
    response->set_person_months(statistics.person_months);
    response->set_amount_rupiah(statistics.amount);
    response->set_revoked_person_months(statistics.revoked);
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::coverage
