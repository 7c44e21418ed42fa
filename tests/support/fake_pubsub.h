// A PubSub whose messages a test delivers by hand: now, later, in another order, or never.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "common/redis/pubsub.h"

namespace lingkaran {

class FakePubSub final : public PubSub {
 public:
  void Listen(Listener listener) override { listener_ = std::move(listener); }
  void Stop() override { listener_ = {}; }
  void Publish(std::string message) override { published.push_back(std::move(message)); }

  // To the listener of this end.
  void Deliver(const std::string& message) {
    if (listener_.message) listener_.message(message);
  }

  std::deque<std::string> published;  // by this end, the oldest first

 private:
  Listener listener_;
};

}  // namespace lingkaran
