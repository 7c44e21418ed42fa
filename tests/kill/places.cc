#include "tests/kill/places.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/ops/v1/ops.pb.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"
#include "tests/support/cluster.h"

namespace lingkaran::kill {
namespace {

constexpr const char* kCallStages[] = {"begin", "claimed", "booked", "committed", "answered"};
constexpr const char* kOwedStages[] = {"taken", "called", "settled", "committed"};

const google::protobuf::FileDescriptor* ContractOf(const std::string& service) {
  if (service == "coverage") return coverage::v1::PersonMonth::descriptor()->file();
  if (service == "registry") return registry::v1::Worker::descriptor()->file();
  return sponsorship::v1::Pledge::descriptor()->file();
}

// A stream of chunks carries no request_id: the line numbers of its rows take that part.
bool IsMutation(const google::protobuf::MethodDescriptor& method) {
  return method.client_streaming() || method.input_type()->FindFieldByName("request_id") != nullptr;
}

void AddMutations(const google::protobuf::FileDescriptor& file, const std::string& service,
                  std::vector<Place>* places) {
  for (int i = 0; i < file.service_count(); ++i) {
    for (int k = 0; k < file.service(i)->method_count(); ++k) {
      const google::protobuf::MethodDescriptor& method = *file.service(i)->method(k);
      if (!IsMutation(method)) continue;
      for (const char* stage : kCallStages) {
        places->push_back(
            {absl::StrCat("rpc/", method.name(), "/", stage), service, method.name()});
      }
    }
  }
}

}  // namespace

const std::vector<std::string>& OwedKinds(const std::string& service) {
  static const auto& registry = *new std::vector<std::string>{"upsert_members"};
  static const auto& sponsorship = *new std::vector<std::string>{
      "rank",           "enrol",         "activate",        "contribute",
      "replace_revoke", "replace_enrol", "replace_activate"};
  static const auto& none = *new std::vector<std::string>;
  return service == "registry" ? registry : service == "sponsorship" ? sponsorship : none;
}

std::vector<Place> AllPlaces() {
  std::vector<Place> places;
  for (const std::string& service : ServiceNames()) {
    AddMutations(*ContractOf(service), service, &places);
    AddMutations(*ops::v1::OwedRow::descriptor()->file(), service, &places);
    for (const std::string& kind : OwedKinds(service)) {
      for (const char* stage : kOwedStages) {
        places.push_back({absl::StrCat("outbox/", kind, "/", stage), service, kind});
      }
    }
  }
  return places;
}

}  // namespace lingkaran::kill
