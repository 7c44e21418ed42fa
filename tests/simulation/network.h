// The way of messages between the places of a world: they take time, get lost, come late, come
// twice. A call is a function call of the other's real handler, with the caller's metadata.
#pragma once

#include <map>
#include <string>

#include <grpcpp/grpcpp.h>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/registry/workflow/member_sync.h"
#include "services/sponsorship/clients/peer_client.h"
#include "tests/simulation/world.h"
#include "tests/workload/transport.h"

namespace lingkaran::simulation {

using workload::Message;

// A call on its way between two places.
struct Letter {
  int from;
  int to;
  workload::Rpc rpc;
};

class Network final : public sponsorship::PeerCalls, public registry::CoverageCalls {
 public:
  explicit Network(World& world) : world_(world) {}

  // One attempt of `letter.from` to call a method of the service at `letter.to`.
  grpc::Status Carry(const Letter& letter, Message* response);
  // A stream of chunks to SubmitCandidates; `answers` has those that came back.
  grpc::Status Submit(const std::string& actor,
                      const std::vector<registry::v1::SubmitCandidatesRequest>& chunks,
                      std::vector<registry::v1::SubmitCandidatesResponse>* answers);

  // The calls that services make of each other.
  bool MayWait() const override { return false; }
#define LINGKARAN_X(ns, Name, from, to, name)                                                   \
  grpc::Status name(grpc::ClientContext* context, const ns::v1::name##Request& request,         \
                    ns::v1::name##Response* response) override {                                \
    return Carry(                                                                               \
        {from, to, workload::MakeRpc(ActorOf(context), request, &ns::v1::Name::Service::name)}, \
        response);                                                                              \
  }
#define LINGKARAN_Y(name) LINGKARAN_X(registry, RegistryService, kSponsorship, kRegistry, name)
#define LINGKARAN_Z(name) LINGKARAN_X(coverage, CoverageService, kSponsorship, kCoverage, name)
  LINGKARAN_REGISTRY_PEER_RPCS(LINGKARAN_Y)
  LINGKARAN_COVERAGE_PEER_RPCS(LINGKARAN_Z)
  LINGKARAN_X(coverage, CoverageService, kRegistry, kCoverage, UpsertMembers)
#undef LINGKARAN_X
#undef LINGKARAN_Y
#undef LINGKARAN_Z

 private:
  static std::string ActorOf(grpc::ClientContext* context);
  grpc::Status Arrive(const Letter& letter, Message* response);
  grpc::Status Lost(const Letter& letter, const char* what, int life);
  // Leaves a call whose process died meanwhile.
  void GoOn(const Letter& letter, int life);
  // The same request_id must give the same answer, and another body none.
  void CheckReplay(const Letter& letter, const Message& response);
  grpc::Service* ServiceAt(int place);
  void Log(const Letter& letter, const std::string& what);

  struct Answer {
    std::string request;
    std::string response;
  };
  World& world_;
  std::map<std::string, Answer> answers_;  // by place, method and request_id
};

}  // namespace lingkaran::simulation
