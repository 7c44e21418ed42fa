// The places at which a process can be made to die, as common/base/failpoint.h names them.
#pragma once

#include <string>
#include <vector>

namespace lingkaran::kill {

struct Place {
  std::string name;     // "rpc/CreatePledge/claimed"
  std::string service;  // who dies there
  std::string what;     // "CreatePledge", or the kind of an outbox row
};

// All of them: every mutation (a method whose request has a request_id, and SubmitCandidates) of
// every service with all stages of a call, every kind of owed RPC with all stages of a delivery.
std::vector<Place> AllPlaces();

// Kinds of rows in a service's outbox.
const std::vector<std::string>& OwedKinds(const std::string& service);

}  // namespace lingkaran::kill
