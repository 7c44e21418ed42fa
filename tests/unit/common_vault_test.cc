#include "common/crypto/personal_data_vault.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

std::string KeyText(char fill) { return absl::Base64Escape(std::string(32, fill)); }

std::string KeyFile(const std::string& active, const std::string& sealing,
                    const std::string& hash) {
  return absl::StrCat("{\"active\": \"", active, "\", \"sealing\": {", sealing,
                      "}, \"nik_hash\": \"", hash, "\"}");
}

std::unique_ptr<PersonalDataVault> SealerOf(const std::string& text) {
  absl::StatusOr<std::unique_ptr<PersonalDataVault>> sealer = PersonalDataVault::FromText(text);
  EXPECT_TRUE(sealer.ok()) << sealer.status();
  return *std::move(sealer);
}

const PersonalDataVault& One() {
  static const PersonalDataVault* const sealer =
      SealerOf(PersonalDataVault::NewKeyFile()).release();
  return *sealer;
}

TEST(PersonalDataVault, RoundTrip) {
  EXPECT_TRUE(
      rc::check("any text in any place", [](const std::string& context, const std::string& plain) {
        const std::string sealed = One().Seal(context, plain);
        RC_ASSERT(*One().Open(context, sealed) == plain);
      }));
  for (const size_t size : {0, 1, 15, 16, 17, 300, 100'000}) {
    const std::string plain(size, 'x');
    EXPECT_EQ(*One().Open("c", One().Seal("c", plain)), plain) << size;
  }
}

TEST(PersonalDataVault, ValueNamesItsKeyAndHidesItsText) {
  const std::string plain = "3372015505800001 Siti Aminah";
  const std::string sealed = One().Seal("workers.personal/17", plain);
  EXPECT_TRUE(absl::StartsWith(sealed, "k1.")) << sealed;
  const std::string bytes = *FromBase64Url(sealed.substr(3));
  EXPECT_EQ(bytes.size(), 12 + plain.size() + 16);
  EXPECT_EQ(bytes.find("Siti"), std::string::npos);
}

TEST(PersonalDataVault, AnyChangeIsFound) {
  EXPECT_TRUE(rc::check("a changed byte of the text", [](const std::string& plain) {
    std::string sealed = One().Seal("workers.personal/17", plain);
    const size_t at = *rc::gen::inRange<size_t>(0, sealed.size());
    sealed[at] = static_cast<char>(sealed[at] ^ *rc::gen::inRange(1, 256));
    RC_ASSERT(One().Open("workers.personal/17", sealed).status().code() ==
              absl::StatusCode::kDataLoss);
  }));
  EXPECT_TRUE(rc::check("a flipped bit of nonce, ciphertext or tag", [](const std::string& plain) {
    const std::string sealed = One().Seal("c", plain);
    std::string bytes = *FromBase64Url(sealed.substr(3));
    const size_t bit = *rc::gen::inRange<size_t>(0, bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    RC_ASSERT(!One().Open("c", "k1." + Base64Url(bytes)).ok());
  }));
  EXPECT_TRUE(rc::check("a cut or longer value", [](const std::string& plain) {
    const std::string sealed = One().Seal("c", plain);
    RC_ASSERT(!One().Open("c", sealed.substr(0, *rc::gen::inRange<size_t>(0, sealed.size()))).ok());
    RC_ASSERT(!One().Open("c", sealed + "A").ok());
    RC_ASSERT(!One().Open("c", sealed + "AAAA").ok());
  }));
  EXPECT_TRUE(rc::check("any text at all", [](const std::string& text) {
    RC_ASSERT(One().Open("c", text).status().code() == absl::StatusCode::kDataLoss);
    RC_ASSERT(!One().Open("c", "k1." + Base64Url(text)).ok());
  }));
}

TEST(PersonalDataVault, OpensOnlyWhereItWasSealed) {
  EXPECT_TRUE(rc::check("another place", [](const std::string& here, const std::string& there) {
    RC_PRE(here != there);
    RC_ASSERT(One().Open(there, One().Seal(here, "x")).status().code() ==
              absl::StatusCode::kDataLoss);
  }));
  EXPECT_FALSE(One().Open("workers.personal/1", One().Seal("workers.personal/17", "x")).ok());
}

TEST(PersonalDataVault, OtherKeysOpenNothing) {
  const auto other = SealerOf(PersonalDataVault::NewKeyFile());
  EXPECT_EQ(other->Open("c", One().Seal("c", "x")).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(other->HashNik("3372015505800001"), One().HashNik("3372015505800001"));
}

TEST(PersonalDataVault, EqualTextsLookDifferentAndNoNonceComesTwice) {
  std::vector<std::vector<std::string>> of_threads(4);
  OnThreads(4, [&](int thread) {
    for (int i = 0; i < 1'500; ++i) {
      // 12 bytes are exactly the first 16 characters after the key's name.
      of_threads[thread].push_back(One().Seal("c", "same").substr(3, 16));
    }
  });
  std::set<std::string> nonces;
  for (const auto& mine : of_threads) nonces.insert(mine.begin(), mine.end());
  EXPECT_EQ(nonces.size(), 6'000U);
}

TEST(PersonalDataVault, OldKeysStillOpen) {
  const std::string old_keys = absl::StrCat("\"k1\": \"", KeyText('a'), "\"");
  const std::string both = absl::StrCat(old_keys, ", \"k2\": \"", KeyText('b'), "\"");
  const auto before = SealerOf(KeyFile("k1", old_keys, KeyText('h')));
  const auto after = SealerOf(KeyFile("k2", both, KeyText('h')));
  const std::string sealed = before->Seal("c", "x");
  EXPECT_EQ(*after->Open("c", sealed), "x");
  const std::string renewed = after->Seal("c", "x");
  EXPECT_TRUE(absl::StartsWith(renewed, "k2."));
  EXPECT_EQ(*after->Open("c", renewed), "x");
  EXPECT_EQ(before->Open("c", renewed).status().code(), absl::StatusCode::kDataLoss);
  // The key's name is part of what must not change: k1's value is none of k2's.
  EXPECT_FALSE(after->Open("c", "k2" + sealed.substr(2)).ok());
  EXPECT_EQ(before->HashNik("3372015505800001"), after->HashNik("3372015505800001"));
}

TEST(PersonalDataVault, ManySealersInOneThread) {
  std::vector<std::unique_ptr<PersonalDataVault>> sealers;
  std::vector<std::string> values;
  for (int i = 0; i < 20; ++i) {
    sealers.push_back(SealerOf(PersonalDataVault::NewKeyFile()));
    values.push_back(sealers.back()->Seal("c", absl::StrCat(i)));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(*sealers[i]->Open("c", values[i]), absl::StrCat(i));
      EXPECT_FALSE(sealers[i]->Open("c", values[(i + 1) % 20]).ok());
      EXPECT_EQ(sealers[i]->HashNik("1"), sealers[i]->HashNik("1"));
    }
  }
}

TEST(PersonalDataVault, ThreadsDoNotDisturbEachOther) {
  const NikHash expected = One().HashNik("3372015505800001");
  OnThreads(4, [&](int t) {
    for (int i = 0; i < 500; ++i) {
      const std::string context = absl::StrCat("workers.personal/", t, "/", i);
      EXPECT_EQ(*One().Open(context, One().Seal(context, context)), context);
      EXPECT_EQ(One().HashNik("3372015505800001"), expected);
    }
  });
}

TEST(SealerHash, IsHmacSha256CutTo16Bytes) {
  // RFC 4231 has no key of 32 bytes; this value is from `openssl dgst -sha256 -mac HMAC`.
  const auto sealer =
      SealerOf(KeyFile("k1", absl::StrCat("\"k1\": \"", KeyText('a'), "\""), KeyText('h')));
  EXPECT_EQ(absl::BytesToHexString(*FromBase64Url(HashText(sealer->HashNik("3372015505800001")))),
            "98ebe6434b0a1c0e6501d191bf25b448");
}

TEST(SealerHash, IsStableAndApartByPurpose) {
  EXPECT_TRUE(
      rc::check("equal if and only if equal", [](const std::string& a, const std::string& b) {
        RC_ASSERT((One().HashNik(a) == One().HashNik(b)) == (a == b));
        RC_ASSERT((One().HashContent("p", a) == One().HashContent("p", b)) == (a == b));
        RC_ASSERT(One().HashContent("p", a) == One().HashContent("p", a));
        RC_ASSERT(One().HashContent("p", a) != One().HashContent("q", a));
      }));
  EXPECT_TRUE(rc::check("purpose and text do not run together",
                        [](const std::string& purpose, const std::string& text) {
                          RC_PRE(!text.empty());
                          RC_ASSERT(One().HashContent(purpose, text) !=
                                    One().HashContent(purpose + text[0], text.substr(1)));
                        }));
  const std::string nik = "3372015505800001";
  EXPECT_NE(One().HashContent("", nik), One().HashNik(nik));
  EXPECT_NE(One().HashContent(nik, ""), One().HashNik(nik));
  EXPECT_NE(One().HashContent("batch_rows.content", nik), One().HashNik(nik));
}

TEST(KeyFiles, NewOnesDiffer) {
  EXPECT_NE(PersonalDataVault::NewKeyFile(), PersonalDataVault::NewKeyFile());
  EXPECT_TRUE(PersonalDataVault::FromText(PersonalDataVault::NewKeyFile()).ok());
}

TEST(KeyFiles, FaultsAreNamedAndKeysAreNot) {
  const std::string key = KeyText('a');
  const std::string entry = absl::StrCat("\"k1\": \"", key, "\"");
  const std::string hash = KeyText('h');
  const struct {
    std::string text;
    const char* says;
  } kCases[] = {
      {"", "JSON"},
      {"[]", "JSON"},
      {"{\"active\": \"k1\", " + key, "JSON"},
      {"{}", "nik_hash"},
      {KeyFile("k2", entry, hash), "active"},
      {KeyFile("", entry, hash), "active"},
      {KeyFile("k1", "", hash), "active"},
      {KeyFile("k1", entry, ""), "nik_hash"},
      {KeyFile("k1", entry, "AAAA"), "nik_hash"},
      {KeyFile("k1", entry, key), "nik_hash"},
      {KeyFile("k1", "\"k1\": \"" + key.substr(4) + "\"", hash), "sealing"},
      {KeyFile("k1", "\"k1\": 7", hash), "sealing"},
      {KeyFile("k.1", "\"k.1\": \"" + key + "\"", hash), "sealing"},
      {KeyFile(key, "\"" + key + "\": \"k1\"", hash), "sealing"},
      {absl::StrCat("{\"extra\": 1, \"active\": \"k1\", \"sealing\": {", entry,
                    "}, \"nik_hash\": \"", hash, "\"}"),
       "else"},
  };
  for (const auto& test : kCases) {
    const absl::Status status = PersonalDataVault::FromText(test.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_TRUE(absl::StrContains(status.message(), test.says)) << status << " " << test.text;
    EXPECT_FALSE(absl::StrContains(status.message(), key.substr(0, 8))) << status;
  }
}

TEST(KeyFiles, MustBeTheOwnersAlone) {
  const std::string path = ::testing::TempDir() + "lingkaran_keys.json";
  std::ofstream(path, std::ios::trunc) << PersonalDataVault::NewKeyFile();
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(PersonalDataVault::FromFile(path).ok());
  for (const mode_t mode : {0640, 0604, 0644, 0610, 0602}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const absl::Status status = PersonalDataVault::FromFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mode;
    EXPECT_TRUE(absl::StrContains(status.message(), "chmod 600")) << status;
  }
  std::remove(path.c_str());
  EXPECT_EQ(PersonalDataVault::FromFile(path).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PersonalDataVault::FromFile(::testing::TempDir()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Base64Url, OneTextForOneValue) {
  EXPECT_EQ(Base64Url(""), "");
  EXPECT_EQ(Base64Url("\xFB\xFF"), "-_8");
  EXPECT_EQ(Base64Url("\xFB\xEF\xBE"), "----");
  EXPECT_EQ(Base64Url(std::string("\0\x10\x83\x10\x51\x87\x20", 7)), "ABCDEFGHIA");
  EXPECT_EQ(Base64Url(std::string(16, '\xFF')), "_____________________w");
  EXPECT_TRUE(rc::check("round trip", [](const std::string& bytes) {
    RC_ASSERT(*FromBase64Url(Base64Url(bytes)) == bytes);
  }));
  EXPECT_TRUE(rc::check("what is accepted is what would be written", [] {
    const std::string text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ABCDwxyz0189-_+/= ")));
    const absl::StatusOr<std::string> bytes = FromBase64Url(text);
    RC_ASSERT((!bytes.ok() || Base64Url(*bytes) == text));
  }));
  for (const char* text :
       {"A", "AB=", "AA==", "AA..", "A A", "AB", "AAB", "+/8", "AAA\n", " AAA", "AAAAA"}) {
    EXPECT_FALSE(FromBase64Url(text).ok()) << text;
  }
}

TEST(HashText, IsTwentyTwoCharacters) {
  const NikHash hash = One().HashNik("3372015505800001");
  EXPECT_EQ(HashText(hash).size(), 22U);
  EXPECT_EQ(*HashFromText(HashText(hash)), hash);
  EXPECT_FALSE(HashFromText("").ok());
  EXPECT_FALSE(HashFromText(HashText(hash) + "AA").ok());
  EXPECT_FALSE(HashFromText(HashText(hash).substr(1)).ok());
}

}  // namespace
}  // namespace lingkaran
