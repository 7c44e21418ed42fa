#include "tests/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
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

[[noreturn]] void Die(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
}

}  // namespace

Process::Process(std::string program, std::vector<std::string> arguments, const std::string& log)
    : program_(std::move(program)), log_(log) {
  std::vector<char*> argv{program_.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) Die("fork failed");
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that aborts leaves nothing running
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDERR_FILENO);
  dup2(out, STDOUT_FILENO);
  execv(program_.c_str(), argv.data());
  _exit(127);
}

Process::~Process() { Kill(); }

std::string Process::WaitForAddress(const std::string& file, int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) {
    std::string address = ReadAll(file);
    while (!address.empty() && address.back() == '\n') address.pop_back();
    if (!address.empty()) return address;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      Die(program_ + " ended at its start:\n" + ReadAll(log_));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // another process is awaited
  }
  Die(program_ + " gave no address:\n" + ReadAll(log_));
}

int Process::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int Process::Stop() {
  if (!running()) return 0;
  kill(pid_, SIGTERM);
  return Wait();
}

void Process::Kill() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  Wait();
}

double Process::PeakMegabytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

TempDirectory::TempDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "lingkaran-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) Die("mkdtemp failed");
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace lingkaran
