// The tree of Kemendagri region codes down to districts, and the time zone of each province.
// Data in deploy/regions: regions.csv (code,name), timezones.csv (province,utc_offset), former.csv
// (code,province: cities' codes from before their province was divided).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace lingkaran {

class Regions {
 public:
  // Reads the three files of `directory`. INVALID_ARGUMENT with file and line for a bad row, a
  // district without its city, or a province without a time zone.
  static absl::StatusOr<Regions> Load(const std::string& directory);

  // True for "33", "33.72", "33.72.01" if the tree holds it.
  bool Contains(std::string_view code) const;
  // True if a NIK may begin with this province and city: in the tree, or there before its province
  // was divided (64.73 was Tarakan before North Kalimantan).
  bool KnowsCity(std::string_view code) const;
  // Its name, e.g. "Kota Surakarta"; empty if unknown.
  std::string_view Name(std::string_view code) const;
  // Code of the district with this name (any case, with or without "Kecamatan") in the area
  // `within`; empty if there is none or more than one.
  std::string FindDistrict(std::string_view within, std::string_view name) const;
  // 7, 8 or 9 by the province of the code; 7 if unknown.
  int UtcOffsetHours(std::string_view code) const;

 private:
  absl::Status LoadZones(const std::string& path);
  absl::Status LoadTree(const std::string& path);
  absl::Status LoadFormer(const std::string& path);

  absl::flat_hash_map<std::string, std::string> names_;
  absl::flat_hash_map<std::string, int> offsets_;         // by province
  absl::flat_hash_map<std::string, std::string> former_;  // code -> province in which it lies now
  // Name in lower case without spaces -> the codes of all districts of that name.
  absl::flat_hash_map<std::string, std::vector<std::string>> districts_;
};

// True if `code` is `area` or lies in it: "33.72.01" in "33.72", "33.7" in none. Empty area: true.
bool InRegion(std::string_view code, std::string_view area);

}  // namespace lingkaran
