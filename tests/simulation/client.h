// People at their desks: each request is asked with one request_id until it has a definite answer,
// as the client library does; some give up and never learn what became of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/error.h"
#include "common/rpc/client.h"
#include "tests/simulation/network.h"

namespace lingkaran::simulation {

inline constexpr char kBudi[] = "budi;role=officer";
inline constexpr char kSiti[] = "siti;role=officer";

// Not decided: the same request is to be sent again.
inline bool IsOpen(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) ||
         ((absl::IsAborted(status) || absl::IsResourceExhausted(status)) &&
          ReasonOf(status) != Reason::kRequestIdReused);
}

class Client {
 public:
  Client(World& world, Network& network) : world_(world), network_(network) {}

  // Sends `request` until it is decided; then `done` with the outcome. `given_up`, if it comes to
  // that, instead.
  template <typename Service, typename Request, typename Response>
  void Send(int to, const std::string& name, const std::string& actor, const Request& request,
            Method<Service, Request, Response> method,
            std::function<void(const absl::Status&, const Response&)> done,
            std::function<void()> given_up = nullptr) {
    auto attempt = std::make_shared<std::function<void(int)>>();
    ++open_;
    // The function holds itself until it is decided.
    *attempt = [=, this](int tries) {
      Response response;
      const absl::Status status =
          FromGrpc(network_.Call(kClient, to, name, actor, request, &response, method));
      if (!IsOpen(status)) {
        Close(attempt);
        done(status, response);
      } else if (given_up != nullptr && world_.faults.calamity > 0 && world_.chance().Percent(4)) {
        world_.Trace(absl::StrCat("client gives up ", name));
        Close(attempt);
        given_up();
      } else {
        world_.After(Wait(tries), [attempt, tries] { (*attempt)(tries + 1); });
      }
    };
    world_.After(absl::ZeroDuration(), [attempt] { (*attempt)(1); });
  }

  // A list of candidates, until all of it is answered.
  void SendList(const std::vector<registry::v1::SubmitCandidatesRequest>& chunks,
                std::function<void(const std::vector<registry::v1::RowResult>&)> done);

  // Requests that are not decided yet.
  int open() const { return open_; }

 private:
  absl::Duration Wait(int tries) {
    return absl::Milliseconds(world_.chance().Between(25, 50) << std::min(tries, 6));
  }
  void Close(const std::shared_ptr<std::function<void(int)>>& attempt) {
    --open_;
    world_.After(absl::ZeroDuration(), [attempt] { *attempt = nullptr; });
  }

  World& world_;
  Network& network_;
  int open_ = 0;
};

}  // namespace lingkaran::simulation
