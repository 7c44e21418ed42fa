// A server whose every connection a function of the test serves, on a thread of its own.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/process.h"

namespace lingkaran {

class ScriptedServer {
 public:
  // `serve`: descriptor, and the number of the connection from 0. It returns when the other side is
  // gone.
  using Serve = std::function<void(int descriptor, int number)>;
  explicit ScriptedServer(Serve serve) {
    acceptor_ = std::thread([this, serve = std::move(serve)] {
      for (int client; (client = accept(listener_.fd, nullptr, nullptr)) >= 0;) {
        const int number = accepted_++;
        threads_.emplace_back([serve, client, number] {
          serve(client, number);
          close(client);
        });
      }
    });
  }
  // Nobody asks any more when it goes: every connection has ended.
  ~ScriptedServer() {
    shutdown(listener_.fd, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_.fd);
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", listener_.port); }
  int accepted() const { return accepted_; }

 private:
  const LoopbackListener listener_ = ListenOnLoopback();
  std::atomic<int> accepted_{0};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

}  // namespace lingkaran
