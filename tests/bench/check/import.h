// Registry's part of an import, at full speed: new members and their months, 2,000 at a time, one
// request after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace lingkaran::bench {

class Import {
 public:
  // People from `first` on are new to the service at `address`.
  Import(const std::string& address, int64_t first);
  ~Import() { Stop(); }

  // Makes the requests for about so many people; before a phase, because it takes time.
  void Prepare(int64_t people);
  void Start();
  // Ends after the request under way; people imported since Start.
  int64_t Stop();

 private:
  using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;
  struct Step {
    grpc::ByteBuffer members, months;
  };

  void PrepareOne();
  void Run();
  grpc::ByteBuffer Call(const char* method, const grpc::ByteBuffer& request);

  Stub stub_;
  int64_t next_person_;
  std::vector<Step> steps_;  // used from the back
  std::atomic<bool> stop_{false};
  int64_t imported_ = 0;
  std::thread thread_;
};

}  // namespace lingkaran::bench
