// The contracts as text, one line for each thing that a released client may rely on.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace lingkaran::contract {

// All .proto files of the suite, from the descriptor set that protoc made of them.
class Contracts {
 public:
  // Reads a file of google.protobuf.FileDescriptorSet; files() is empty if it can't be read.
  explicit Contracts(const std::string& descriptor_set);
  // Those of the suite, not what they import from elsewhere.
  const std::vector<const google::protobuf::FileDescriptor*>& files() const { return files_; }
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

 private:
  google::protobuf::DescriptorPool pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
};

// The lines of these files:
//   message lingkaran.common.v1.Consistency
//   field lingkaran.common.v1.Consistency.minimize_latency = 1 bool optional of requirement
//   enum lingkaran.common.v1.Sector
//   value lingkaran.common.v1.Sector SECTOR_OTHER = 1
//   rpc lingkaran.registry.v1.RegistryService/GetBatch (a.Request) returns (stream a.Response)
std::set<std::string> Describe(const std::vector<const google::protobuf::FileDescriptor*>& files);

// "package.Service/Method" of all services.
std::vector<std::string> Methods(const std::vector<const google::protobuf::FileDescriptor*>& files);

// What the baseline promises and the contracts no longer hold: removed, renumbered or retyped.
std::vector<std::string> Broken(const std::set<std::string>& baseline,
                                const std::set<std::string>& now);

}  // namespace lingkaran::contract
