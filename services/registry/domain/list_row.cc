#include "services/registry/domain/list_row.h"

namespace lingkaran::registry {

std::string ContentOf(const RawRow& row) {
  std::string content;
  content.reserve(256);  // what most rows need
  for (const std::string_view column :
       {row.nik, row.full_name, row.birth_place, row.birth_date, row.sex, row.address, row.village,
        row.district, row.occupation, row.disability, row.monthly_income, row.phone,
        row.membership_number}) {
    const uint32_t length = static_cast<uint32_t>(column.size());
    for (int shift = 0; shift < 32; shift += 8) {
      content.push_back(static_cast<char>((length >> shift) & 0xFF));
    }
    content.append(column);
  }
  return content;
}

}  // namespace lingkaran::registry
