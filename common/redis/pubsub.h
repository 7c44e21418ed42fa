// A line through Redis on which replicas tell each other what happened: publish and subscribe.
//
// Speed, never truth: messages may be lost with a connection, and a sender may die before it sends.
// What the link does promise: messages of one Redis server arrive in the order in which it took
// them. Silence (no heartbeat of ours for `silence`) counts as loss: the connection is dropped and
// made anew. In a Redis Cluster all replicas use the node that has the channel's slot, for
// publishing as well as for listening.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/redis/versioned_cache.h"

namespace lingkaran {

class PubSub {
 public:
  struct Options {
    VersionedCache::Options redis;
    std::string channel;
    absl::Duration heartbeat = absl::Milliseconds(400);
    absl::Duration silence = absl::Milliseconds(1500);
  };
  // Called on the link's own thread, one at a time; null for what the listener need not know.
  struct Listener {
    std::function<void(std::string_view message)> message;
    // A heartbeat of ours that was sent at steady time `at` has come back: the line stands.
    std::function<void(absl::Time at)> confirmed = nullptr;
    // A line that stood does so no more: what is published until the next `confirmed` may never
    // come.
    std::function<void()> lost = nullptr;
  };
  // Never fails: a Redis that is not there yet is used when it comes. `steady` must outlive it.
  static std::unique_ptr<PubSub> Make(const Options& options, const Clock& steady);
  virtual ~PubSub() = default;

  // Once. Starts the thread.
  virtual void Listen(Listener listener) = 0;
  // Ends the thread: no listener is called any more when it returns. Also done by the destructor.
  virtual void Stop() = 0;
  // Hands the message to the link's thread and returns; dropped if there is no connection or too
  // much waits. Listeners of this process get it too.
  virtual void Publish(std::string message) = 0;
};

}  // namespace lingkaran
