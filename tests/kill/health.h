// What a load balancer sees of a service's health while it goes down.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <grpcpp/grpcpp.h>

namespace lingkaran::kill {

// Watches grpc.health.v1 on a connection of its own until the stream ends.
class HealthWatch {
 public:
  // Returns when the service has said SERVING, or can't be asked.
  explicit HealthWatch(const std::string& address);
  ~HealthWatch();
  // True if NOT_SERVING came before the end of the stream; waits for that end.
  bool SaidNotServing();

 private:
  void Run();
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::atomic<bool> begun_{false};
  bool not_serving_ = false;
  std::thread thread_;
};

}  // namespace lingkaran::kill
