// Registry and coverage as a test plays them: each keeps its promises (a request_id counts once, a
// month is paid once), says what the test tells it to say, and can lose its answers.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "services/sponsorship/clients/peer_client.h"

namespace lingkaran {

// Nobody answers.
class NoPeers : public sponsorship::PeerCalls {
 public:
#define LINGKARAN_X(ns, name)                                                                    \
  grpc::Status name(grpc::ClientContext*, const ns::v1::name##Request&, ns::v1::name##Response*) \
      override {                                                                                 \
    return Lost();                                                                               \
  }
#define LINGKARAN_Y(name) LINGKARAN_X(registry, name)
#define LINGKARAN_Z(name) LINGKARAN_X(coverage, name)
  LINGKARAN_REGISTRY_PEER_RPCS(LINGKARAN_Y)
  LINGKARAN_COVERAGE_PEER_RPCS(LINGKARAN_Z)
#undef LINGKARAN_X
#undef LINGKARAN_Y
#undef LINGKARAN_Z

 protected:
  static grpc::Status Lost() {
    return ToGrpc(Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable, "nobody there"));
  }
};

// For one thread.
class FakePeers final : public NoPeers {
 public:
  // What a test sets. Statuses are by worker, OK if there is none.
  std::vector<int64_t> verified;              // ListWorkers gives them
  std::map<int64_t, absl::Status> enrolment;  // of EnrolWorkers
  std::map<int64_t, absl::Status> activation;
  bool stale_list = false;      // ListWorkers was read before the enrolments
  bool away = false;            // nothing arrives
  bool old_registry = false;    // it does not know ResolveRequest
  bool later_registry = false;  // its outcomes are not known here
  bool lose_next = false;  // the next call is done, but its answer is lost; then it is false again
  // What a test sees.
  std::set<int64_t> enrolled;
  std::map<int64_t, std::set<std::pair<int, int>>> paid;  // programme and month, by worker

  bool MayWait() const override { return false; }

  grpc::Status ListWorkers(grpc::ClientContext*, const registry::v1::ListWorkersRequest&,
                           registry::v1::ListWorkersResponse* response) override {
    if (away) return Lost();
    for (int64_t worker : verified) {
      if (enrolled.contains(worker) && !stale_list) continue;
      registry::v1::WorkerSummary* summary = response->add_workers();
      summary->set_worker_id(worker);
      summary->set_age_years(40);
    }
    return grpc::Status::OK;
  }

  grpc::Status EnrolWorkers(grpc::ClientContext*, const registry::v1::EnrolWorkersRequest& request,
                            registry::v1::EnrolWorkersResponse* response) override {
    return Once(request, response, [&] {
      for (int64_t worker : request.worker_ids()) {
        registry::v1::EnrolResult* result = response->add_results();
        result->set_worker_id(worker);
        const absl::Status status = StatusOf(enrolment, worker);
        *result->mutable_status() = ToProto(status);
        if (status.ok()) enrolled.insert(worker);
      }
    });
  }

  grpc::Status ResolveRequest(grpc::ClientContext*,
                              const registry::v1::ResolveRequestRequest& request,
                              registry::v1::ResolveRequestResponse* response) override {
    if (away) return Lost();
    if (old_registry) return {grpc::StatusCode::UNIMPLEMENTED, "no such method"};
    if (later_registry) {
      response->set_outcome(static_cast<registry::v1::RequestOutcome>(7));
      return grpc::Status::OK;
    }
    const auto [kept, fresh] = answers_.try_emplace(request.resolved_request_id(), kAbandoned, "");
    response->set_outcome(kept->second.first == kAbandoned ? registry::v1::REQUEST_OUTCOME_ABANDONED
                                                           : registry::v1::REQUEST_OUTCOME_APPLIED);
    return std::exchange(lose_next, false) ? Lost() : grpc::Status::OK;
  }

  grpc::Status ActivateCoverage(grpc::ClientContext*,
                                const coverage::v1::ActivateCoverageRequest& request,
                                coverage::v1::ActivateCoverageResponse* response) override {
    return Once(request, response, [&] {
      for (const coverage::v1::ActivationLine& line : request.lines()) {
        coverage::v1::ActivationResult* result = response->add_results();
        result->set_worker_id(line.worker_id());
        absl::Status status = StatusOf(activation, line.worker_id());
        std::set<std::pair<int, int>>& months = paid[line.worker_id()];
        for (const coverage::v1::PaidMonth& month : line.months()) {
          if (status.ok() && months.contains({month.programme(), month.month()})) {
            status = Error(absl::StatusCode::kAlreadyExists, Reason::kMonthAlreadyPaid, "paid");
          }
        }
        *result->mutable_status() = ToProto(status);
        if (!status.ok()) continue;
        for (const auto& month : line.months()) months.insert({month.programme(), month.month()});
        result->set_first_day(line.first_day());
        result->set_last_day(20191130);
      }
    });
  }

  grpc::Status RevokeCoverage(grpc::ClientContext*,
                              const coverage::v1::RevokeCoverageRequest& request,
                              coverage::v1::RevokeCoverageResponse* response) override {
    return Once(request, response, [&] {
      for (const coverage::v1::RevocationLine& line : request.lines()) {
        coverage::v1::RevocationResult* result = response->add_results();
        result->set_worker_id(line.worker_id());
        for (const auto& [programme, month] : std::exchange(paid[line.worker_id()], {})) {
          coverage::v1::PaidMonth* revoked = result->add_revoked();
          revoked->set_programme(static_cast<common::v1::Programme>(programme));
          revoked->set_month(month);
          revoked->set_amount_rupiah(programme == common::v1::PROGRAMME_JKK ? 10'000 : 6'800);
        }
      }
    });
  }

 private:
  static absl::Status StatusOf(const std::map<int64_t, absl::Status>& statuses, int64_t worker) {
    const auto found = statuses.find(worker);
    return found == statuses.end() ? absl::OkStatus() : found->second;
  }

  template <typename Request, typename Response>
  grpc::Status Once(const Request& request, Response* response, const std::function<void()>& work) {
    if (away) return Lost();
    const std::string body = request.SerializeAsString();
    const auto [kept, fresh] = answers_.try_emplace(request.request_id());
    if (fresh) {
      work();
      kept->second = {body, response->SerializeAsString()};
    } else if (kept->second.first != body) {
      return ToGrpc(Error(absl::StatusCode::kAborted, Reason::kRequestIdReused, "another body"));
    }
    response->ParseFromString(kept->second.second);
    return std::exchange(lose_next, false) ? Lost() : grpc::Status::OK;
  }

  // The body of a request that was abandoned before it arrived.
  static constexpr char kAbandoned[] = "abandoned";

  std::map<std::string, std::pair<std::string, std::string>> answers_;  // by request_id
};

}  // namespace lingkaran
