#include "tests/kill/crew.h"

namespace lingkaran::kill {

Crew::Crew(const Cluster& cluster, World* world, uint64_t seed, int threads,
           Client::Options options) {
  for (int i = 0; i < threads; ++i) {
    clients_.push_back(std::make_unique<Client>(cluster, world, seed * 100 + i, options));
  }
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { Run(i); });
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    working_ = false;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::Run(int number) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return working_ || over_; });
    if (over_) return;
    ++busy_;
    const std::string prefer = prefer_;
    lock.unlock();
    clients_[number]->Step(prefer);
    lock.lock();
    --busy_;
    ++steps_;
    changed_.notify_all();
  }
}

void Crew::Work(const std::string& prefer) {
  {
    const std::lock_guard lock(mutex_);
    prefer_ = prefer;
    working_ = true;
  }
  changed_.notify_all();
}

bool Crew::WaitForSteps(int64_t steps, absl::Duration bound) {
  std::unique_lock lock(mutex_);
  const int64_t goal = steps_ + steps;
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(bound), [&] { return steps_ >= goal; });
}

void Crew::Rest() {
  std::unique_lock lock(mutex_);
  working_ = false;
  changed_.wait(lock, [this] { return busy_ == 0; });
}

}  // namespace lingkaran::kill
