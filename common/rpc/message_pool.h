// Requests and responses of callback RPCs, used again and again: they keep the memory of their
// strings and lists, so that a call allocates none for them once it has been busy for a while.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <grpcpp/support/message_allocator.h>

namespace lingkaran {

struct ClearMessage {
  template <typename Message>
  void operator()(Message& message) const {
    message.Clear();
  }
};

// Give it to the generated SetMessageAllocatorFor_<Method>; it has no state of its own: each thread
// keeps up to `kKept` pairs. `Empty` empties a response, for those whose Clear() would give up
// memory that the next call needs.
template <typename Request, typename Response, size_t kKept, typename Empty = ClearMessage>
class MessagePool final : public grpc::MessageAllocator<Request, Response> {
 public:
  using Holder = grpc::MessageHolder<Request, Response>;

  Holder* AllocateMessages() override {
    Kept& kept = OfThisThread();
    if (kept.empty()) return new Pair;
    Holder* const pair = kept.back().release();
    kept.pop_back();
    return pair;
  }

 private:
  class Pair final : public Holder {
   public:
    Pair() {
      this->set_request(&request_);
      this->set_response(&response_);
    }
    void Release() override {
      request_.Clear();
      Empty()(response_);
      Kept& kept = OfThisThread();
      if (kept.size() < kKept) {
        kept.emplace_back(this);
      } else {
        delete this;
      }
    }

   private:
    Request request_;
    Response response_;
  };
  using Kept = std::vector<std::unique_ptr<Pair>>;

  static Kept& OfThisThread() {
    thread_local Kept kept;
    return kept;
  }
};

}  // namespace lingkaran
