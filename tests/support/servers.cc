#include "tests/support/servers.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace lingkaran {
namespace {

constexpr char kPostgresUser[] = "postgres";  // PostgreSQL refuses to run as root
constexpr std::chrono::seconds kStartTime(60);

// Where Debian keeps the newest PostgreSQL's programs.
std::string PostgresBin() {
  std::set<std::pair<int, std::string>> found;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    found.emplace(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  }
  if (found.empty()) Die("there is no PostgreSQL under /usr/lib/postgresql");
  return found.rbegin()->second;
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/task/", pid, "/children"));
  std::vector<pid_t> children;
  for (pid_t child; in >> child;) children.push_back(child);
  return children;
}

// True until the process is gone or a zombie.
bool Lives(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  if (!std::getline(in, line)) return false;
  const size_t name_end = line.rfind(") ");
  return name_end != std::string::npos && line[name_end + 2] != 'Z';
}

}  // namespace

void ExecuteSql(const std::string& url, const std::string& statement) {
  PGconn* connection = PQconnectdb(url.c_str());
  PGresult* result = PQexec(connection, statement.c_str());
  if (PQresultStatus(result) != PGRES_COMMAND_OK) {
    Die(statement + ": " + PQerrorMessage(connection));
  }
  PQclear(result);
  PQfinish(connection);
}

PostgresServer::PostgresServer() : bin_(PostgresBin()) {
  const std::string data = directory_.path() + "/data";
  if (geteuid() == 0) {
    const passwd* user = getpwnam(kPostgresUser);
    if (user == nullptr) Die("there is no user postgres");
    if (chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0) Die("chown failed");
  }
  Process initdb(bin_ + "/initdb",
                 {"--pgdata=" + data, "--username=postgres", "--auth=trust", "--encoding=UTF8",
                  "--no-locale", "--no-sync"},
                 directory_.path() + "/initdb.log", {.user = kPostgresUser});
  if (initdb.WaitForEnd(kStartTime).value_or(1) != 0) Die("initdb failed:\n" + initdb.Log());
  port_ = FreePort();
  Start();
}

PostgresServer::~PostgresServer() { Kill(); }

std::string PostgresServer::url() const {
  return absl::StrCat("postgresql://postgres@127.0.0.1:", port_, "/postgres");
}

void PostgresServer::Start() {
  process_ = std::make_unique<Process>(
      bin_ + "/postgres",
      std::vector<std::string>{"-D", directory_.path() + "/data", "-p", absl::StrCat(port_), "-c",
                               "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                               "max_connections=200", "-c", "shared_buffers=64MB", "-c",
                               "recovery_init_sync_method=syncfs"},
      directory_.path() + "/log", Process::Options{.user = kPostgresUser});
  const auto end = std::chrono::steady_clock::now() + kStartTime;
  while (PQping(url().c_str()) != PQPING_OK) {
    if (process_->WaitForEnd(std::chrono::milliseconds(2)).has_value() ||
        std::chrono::steady_clock::now() > end) {
      Die("PostgreSQL does not start:\n" + Log());
    }
  }
}

void PostgresServer::Kill() {
  if (!running()) return;
  // Stopped first, so that it starts no child meanwhile.
  process_->Pause();
  const std::vector<pid_t> children = ChildrenOf(process_->pid());
  process_->Kill();
  for (const pid_t child : children) kill(child, SIGKILL);
  while (std::any_of(children.begin(), children.end(), Lives))
    absl::SleepFor(absl::Milliseconds(2));
}

void PostgresServer::Pause() {
  process_->Pause();
  for (const pid_t child : ChildrenOf(process_->pid())) kill(child, SIGSTOP);
}

void PostgresServer::Resume() {
  for (const pid_t child : ChildrenOf(process_->pid())) kill(child, SIGCONT);
  process_->Resume();
}

std::string PostgresServer::Log() const { return process_ ? process_->Log() : ""; }

}  // namespace lingkaran
