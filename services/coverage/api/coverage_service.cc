#include "services/coverage/api/coverage_service.h"

namespace lingkaran::coverage {

CoverageServiceImpl::CoverageServiceImpl(const ServiceParts& parts) : parts_(parts) {
  SetMessageAllocatorFor_CheckEligibility(&check_messages_);
  SetMessageAllocatorFor_BatchCheckEligibility(&batch_messages_);
}

absl::StatusOr<int64_t> CoverageServiceImpl::Resolve(const PersonKey& person) {
  if (person.kind == PersonKey::Kind::kWorker) return person.worker_id;
  ASSIGN_OR_RETURN(const std::vector<MemberRecord> records,
                   parts_.store.Find(absl::MakeConstSpan(&person, 1), {0, /*from_store=*/true}));
  const Facts& facts = records.front().facts;
  return facts.known ? facts.worker_id : 0;
}

}  // namespace lingkaran::coverage
