// Sends a list of generated people of Surakarta, as an office would, in chunks.
#pragma once

#include <gtest/gtest.h>

#include "common/rpc/client.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "tests/support/candidate.h"

namespace lingkaran {

// `count` people, numbered from `from` on; all of them must be accepted.
inline void SubmitList(registry::v1::RegistryService::Stub& registry, const CallOptions& options,
                       int64_t batch_id, int from, int count) {
  grpc::ClientContext context;
  Prepare(context, options);
  const auto stream = registry.SubmitCandidates(&context);
  registry::v1::SubmitCandidatesResponse answer;
  for (const auto& chunk : CandidateList(batch_id, from, count)) {
    ASSERT_TRUE(stream->Write(chunk));
    ASSERT_TRUE(stream->Read(&answer));
  }
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answer.batch().accepted_rows(), count);
}

}  // namespace lingkaran
