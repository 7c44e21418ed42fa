#include "tests/kill/world.h"

#include <algorithm>
#include <utility>

namespace lingkaran::kill {
namespace {

constexpr size_t kNewest = 4;  // batches that pledges are made for

template <typename T>
const T& Any(const std::vector<T>& from, Random& random) {
  return from[random() % from.size()];
}

}  // namespace

void World::AddAgency(int64_t agency_id) {
  const std::lock_guard lock(mutex_);
  agencies_.push_back(agency_id);
}

void World::AddSponsor(int64_t sponsor_id, int payer_class) {
  const std::lock_guard lock(mutex_);
  sponsors_.push_back({sponsor_id, payer_class});
}

void World::AddPledge(const PledgeFacts& pledge) {
  const std::lock_guard lock(mutex_);
  pledges_[pledge.pledge_id] = pledge;
}

void World::AddBatch(const BatchFacts& batch) { PutBatch(batch); }

void World::AddContribution(int64_t contribution_id, int64_t amount) {
  const std::lock_guard lock(mutex_);
  contributions_[contribution_id] = amount;
}

void World::AddAllocation(int64_t allocation_id) {
  const std::lock_guard lock(mutex_);
  new_allocations_.push_back(allocation_id);
}

void World::AddCard(int64_t worker_id, const std::string& number) {
  const std::lock_guard lock(mutex_);
  cards_[worker_id] = number;
}

void World::AddDeath(int64_t worker_id, int day) {
  const std::lock_guard lock(mutex_);
  deaths_[worker_id] = day;
}

void World::Change(int64_t pledge_id, absl::FunctionRef<void(PledgeFacts&)> change) {
  const std::lock_guard lock(mutex_);
  change(pledges_[pledge_id]);
}

void World::Journal(Acknowledged entry) {
  ++acknowledged;
  const std::lock_guard lock(mutex_);
  journal_.push_back(std::move(entry));
}

void World::Fail(const std::string& text) {
  ++failures;
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = text;
}

std::optional<PledgeFacts> World::PickPledge(
    Random& random, absl::FunctionRef<bool(const PledgeFacts&)> fits) const {
  const std::lock_guard lock(mutex_);
  std::vector<const PledgeFacts*> found;
  for (const auto& [id, pledge] : pledges_) {
    if (fits(pledge)) found.push_back(&pledge);
  }
  if (found.empty()) return std::nullopt;
  return *Any(found, random);
}

int64_t World::PickAgency(Random& random) const {
  const std::lock_guard lock(mutex_);
  return agencies_.empty() ? 0 : Any(agencies_, random);
}

std::optional<World::Sponsor> World::PickSponsor(Random& random, bool budget) const {
  const std::lock_guard lock(mutex_);
  std::vector<Sponsor> found;
  for (const Sponsor& sponsor : sponsors_) {
    if ((sponsor.payer_class >= 6) == budget) found.push_back(sponsor);
  }
  if (found.empty()) return std::nullopt;
  return Any(found, random);
}

int64_t World::PickWorker(Random& random, int64_t batch_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<const BatchFacts*> found;
  for (const BatchFacts& batch : approved_) {
    if ((batch_id == 0 || batch.batch_id == batch_id) && !batch.workers.empty()) {
      found.push_back(&batch);
    }
  }
  return found.empty() ? 0 : Any(Any(found, random)->workers, random);
}

int64_t World::PickApproved(Random& random) const {
  const std::lock_guard lock(mutex_);
  if (approved_.empty()) return 0;
  const size_t back = random() % std::min(kNewest, approved_.size());
  return approved_[approved_.size() - 1 - back].batch_id;
}

std::optional<BatchFacts> World::TakeBatch() {
  const std::lock_guard lock(mutex_);
  if (open_.empty()) return std::nullopt;
  BatchFacts batch = std::move(open_.back());
  open_.pop_back();
  return batch;
}

void World::PutBatch(const BatchFacts& batch) {
  const std::lock_guard lock(mutex_);
  (batch.reviewed ? approved_ : open_).push_back(batch);
}

size_t World::open_batches() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

size_t World::approved_workers() const {
  const std::lock_guard lock(mutex_);
  size_t workers = 0;
  for (const BatchFacts& batch : approved_) workers += batch.workers.size();
  return workers;
}

std::map<int64_t, PledgeFacts> World::pledges() const {
  const std::lock_guard lock(mutex_);
  return pledges_;
}

std::map<int64_t, int64_t> World::contributions() const {
  const std::lock_guard lock(mutex_);
  return contributions_;
}

std::vector<int64_t> World::sponsors() const {
  const std::lock_guard lock(mutex_);
  std::vector<int64_t> ids;
  for (const Sponsor& sponsor : sponsors_) ids.push_back(sponsor.sponsor_id);
  return ids;
}

std::vector<int64_t> World::agencies() const {
  const std::lock_guard lock(mutex_);
  return agencies_;
}

std::map<int64_t, int> World::deaths() const {
  const std::lock_guard lock(mutex_);
  return deaths_;
}

std::map<int64_t, std::string> World::cards() const {
  const std::lock_guard lock(mutex_);
  return cards_;
}

std::vector<Acknowledged> World::TakeJournal() {
  const std::lock_guard lock(mutex_);
  return std::exchange(journal_, {});
}

std::vector<int64_t> World::TakeAllocations() {
  const std::lock_guard lock(mutex_);
  return std::exchange(new_allocations_, {});
}

std::string World::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace lingkaran::kill
