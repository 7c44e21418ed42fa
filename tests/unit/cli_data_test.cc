// The demo's lists are what their generator makes, and hold what the story needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>

#include "services/cli/lists/list_reader.h"

namespace lingkaran::cli {
namespace {

const std::string kDir = LINGKARAN_SOURCE_DIR "/deploy/local/data/";

std::string OutputOf(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char block[4096];
  size_t size;
  while ((size = fread(block, 1, sizeof block, pipe)) > 0) out.append(block, size);
  EXPECT_EQ(pclose(pipe), 0);
  return out;
}

std::string BytesOf(const std::string& name) {
  const absl::StatusOr<std::string> bytes = ReadFileBytes(kDir + name, ListLimits().bytes);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return *bytes;
}

List Read(const std::string& name) {
  absl::StatusOr<List> list = ReadList(BytesOf(name));
  EXPECT_TRUE(list.ok()) << list.status();
  return *std::move(list);
}

// The digits of a NIK as written.
std::string Digits(const std::string& nik) {
  std::string out;
  for (const char c : nik) {
    if (c >= '0' && c <= '9') out += c;
  }
  return out;
}

TEST(DataTest, GeneratorMakesTheCommittedBytes) {
  EXPECT_EQ(OutputOf(kDir + "generate-candidates candidates"), BytesOf("solo-candidates.csv"));
  EXPECT_EQ(OutputOf(kDir + "generate-candidates members"), BytesOf("solo-members.csv"));
}

TEST(DataTest, CandidatesLookLikeAnOfficesList) {
  const List list = Read("solo-candidates.csv");
  EXPECT_THAT(list.header,
              ::testing::ElementsAre("No", "NIK", "Nama", "Tempat Lahir", "Tanggal Lahir",
                                     "Jenis Kelamin", "Alamat", "Kelurahan", "Kecamatan",
                                     "Pekerjaan", "Ragam Disabilitas", "Penghasilan", "No HP"));
  EXPECT_EQ(list.rows.size(), 1160u);
  EXPECT_EQ(list.delimiter, ';');
  const std::string bytes = BytesOf("solo-candidates.csv");
  EXPECT_LT(ValidUtf8Prefix(bytes), bytes.size());  // Windows-1252
  int line_breaks = 0, lost_digits = 0, apostrophes = 0, without_work = 0, disabled = 0;
  for (const ListRow& row : list.rows) {
    const std::string nik = list.Value(row, Column::kNik);
    line_breaks += row.cells[6].find("\r\n") != std::string::npos ? 1 : 0;
    lost_digits += nik.find("E+15") != std::string::npos ? 1 : 0;
    apostrophes += nik[0] == '\'' ? 1 : 0;
    const std::string work = list.Value(row, Column::kOccupation);
    without_work += work.empty() || work == "-" || work == "Tidak bekerja" ? 1 : 0;
    const std::string disability = list.Value(row, Column::kDisability);
    disabled += disability.size() > 1 && disability != "Tidak ada" ? 1 : 0;
  }
  EXPECT_GT(line_breaks, 10);
  EXPECT_EQ(lost_digits, 2);
  EXPECT_GT(apostrophes, 100);
  EXPECT_EQ(without_work, 23);
  EXPECT_GT(disabled, 100);
  EXPECT_LT(disabled, 300);
}

TEST(DataTest, SomeCandidatesAreMembersOrTwiceInTheList) {
  std::set<std::string> members;
  const List existing = Read("solo-members.csv");
  EXPECT_EQ(BytesOf("solo-members.csv").substr(0, kBom.size()), kBom);
  EXPECT_EQ(existing.delimiter, ',');
  for (const ListRow& row : existing.rows) {
    members.insert(Digits(existing.Value(row, Column::kNik)));
    EXPECT_EQ(existing.Value(row, Column::kMembershipNumber).size(), 11u);
  }
  EXPECT_EQ(members.size(), existing.rows.size());
  std::map<std::string, int> seen;
  int already = 0;
  const List list = Read("solo-candidates.csv");
  for (const ListRow& row : list.rows) {
    const std::string nik = Digits(list.Value(row, Column::kNik));
    already += static_cast<int>(members.count(nik));
    if (nik.size() == 16) ++seen[nik];
  }
  int repeats = 0;
  for (const auto& [nik, times] : seen) repeats += times - 1;
  EXPECT_EQ(already, 18);
  EXPECT_EQ(repeats, 20);
}

}  // namespace
}  // namespace lingkaran::cli
