#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace lingkaran {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Ends in nullptr, as exec wants it.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;  // the first of a name counts
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

int CodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

}  // namespace

void Die(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
}

Process::Process(std::string program, std::vector<std::string> arguments, const std::string& log,
                 const Options& options)
    : program_(std::move(program)), log_(log) {
  // Between fork and exec only what is safe in a program with threads.
  arguments.insert(arguments.begin(), program_);
  const std::vector<char*> argv = Pointers(arguments);
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> envp = Pointers(environment);
  const passwd* user = nullptr;
  if (!options.user.empty() && geteuid() == 0) {
    user = getpwnam(options.user.c_str());
    if (user == nullptr) Die("there is no user " + options.user);
  }
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = fork();
  if (pid_ < 0) Die("fork failed");
  if (pid_ > 0) {
    close(out);
    return;
  }
  dup2(out, STDERR_FILENO);
  dup2(out, STDOUT_FILENO);
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
                          setuid(user->pw_uid) != 0 || chdir("/") != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execve(program_.c_str(), argv.data(), envp.data());
  _exit(127);
}

Process::~Process() { Kill(); }

std::optional<std::string> Process::AwaitAddress(const std::string& file, int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) {
    std::string address = ReadAll(file);
    while (!address.empty() && address.back() == '\n') address.pop_back();
    if (!address.empty()) return address;
    if (WaitForEnd(std::chrono::milliseconds(2)).has_value()) return std::nullopt;
  }
  Die(program_ + " gave no address:\n" + Log());
}

std::string Process::WaitForAddress(const std::string& file, int seconds) {
  std::optional<std::string> address = AwaitAddress(file, seconds);
  if (!address.has_value()) Die(program_ + " ended at its start:\n" + Log());
  return *std::move(address);
}

std::optional<int> Process::WaitForEnd(std::chrono::milliseconds time) {
  if (!running()) return 0;
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) Die("pidfd_open failed");
  pollfd wait{handle, POLLIN, 0};
  poll(&wait, 1, static_cast<int>(time.count()));
  close(handle);
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return CodeOf(status);
}

int Process::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return CodeOf(status);
}

void Process::Terminate() {
  if (running()) kill(pid_, SIGTERM);
}

int Process::Stop() {
  if (!running()) return 0;
  Terminate();
  return Wait();
}

void Process::Kill() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  Wait();
}

void Process::Pause() { kill(pid_, SIGSTOP); }
void Process::Resume() { kill(pid_, SIGCONT); }

std::string Process::Log() const { return ReadAll(log_); }

double Process::PeakMegabytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

OnProcessor::OnProcessor(int processor) {
  sched_getaffinity(0, sizeof(before_), &before_);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof(one), &one);
}

OnProcessor::~OnProcessor() { sched_setaffinity(0, sizeof(before_), &before_); }

LoopbackListener ListenOnLoopback(int flags) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 128) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Die("no port to listen on");
  }
  return {fd, ntohs(address.sin_port)};
}

int FreePort() {
  const LoopbackListener listener = ListenOnLoopback();
  close(listener.fd);
  return listener.port;
}

TempDirectory::TempDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "lingkaran-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) Die("mkdtemp failed");
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  if (kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace lingkaran
