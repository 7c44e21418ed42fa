// Between the contract's messages and sponsorship's own types.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/status.pb.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"
#include "services/sponsorship/domain/accounts.h"
#include "services/sponsorship/domain/allocation.h"

namespace lingkaran::sponsorship {

google::protobuf::Timestamp ToTimestamp(int64_t millis);
// The kept error of a line; code 0 gives an empty status.
google::rpc::Status ToStatus(int code, const std::string& reason, const std::string& message);

// OTHER for a line of work that was not said.
Sector SectorOrOther(common::v1::Sector sector);

v1::Sponsor ToProto(const SponsorRow& sponsor);
v1::Funds ToProto(const Funds& funds);
v1::Pledge ToProto(const PledgeRow& pledge);
// Without counts of refusals and what it waits for.
v1::Allocation ToProto(const AllocationRow& allocation);

Criteria FromProto(const v1::Criteria& criteria);
std::vector<Programme> ProgrammesOf(const google::protobuf::RepeatedField<int>& programmes);

// Cuts a page that was read one row longer than `size`; gives the token of the next one, which goes
// on after the place of the last row, or "" if there is none.
template <typename Row, typename PlaceOf>
std::string NextPage(std::vector<Row>& rows, int size, PlaceOf place_of) {
  if (static_cast<int>(rows.size()) <= size) return "";
  rows.pop_back();
  return ToPageToken(place_of(rows.back()));
}

// Notes what is wrong with fields that several requests share.
void CheckProgrammes(FieldErrors& errors, const google::protobuf::RepeatedField<int>& programmes);
void CheckText(FieldErrors& errors, const std::string& text, size_t least, size_t most,
               const char* field);
void CheckDay(FieldErrors& errors, int32_t day, const char* field);
void CheckWageBase(FieldErrors& errors, int64_t wage_base);

// The price of one seat, month by month, out of a quote for `seats`. INTERNAL if its lines do not
// add up to its total.
absl::StatusOr<PriceSchedule> ScheduleOf(const coverage::v1::QuoteContributionResponse& quote,
                                         int seats);

}  // namespace lingkaran::sponsorship
