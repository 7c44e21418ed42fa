#include "services/registry/domain/list_row.h"

namespace lingkaran::registry {

std::string ContentOf(const RawRow& row) {
  const std::string_view columns[] = {row.nik,
                                      row.full_name,
                                      row.birth_place,
                                      row.birth_date,
                                      row.sex,
                                      row.address,
                                      row.village,
                                      row.district,
                                      row.occupation,
                                      row.disability,
                                      row.monthly_income,
                                      row.phone,
                                      row.membership_number};
  size_t size = 0;
  for (const std::string_view column : columns) size += 4 + column.size();
  std::string content;
  content.reserve(size);
  for (const std::string_view column : columns) {
    const uint32_t length = static_cast<uint32_t>(column.size());
    for (int shift = 0; shift < 32; shift += 8) {
      content.push_back(static_cast<char>((length >> shift) & 0xFF));
    }
    content.append(column);
  }
  return content;
}

}  // namespace lingkaran::registry
