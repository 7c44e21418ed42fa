// Command lines without the services' answers: options, usage errors, help, exit codes, key files.
#include "services/cli/commands/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "common/base/build_info.h"
#include "common/base/error.h"
#include "services/cli/session/connection.h"
#include "services/cli/session/person.h"
#include "tests/support/probe.h"

namespace lingkaran::cli {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Runs a command line without any service.
struct Ran {
  int code;
  std::string out, err;
};
Ran RunCli(std::vector<const char*> args) {
  args.insert(args.begin(), "lingkaran");
  std::ostringstream out, err;
  const int code = RunCommandLine(static_cast<int>(args.size()), args.data(), out, err);
  return {code, out.str(), err.str()};
}

TEST(CommandTest, AKeyOfAFileIsANikAnIdOrANumber) {
  EXPECT_EQ(PersonOfKey("3372010101700001").nik(), "3372010101700001");
  EXPECT_EQ(PersonOfKey("33.72.01 010170-0001").nik(), "33.72.01 010170-0001");
  EXPECT_EQ(PersonOfKey("worker:17").worker_id(), 17);
  EXPECT_EQ(PersonOfKey("19000000017").membership_number(), "19000000017");
  EXPECT_EQ(PersonOfKey("BPJS-3372010101700001").membership_number(), "BPJS-3372010101700001");
  // Written wrongly, it is for the service to refuse: nobody is told "no" for a lost digit.
  for (const std::string nik : {"337201010170000", "33720101017000011"}) {
    EXPECT_EQ(PersonOfKey(nik).nik(), nik);
  }
  for (const std::string id : {"worker:", "worker:x", "worker:99999999999999999999"}) {
    EXPECT_TRUE(PersonOfKey(id).has_worker_id()) << id;
    EXPECT_EQ(PersonOfKey(id).worker_id(), 0) << id;
  }
}

// The names that a --help lists under "Subcommands:".
std::vector<std::string> NamesBelow(const std::string& help) {
  std::vector<std::string> names;
  const size_t start = help.find("Subcommands:\n");
  if (start == std::string::npos) return names;
  const std::vector<std::string> lines = absl::StrSplit(help.substr(start), '\n');
  for (size_t i = 1; !lines[i].empty(); ++i) {
    names.push_back(lines[i].substr(2, lines[i].find(' ', 2) - 2));
  }
  return names;
}

TEST(CommandTest, HelpHasAnExampleEverywhere) {
  const std::string help = RunCli({"--help"}).out;
  EXPECT_THAT(help, AllOf(HasSubstr("Exit codes"), HasSubstr("Example")));
  std::vector<std::string> verbs;
  for (const std::string& noun : NamesBelow(help)) {
    const std::string example = "Example:\n  lingkaran " + noun;
    const Ran all = RunCli({noun.c_str(), "--help"});
    EXPECT_THAT(all.out, HasSubstr(example));
    std::string& line = verbs.emplace_back(noun);
    for (const std::string& verb : NamesBelow(all.out)) {
      const Ran one = RunCli({noun.c_str(), verb.c_str(), "--help"});
      EXPECT_EQ(one.code, 0) << noun << ' ' << verb;
      EXPECT_THAT(one.out, HasSubstr(example));
      line += " " + verb;
    }
  }
  EXPECT_THAT(
      verbs,
      ElementsAre("agency create list", "batch submit review show rows",
                  "worker find show list death withdraw correct card", "sponsor create show list",
                  "pledge quote create show list cancel replace refund plan statement",
                  "payment record", "allocation start watch show",
                  "cover list expiring statistics watch", "check batch explain", "benefit estimate",
                  "report sponsor", "contribution pay", "rules list reload", "keys new",
                  "reconcile", "outbox list retry"));
}

TEST(CommandTest, TellsItsVersion) {
  const Ran version = RunCli({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, VersionLine("lingkaran") + "\n");
}

TEST(CommandTest, OlderSpellingsWorkAndAreNotShown) {
  const Ran help = RunCli({"--help"});
  EXPECT_THAT(help.out, AllOf(HasSubstr("outbox"), HasSubstr("reconcile")));
  EXPECT_THAT(help.out, Not(AnyOf(HasSubstr("owed"), HasSubstr("audit"))));
  const std::vector<std::vector<const char*>> pairs[] = {
      {{"outbox", "list", "--key", "x"}, {"owed", "list", "--key", "x"}},
      {{"outbox", "retry", "--service", "registry", "--reason", "x"},
       {"owed", "retry", "--service", "registry", "--reason", "x"}},
      {{"reconcile", "--wait", "0"}, {"audit", "books", "--wait", "0"}},
      {{"reconcile", "--wait", "-1"}, {"audit", "books", "--wait", "-1"}},
  };
  // Without a service both get as far as the same error.
  for (const auto& both : pairs) {
    const Ran now = RunCli(both[0]);
    const Ran before = RunCli(both[1]);
    EXPECT_EQ(now.code, kBadInput) << both[1][0];
    EXPECT_EQ(before.code, kBadInput) << both[1][0];
    EXPECT_EQ(now.err.substr(0, now.err.find("\nLihat")),
              before.err.substr(0, before.err.find("\nLihat")));
  }
}

// Values as they were read; how they are written follows from the field.
TEST(FieldOptionTest, FillsEveryKindOfField) {
  sponsorship::v1::PayContributionRequest payment;
  registry::v1::ReviewBatchRequest review;
  sponsorship::v1::CreatePledgeRequest pledge;
  payment.add_programmes(common::v1::PROGRAMME_JKK);
  Commands commands("", "", "");
  commands.Options({{"--payer", FieldOf{&payment, "payer_class"}, ""},
                    {"--programme", FieldOf{&payment, "programmes"}, ""},
                    {"--month", FieldOf{&payment, "first_month"}, ""},
                    {"--amount", FieldOf{&payment, "amount_rupiah"}, ""},
                    {"--sponsor", FieldOf{&payment, "sponsor_id"}, ""},
                    {"--worker", FieldOf{&payment, "worker_ids"}, "", kRepeatable},
                    {"--working", FieldOf{&review, "evidence.working_attested"}, ""},
                    {"--on", FieldOf{&review, "evidence.attested_day"}, ""},
                    {"--seats", FieldOf{&pledge, "seats"}, ""},
                    {"--region", FieldOf{&pledge, "criteria.region_code"}, ""}});
  commands.AddNoun("go", "").AddVerb("", "", "go", nullptr);
  std::ostringstream out, err;
  const auto parse = [&](const std::string& options) {
    std::vector<std::string> words = absl::StrSplit("lingkaran go " + options, ' ');
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return commands.Parse(static_cast<int>(argv.size()), argv.data(), out, err);
  };
  EXPECT_EQ(
      parse("--payer village --programme jht,jkm --month 2020-02 --amount Rp16.800 "
            "--sponsor 5000000000 --worker 7 --worker 9 --working --on 07/11/2019 --seats 12"),
      std::nullopt)
      << err.str();
  EXPECT_EQ(payment.payer_class(), common::v1::PAYER_CLASS_VILLAGE);
  EXPECT_THAT(payment.programmes(),
              ElementsAre(common::v1::PROGRAMME_JHT, common::v1::PROGRAMME_JKM));
  EXPECT_EQ(payment.first_month(), 202002);
  EXPECT_EQ(payment.amount_rupiah(), 16'800);
  EXPECT_EQ(payment.sponsor_id(), 5'000'000'000);
  EXPECT_THAT(payment.worker_ids(), ElementsAre(7, 9));
  EXPECT_TRUE(review.evidence().working_attested());
  EXPECT_EQ(review.evidence().attested_day(), 20191107);
  EXPECT_EQ(pledge.seats(), 12);
  EXPECT_FALSE(pledge.has_criteria());  // nothing of it was given
  for (const char* wrong : {"--seats 5000000000", "--month 13/2020", "--payer nobody",
                            "--programme jkk,xyz", "--amount much", "--sponsor one"}) {
    EXPECT_EQ(parse(wrong), kBadInput) << wrong;
  }
}

TEST(CommandTest, UsageErrorsAreIndonesianAndSayWhereToLook) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{}, "perintahnya belum lengkap."},
      {{"fly"}, "perintah \"fly\" tidak dikenal."},
      {{"pledge"}, "perintahnya belum lengkap."},
      {{"pledge", "fly"}, "perintah \"fly\" tidak dikenal."},
      {{"pledge", "create", "--sponsor", "1"}, "belum diisi."},
      {{"pledge", "create", "--sponsor", "1"}, "lingkaran pledge create --help"},
      {{"pledge", "show", "1", "--fast"}, "tidak dikenal: --fast."},
      {{"pledge", "show", "satu"}, "bukan angka: "},
      {{"pledge", "list", "--sponsor"}, "--sponsor memerlukan nilai."},
      {{"check", "--worker", "-3"}, "\"-3\" bukan angka di atas 0"},
      {{"check", "--worker", "1", "--day", "besok"}, "\"besok\" bukan tanggal"},
      {{"check", "--worker", "1", "--day", "30 Februari 2020"}, "7 November 2019"},
      {{"check", "--worker", "1", "--programme", "abc"}, "pilih dari jkk,jkm,jht"},
      {{"check", "--worker", "1", "--nik", "2"}, "sebutkan satu orang"},
      {{"payment", "record", "--code", "1", "--reference", "x", "--amount", "banyak"},
       "Rp50.400.000"},
      {{"agency", "create", "--kind", "shop"}, "\"shop\" tidak dikenal; pilih social-agency"},
      {{"agency", "list"}, "LINGKARAN_REGISTRY"},
  };
  for (const auto& [args, expected] : cases) {
    const Ran ran = RunCli(args);
    EXPECT_EQ(ran.code, kBadInput) << expected;
    EXPECT_THAT(ran.err, HasSubstr(expected));
  }
}

TEST(CommandTest, UnreachableServiceIsToldApart) {
  const Ran gone = RunCli({"--coverage", "127.0.0.1:1", "--timeout", "20.5", "rules", "list"});
  EXPECT_EQ(gone.code, kUnreachable);
  EXPECT_THAT(gone.err, HasSubstr("coverage di 127.0.0.1:1 tidak menjawab"));
  const Ran mutation =
      RunCli({"--registry", "127.0.0.1:1", "--timeout", "20.5", "--request-id", "abc", "agency",
              "create", "--name", "x", "--kind", "branch", "--region", "33"});
  EXPECT_EQ(mutation.code, kUnreachable);
  EXPECT_THAT(mutation.err, HasSubstr("belum terlaksana"));
  EXPECT_THAT(mutation.err, HasSubstr("--request-id abc"));
}

TEST(CommandTest, AnOutcomeThatIsNotKnownIsToldWithTheIdToAskAgain) {
  Probe probe;
  probe.on_create = [](const Call&, const rv1::CreateAgencyRequest&, rv1::CreateAgencyResponse*) {
    return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable, "lost at the commit");
  };
  Server::Options options;
  options.listen = "127.0.0.1:0";
  const std::unique_ptr<Server> server = Server::Start(options, {&probe}).value();
  const Ran open = RunCli({"--registry", server->address().c_str(), "--actor", "sari;role=officer",
                           "--request-id", "abc", "agency", "create", "--name", "x", "--kind",
                           "branch", "--region", "33"});
  EXPECT_EQ(open.code, kUnreachable);
  EXPECT_THAT(open.err, HasSubstr("Hasilnya belum pasti"));
  EXPECT_THAT(open.err, HasSubstr("--request-id abc"));
}

TEST(CommandTest, ListFileErrorsComeBeforeAnyCall) {
  const std::string path = ::testing::TempDir() + "/cli_output_test.csv";
  std::ofstream(path) << "NIK;Nama\n1;a\n2;b\n";
  // No service listens there: had anything been sent, the exit code would be 3.
  const std::vector<const char*> base = {"--registry", "127.0.0.1:1", "--timeout", "0.2",
                                         "batch",      "submit",      path.c_str()};
  const auto with = [&](std::vector<const char*> more) {
    std::vector<const char*> args = base;
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  };
  EXPECT_THAT(with({"--agency", "1", "--declared", "3"}).err, HasSubstr("menyatakan 3 orang"));
  EXPECT_EQ(with({"--agency", "1", "--declared", "3"}).code, kBadInput);
  EXPECT_EQ(with({"--agency", "1", "--rejects", path.c_str()}).code, kBadInput);
  EXPECT_EQ(with({}).code, kBadInput);
  EXPECT_EQ(with({"--agency", "1"}).code, kUnreachable);
  std::filesystem::remove(path);
  EXPECT_EQ(with({"--agency", "1"}).code, kBadInput);
}

TEST(KeysTest, NewKeyFileIsPrivateAndNeverOverwritten) {
  const std::string path = ::testing::TempDir() + "/cli_output_test.keys";
  std::filesystem::remove(path);
  EXPECT_EQ(RunCli({"keys", "new", path.c_str()}).code, kYes);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::stringstream before;
  before << std::ifstream(path).rdbuf();
  EXPECT_THAT(before.str(), HasSubstr("\"nik_hash\""));
  const Ran again = RunCli({"keys", "new", path.c_str()});
  EXPECT_EQ(again.code, kRefused);
  EXPECT_THAT(again.err, HasSubstr("tidak ditimpa"));
  std::stringstream after;
  after << std::ifstream(path).rdbuf();
  EXPECT_EQ(before.str(), after.str());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lingkaran::cli
