// Calls through gRPC's own client, for what is not measured by the call.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

namespace lingkaran::bench {

// A channel with a connection of its own, which stands.
std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address);
// Who asks, and a deadline.
void PrepareCall(grpc::ClientContext& context, const char* actor = "klinik-12;role=officer");

}  // namespace lingkaran::bench
