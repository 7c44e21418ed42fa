// A PostgreSQL and a Redis of one's own, on loopback, that may be killed and started again.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.h"
#include "tests/support/redis_server.h"

namespace lingkaran {

// Runs one SQL statement on a libpq URL; ends the program with its error.
void ExecuteSql(const std::string& url, const std::string& statement);

// A PostgreSQL with data of its own. What is committed is on disk, as in production.
class PostgresServer {
 public:
  PostgresServer();  // makes the data and starts
  ~PostgresServer();
  // Of its database "postgres", as superuser; stays the same over restarts.
  std::string url() const;
  // kill -9 of the postmaster and all its children, which then are gone.
  void Kill();
  // After Kill: recovers from its log; waits until it takes connections.
  void Start();
  // Stops and keeps all of its processes where they are, connections included: a database that
  // hangs. And lets them go on.
  void Pause();
  void Resume();
  bool running() const { return process_ != nullptr && process_->running(); }
  std::string Log() const;
  void Keep() { directory_.Keep(); }

 private:
  TempDirectory directory_;
  std::string bin_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace lingkaran
