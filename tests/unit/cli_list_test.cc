// The list reader takes files as offices save them, and refuses the rest with one clear error.
#include "services/cli/lists/list_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "services/cli/lists/csv_rows.h"

namespace lingkaran::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNik1[] = "3372041203710002";
constexpr char kNik2[] = "3372032206800003";
constexpr char kName1[] = "Ma\u2019ruf Renée";

std::string Text(std::string text, std::string_view line_end) {
  return absl::StrReplaceAll(text, {{"\n", std::string(line_end)}});
}

enum class Encoding { kUtf8, kUtf8WithBom, kWindows1252 };

// The bytes of a text whose wide letters are é and ’, written out by hand and not by the table that
// decodes them.
std::string Encode(const std::string& utf8, Encoding encoding) {
  if (encoding == Encoding::kUtf8) return utf8;
  if (encoding == Encoding::kUtf8WithBom) return "\xEF\xBB\xBF" + utf8;
  return absl::StrReplaceAll(utf8, {{"é", "\xE9"}, {"\u2019", "\x92"}});
}

std::string Error(std::string_view bytes, const ListLimits& limits = {}) {
  const absl::StatusOr<List> list = ReadList(bytes, limits);
  if (list.ok()) return "";
  EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(list.status().message());
}

// A text with the two people in place of $0, $1 (the first) and $2.
std::string Filled(const std::string& text) { return absl::Substitute(text, kNik1, kName1, kNik2); }

// Two people in one form of file.
struct Form {
  std::string name;
  std::string bytes;
  char delimiter;
  int first_line;
};

class FormTest : public ::testing::TestWithParam<Form> {};

TEST_P(FormTest, IsRead) {
  const absl::StatusOr<List> list = ReadList(Filled(GetParam().bytes));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->delimiter, GetParam().delimiter);
  ASSERT_EQ(list->rows.size(), 2u);
  EXPECT_EQ(list->rows[0].line_number, GetParam().first_line);
  EXPECT_THAT(list->Value(list->rows[0], Column::kNik), HasSubstr("337204"));
  EXPECT_EQ(list->Value(list->rows[0], Column::kFullName), kName1);
  EXPECT_EQ(list->Value(list->rows[1], Column::kNik), kNik2);
  EXPECT_EQ(list->Value(list->rows[1], Column::kFullName), "Sri");
}

std::vector<Form> Forms() {
  const std::string plain = "NIK,Nama\n$0,$1\n$2,Sri\n";
  const std::string windows = Encode(Filled(plain), Encoding::kWindows1252);
  const auto with = [](const std::string& text, char delimiter) {
    std::string out = text;
    std::replace(out.begin(), out.end(), ',', delimiter);
    return out;
  };
  return {
      {"Utf8", plain, ',', 2},
      {"Utf8WithBom", Encode(plain, Encoding::kUtf8WithBom), ',', 2},
      {"Windows1252", windows, ',', 2},
      {"Windows1252SemicolonCrlf", Text(with(windows, ';'), "\r\n"), ';', 2},
      {"Semicolon", with(plain, ';'), ';', 2},
      {"Tab", with(plain, '\t'), '\t', 2},
      {"Crlf", Text(plain, "\r\n"), ',', 2},
      {"Cr", Text(plain, "\r"), ',', 2},
      {"NoLastLineEnd", plain.substr(0, plain.size() - 1), ',', 2},
      {"BlankLinesAndEmptyRows", "\n\n" + Text(plain, "\n,\n\n"), ',', 6},
      {"English", absl::StrReplaceAll(plain, {{"NIK,Nama", "National ID,full_name"}}), ',', 2},
      {"LoudHeader", absl::StrReplaceAll(plain, {{"NIK,Nama", "No. KTP (16 digit),NAMA LENGKAP*"}}),
       ',', 2},
      {"OtherOrder", "Nama;Umur;NIK\n$1;48;$0\nSri;39;$2\n", ';', 2},
      {"TitleLines", "DAFTAR USULAN\nKota Surakarta, 2019\n\n" + plain, ',', 5},
      {"ExcelSeparatorLine", "sep=;\n" + with(plain, ';'), ';', 3},
      {"Quoted", "\"NIK\",\"Nama\"\n\"$0\",\"$1\"\n\"$2\",Sri\n", ',', 2},
      {"QuotedLineBreaks", "NIK;Alamat;Nama\n$0;\"Jl. A\nRT 1\nRW 2\";$1\n$2;x;Sri\n", ';', 2},
      {"DelimiterInQuotes", "NIK;\"Nama\";\"a,b,c,d\"\n$0;$1;\"x;y\"\n$2;Sri;z\n", ';', 2},
      {"Apostrophe", "NIK,Nama\n'$0,$1\n$2,Sri\n", ',', 2},
      {"SpacedNik", "NIK,Nama\n337204 120371 0002,$1\n$2,Sri\n", ',', 2},
      {"BlanksAroundCells", " NIK , Nama\n $0 ,  $1\n$2,Sri\n", ',', 2},
      {"ShortRows", "NIK,Nama,No HP\n$0,$1\n$2,Sri,\n", ',', 2},
      {"EmptyCellsBeyondHeader", "NIK,Nama\n$0,$1,,\n$2,Sri\n", ',', 2},
  };
}

INSTANTIATE_TEST_SUITE_P(Offices, FormTest, ::testing::ValuesIn(Forms()),
                         [](const auto& form) { return form.param.name; });

TEST(ListTest, KnowsAllColumnsInBothLanguages) {
  for (int i = 0; i < kColumnCount; ++i) {
    const auto column = static_cast<Column>(i);
    EXPECT_EQ(ColumnOfHeader(ColumnTitle(column)), column) << ColumnTitle(column);
  }
  EXPECT_EQ(ColumnOfHeader("date_of_birth"), Column::kBirthDate);
  EXPECT_EQ(ColumnOfHeader("Jenis Kelamin (L/P)"), Column::kSex);
  EXPECT_EQ(ColumnOfHeader("KELURAHAN/DESA"), Column::kVillage);
  EXPECT_EQ(ColumnOfHeader("Nama Ibu Kandung"), std::nullopt);
  EXPECT_EQ(ColumnOfHeader("No"), std::nullopt);
}

TEST(ListTest, KeepsCellsAsWrittenAndReadsLineBreaksAsBlanks) {
  const absl::StatusOr<List> list =
      ReadList("Catatan;NIK;Nama;Alamat\r\n\"a\"\"b\";1;Jl. \"Mawar\" 3;\"Jl. A\r\nRT 1\"\r\n");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->rows[0].cells, ElementsAre("a\"b", "1", "Jl. \"Mawar\" 3", "Jl. A\r\nRT 1"));
  EXPECT_EQ(list->Value(list->rows[0], Column::kAddress), "Jl. A RT 1");
  EXPECT_EQ(list->Value(list->rows[0], Column::kPhone), "");
}

TEST(ListTest, LineNumbersAreThoseOfTheFile) {
  const absl::StatusOr<List> list = ReadList("NIK;Nama\n1;\"a\nb\nc\"\n\n2;d\n;\n3;e");
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<int> lines;
  for (const ListRow& row : list->rows) lines.push_back(row.line_number);
  EXPECT_THAT(lines, ElementsAre(2, 6, 8));
}

TEST(ListTest, RefusesWhatIsNoList) {
  EXPECT_THAT(Error(""), HasSubstr("kosong"));
  EXPECT_THAT(Error("\xEF\xBB\xBF"), HasSubstr("kosong"));
  EXPECT_THAT(Error(" \r\n\r\n"), HasSubstr("kosong"));
  EXPECT_THAT(Error("NIK;Nama\r\n"), HasSubstr("tanpa satu baris pun"));
  EXPECT_THAT(Error("NIK;Nama\r\n;\r\n"), HasSubstr("tanpa satu baris pun"));
  EXPECT_THAT(Error("Selamat pagi,\nberikut surat kami.\n"), HasSubstr("bukan daftar pekerja"));
  // The lines of a file without header are people: they are not repeated in the error.
  EXPECT_THAT(Error(absl::StrCat(kNik1, ";Slamet\n")), Not(HasSubstr("Slamet")));
  EXPECT_THAT(Error(absl::StrCat(kNik1, ";Slamet;Usaha\n")), Not(HasSubstr("Slamet")));
}

TEST(ListTest, SaysHowToSaveOtherFormatsAsCsv) {
  for (const std::string_view bytes :
       {std::string_view("PK\x03\x04zip"), std::string_view("\xD0\xCF\x11\xE0xls"),
        std::string_view("%PDF-1.4"), std::string_view("{\\rtf1"),
        std::string_view("\xFF\xFEN\0I\0K\0", 8), std::string_view("N\0I\0K\0", 6),
        std::string_view("\r\n<html><table>"), std::string_view("\x1F\x8B\x08"),
        std::string_view("NIK,Nama\n1,\x81\n")}) {
    EXPECT_THAT(Error(bytes), HasSubstr("CSV UTF-8")) << bytes;
  }
}

TEST(ListTest, NamesWhatItFoundIfAColumnIsMissing) {
  EXPECT_THAT(Error("No;Nama;Alamat\n1;a;b\n"),
              AllOf(HasSubstr("kolom NIK tidak ada"), HasSubstr("No, Nama, Alamat")));
  EXPECT_THAT(Error("No;NIK;Alamat\n1;a;b\n"), HasSubstr("kolom Nama tidak ada"));
  EXPECT_THAT(Error("NIK;No KTP;Nama\n1;1;b\n"), HasSubstr("dua kolom untuk NIK"));
}

TEST(ListTest, RefusesFilesThatWereCut) {
  EXPECT_THAT(Error("NIK;Nama;Alamat\n1;a;b\n2;c"), HasSubstr("terpotong: baris terakhir (3)"));
  EXPECT_THAT(Error("NIK;Nama;Alamat\n1;a;b\n2;c;\"Jl. "), HasSubstr("pada baris 3"));
  EXPECT_THAT(Error("NIK;Nama\n1;Renée\n2;Ren\xC3"), HasSubstr("terpotong"));
  EXPECT_THAT(Error(std::string_view("NIK;Nama\n1;a\n\0\0\0\0", 17)), HasSubstr("NUL"));
}

TEST(ListTest, RefusesCellsThatWouldSlide) {
  EXPECT_THAT(Error("NIK,Nama,Alamat\n1,a,Jl. B, RT 2\n"), HasSubstr("baris 2 berisi 4 kolom"));
  EXPECT_THAT(Error("NIK,Nama\n1,\"a\" b\n"), HasSubstr("baris 2"));
}

TEST(ListTest, HasLimits) {
  ListLimits limits;
  limits.rows = 2;
  EXPECT_EQ(Error("NIK;Nama\n1;a\n2;b\n", limits), "");
  EXPECT_THAT(Error("NIK;Nama\n1;a\n2;b\n3;c\n", limits), HasSubstr("lebih dari 2 baris"));
  limits.bytes = 10;
  EXPECT_THAT(Error("NIK;Nama\n1;a\n", limits), HasSubstr("lebih besar"));
}

TEST(ListTest, ReadsFilesAndSaysWhyNot) {
  const std::string dir = ::testing::TempDir();
  const std::string path = dir + "/cli_list_test.csv";
  std::ofstream(path, std::ios::binary) << "abc";
  EXPECT_EQ(*ReadFileBytes(path, 3), "abc");
  EXPECT_THAT(ReadFileBytes(path, 2).status().message(), HasSubstr("lebih besar"));
  EXPECT_THAT(ReadFileBytes(dir, 9).status().message(), HasSubstr("folder"));
  std::filesystem::remove(path);
  EXPECT_THAT(ReadFileBytes(path, 9).status().message(), HasSubstr("tidak ada"));
}

TEST(RejectsTest, HasTheSameColumnsPlusReasonAndMend) {
  const absl::StatusOr<List> list = ReadList(
      "No;NIK;Nama;Catatan\r\n1;3372041203710002;a;x\r\n2;3.37E+15;\"b;c\";\"d\r\ne\"\r\n");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(
      RejectsFile(*list, {{0, "NIK ganda.", "Hapus."}, {1, "Angka hilang.", "Ketik \"NIK\"."}}),
      "\xEF\xBB\xBFNo;NIK;Nama;Catatan;alasan;cara memperbaiki\r\n"
      "1;'3372041203710002;a;x;NIK ganda.;Hapus.\r\n"
      "2;3.37E+15;\"b;c\";\"d\r\ne\";Angka hilang.;\"Ketik \"\"NIK\"\".\"\r\n");
}

TEST(RejectsTest, SentAgainItDoesNotPileUpItsOwnColumns) {
  const absl::StatusOr<List> first = ReadList("NIK;Nama\r\n1;a\r\n2;b\r\n");
  ASSERT_TRUE(first.ok());
  const absl::StatusOr<List> second = ReadList(RejectsFile(*first, {{1, "lama", "lama"}}));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(RejectsFile(*second, {{0, "baru", "begini"}}),
            "\xEF\xBB\xBFNIK;Nama;alasan;cara memperbaiki\r\n2;b;baru;begini\r\n");
}

// Any rows, written in any dialect, are read back the same.
TEST(ListPropertyTest, RoundTrip) {
  const auto cell = rc::gen::mapcat(rc::gen::inRange(0, 9), [](int size) {
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                            size, rc::gen::elementOf(std::vector<std::string>{
                                      "a", "Z", "0", " ", ",", ";", "\t", "\"", "\n", "\r\n", "'",
                                      ".", "é", "’", "-"})),
                        [](const std::vector<std::string>& parts) {
                          std::string text;
                          for (const std::string& part : parts) text += part;
                          return text;
                        });
  });
  EXPECT_TRUE(rc::check("any dialect", [&] {
    const int extra = *rc::gen::inRange(0, 4);
    const auto row =
        rc::gen::container<std::vector<std::string>>(static_cast<size_t>(extra) + 2, cell);
    std::vector<std::vector<std::string>> rows =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(row));
    for (size_t i = 0; i < rows.size(); ++i) rows[i][0] = absl::StrCat("nik ", i);  // never blank
    const char delimiter = *rc::gen::element(',', ';', '\t');
    const std::string line_end = *rc::gen::elementOf(std::vector<std::string>{"\n", "\r\n", "\r"});
    const Encoding encoding =
        *rc::gen::element(Encoding::kUtf8, Encoding::kUtf8WithBom, Encoding::kWindows1252);
    const int titles = *rc::gen::inRange(0, 11);

    std::string text;
    for (int i = 0; i < titles; ++i) absl::StrAppend(&text, "Judul ", i, line_end);
    const auto append = [&](const std::vector<std::string>& cells) {
      for (size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += delimiter;
        text += CsvCell(cells[i], delimiter);
      }
      text += line_end;
    };
    std::vector<std::string> header = {"NIK", "Nama"};
    for (int i = 0; i < extra; ++i) header.push_back(absl::StrCat("Lain ", i));
    append(header);
    for (const auto& cells : rows) append(cells);
    if (*rc::gen::arbitrary<bool>()) text.resize(text.size() - line_end.size());

    const absl::StatusOr<List> list = ReadList(Encode(text, encoding));
    RC_ASSERT(list.ok());
    RC_ASSERT(list->header == header);
    RC_ASSERT(list->rows.size() == rows.size());
    std::set<int> lines;
    for (size_t i = 0; i < rows.size(); ++i) {
      RC_ASSERT(list->rows[i].cells == rows[i]);
      lines.insert(list->rows[i].line_number);
    }
    RC_ASSERT(lines.size() == rows.size());
    RC_ASSERT(*lines.begin() == titles + 2);
  }));
}

// Whatever the bytes are, there is a list or an error: no crash, nothing by halves.
TEST(ListPropertyTest, AnyBytes) {
  EXPECT_TRUE(rc::check("any bytes", [] {
    const auto junk = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const absl::StatusOr<List> list = ReadList("NIK;Nama\n1;a\n" + junk);
    if (list.ok()) {
      for (const ListRow& row : list->rows) RC_ASSERT(row.cells.size() == list->header.size());
    } else {
      RC_ASSERT(list.status().code() == absl::StatusCode::kInvalidArgument);
    }
  }));
}

// A cut anywhere is noticed, or leaves whole rows only.
TEST(ListPropertyTest, CutFile) {
  EXPECT_TRUE(rc::check("cut", [] {
    const std::string text =
        "NIK;Nama;Alamat;No HP\r\n1;a;\"Jl. A\r\nRT 1\";7\r\n2;b;c;8\r\n3;d;e;9\r\n";
    const int cut = *rc::gen::inRange<int>(0, static_cast<int>(text.size()));
    const absl::StatusOr<List> whole = ReadList(text);
    const absl::StatusOr<List> list = ReadList(text.substr(0, cut));
    RC_ASSERT(whole.ok());
    if (!list.ok()) return;
    for (size_t i = 0; i < list->rows.size(); ++i) {
      RC_ASSERT(list->rows[i].cells.size() == 4u);
      if (i + 1 < list->rows.size()) RC_ASSERT(list->rows[i].cells == whole->rows[i].cells);
    }
  }));
}

TEST(EncodingTest, CountsCharacters) {
  EXPECT_EQ(CharacterCount("Renée"), 5u);
  EXPECT_EQ(CharacterCount("••••"), 4u);
  EXPECT_EQ(ValidUtf8Prefix("ab\xC3"), 2u);
  EXPECT_EQ(ValidUtf8Prefix("\xED\xA0\x80"), 0u);  // a surrogate is no character
  EXPECT_EQ(ValidUtf8Prefix("\xC0\x80"), 0u);      // nor is a long way to write NUL
}

}  // namespace
}  // namespace lingkaran::cli
