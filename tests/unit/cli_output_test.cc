// What people and scripts read: tables, amounts, days, fields, progress, exit codes.
#include "services/cli/render/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/field_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/pledge_text.h"
#include "services/cli/render/progress.h"
#include "services/cli/session/command.h"
#include "tests/support/probe.h"

namespace lingkaran::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TextTest, NumbersMoneyAndDays) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1160), "1.160");
  EXPECT_EQ(CountText(-1234567), "-1.234.567");
  EXPECT_EQ(MoneyText(50'400'000), "Rp50.400.000");
  EXPECT_EQ(DayText(20191107), "7 November 2019");
  EXPECT_EQ(DayText(0), "-");
  EXPECT_EQ(MonthText(202002), "Februari 2020");
  EXPECT_EQ(PercentText(4205), "42,05%");
  google::protobuf::Timestamp time;
  EXPECT_EQ(TimeText(time), "-");
  time.set_seconds(1573088700);  // 2019-11-07T01:05:00Z
  EXPECT_EQ(TimeText(time), "7 November 2019 08.05 WIB");
}

TEST(TextTest, MonthsAsPeopleWriteThem) {
  EXPECT_EQ(*ParseMonth("Februari 2020"), 202002);
  EXPECT_EQ(*ParseMonth("02/2020"), 202002);
  EXPECT_EQ(*ParseMonth("2020-02"), 202002);
  EXPECT_FALSE(ParseMonth("2020").ok());
  EXPECT_FALSE(ParseMonth("13/2020").ok());
}

TEST(TableTest, AlignsByCharactersNotBytes) {
  Table table({"Nama", ">Jumlah", "Ket"});
  table.Row({"Renée", "Rp1.000", "a"});
  table.Row({"Sri Lestari", "Rp50.400.000"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "Nama               Jumlah  Ket\n"
            "-----------  ------------  ---\n"
            "Renée             Rp1.000  a\n"
            "Sri Lestari  Rp50.400.000\n");
}

TEST(TableTest, FactsLeaveEmptyValuesOut) {
  std::ostringstream out;
  PrintFacts(out, {{"A", "1"}, {"Panjang sekali", ""}, {"Bcd", "2"}});
  EXPECT_EQ(out.str(), "A    1\nBcd  2\n");
}

sponsorship::v1::PlanContinuationResponse Plan() {
  sponsorship::v1::PlanContinuationResponse plan;
  plan.set_workers(3);
  plan.add_open_worker_ids(7);
  plan.add_open_worker_ids(9);
  for (const int day : {20200131, 20200229}) plan.add_groups()->set_last_day(day);
  return plan;
}

TEST(FieldTest, FollowsPaths) {
  EXPECT_THAT(*FieldValues(Plan(), "workers"), ElementsAre("3"));
  EXPECT_THAT(*FieldValues(Plan(), "open_worker_ids"), ElementsAre("7", "9"));
  EXPECT_THAT(*FieldValues(Plan(), "open_worker_ids.1"), ElementsAre("9"));
  EXPECT_THAT(*FieldValues(Plan(), "groups.last_day"), ElementsAre("20200131", "20200229"));
  EXPECT_THAT(*FieldValues(Plan(), "groups.0.last_day"), ElementsAre("20200131"));
  EXPECT_THAT(*FieldValues(Plan(), "groups.5.last_day"), IsEmpty());

  sponsorship::v1::GetPledgeResponse pledge;
  EXPECT_THAT(*FieldValues(pledge, "pledge.invoice.payment_code"), IsEmpty());
  pledge.mutable_pledge()->mutable_invoice()->set_payment_code("77");
  pledge.mutable_pledge()->set_state(sponsorship::v1::PLEDGE_STATE_PAID);
  pledge.mutable_pledge()->add_programmes(common::v1::PROGRAMME_JKM);
  EXPECT_THAT(*FieldValues(pledge, "pledge.invoice.payment_code"), ElementsAre("77"));
  EXPECT_THAT(*FieldValues(pledge, "pledge.state"), ElementsAre("PLEDGE_STATE_PAID"));
  EXPECT_THAT(*FieldValues(pledge, "pledge.programmes"), ElementsAre("PROGRAMME_JKM"));
  EXPECT_THAT(FieldValues(pledge, "pledge.invoice")->at(0), HasSubstr("\"payment_code\":\"77\""));
}

TEST(FieldTest, NamesTheFieldsThereAre) {
  EXPECT_THAT(FieldValues(Plan(), "worker").status().message(), HasSubstr("self_paying"));
  EXPECT_EQ(FieldValues(Plan(), "workers.x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldValues(Plan(), "").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ProgressTest, LineTellsRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine("Mengirim", 0, 1160, absl::ZeroDuration()),
            "Mengirim  [------------------------------]    0%  0/1.160");
  EXPECT_EQ(ProgressLine("Mengirim", 580, 1160, absl::Seconds(2)),
            "Mengirim  [###############---------------]   50%  580/1.160  290/dtk  sisa 2 dtk");
  EXPECT_EQ(ProgressLine("Mengirim", 10, 100'000, absl::Seconds(1)),
            "Mengirim  [------------------------------]    0%  10/100.000  10/dtk  sisa 167 mnt");
  EXPECT_EQ(ProgressLine("Mengirim", 5, 5, absl::Seconds(1)),
            "Mengirim  [##############################]  100%  5/5  5/dtk");
}

TEST(ProgressTest, LinesComeOncePerTenth) {
  std::ostringstream out;
  {
    Progress progress(out, "X", 1000, ProgressStyle::kLines);
    for (int i = 1; i <= 1000; ++i) progress.Update(i);
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  std::ostringstream none;
  Progress(none, "X", 10, ProgressStyle::kNone).Update(5);
  EXPECT_EQ(none.str(), "");
}

TEST(EnumTest, NamesAreLowerCaseWithHyphens) {
  const auto* kinds = registry::v1::AgencyKind_descriptor();
  EXPECT_EQ(EnumNames(kinds), "social-agency|village|labour-agency|branch");
  EXPECT_EQ(EnumValue(kinds, "social-agency"), registry::v1::AGENCY_KIND_SOCIAL_AGENCY);
  EXPECT_EQ(EnumValue(kinds, "Branch"), registry::v1::AGENCY_KIND_BRANCH);
  EXPECT_EQ(EnumValue(kinds, "unspecified"), std::nullopt);
  EXPECT_EQ(EnumValue(kinds, "bank"), std::nullopt);
}

// Every value of every contract has a word of its own: none falls back to its number.
template <typename Enum>
void ExpectLabels() {
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 1; i < type->value_count(); ++i) {
    const std::string label = Label(static_cast<Enum>(type->value(i)->number()));
    EXPECT_FALSE(label.empty()) << type->value(i)->name();
    EXPECT_NE(label[0], '?') << type->value(i)->name();
  }
}

TEST(LabelTest, AllValuesHaveWords) {
  ExpectLabels<common::v1::Programme>();
  ExpectLabels<common::v1::PayerClass>();
  ExpectLabels<common::v1::Sector>();
  ExpectLabels<common::v1::Confidence>();
  ExpectLabels<registry::v1::AgencyKind>();
  ExpectLabels<registry::v1::BatchKind>();
  ExpectLabels<registry::v1::BatchState>();
  ExpectLabels<registry::v1::RowStatus>();
  ExpectLabels<registry::v1::FindingCode>();
  ExpectLabels<registry::v1::WorkerState>();
  ExpectLabels<sponsorship::v1::PledgeState>();
  ExpectLabels<sponsorship::v1::AllocationState>();
  ExpectLabels<coverage::v1::Verdict>();
  ExpectLabels<coverage::v1::BenefitLevel>();
  ExpectLabels<coverage::v1::AnswerReason>();
}

TEST(ReasonTest, AllReasonsSayWhatTheyMean) {
#define LINGKARAN_X(id, name, number)                                                  \
  EXPECT_EQ(ReasonText(Reason::id).empty(),                                            \
            Reason::id == Reason::kUnspecified || Reason::id == Reason::kInvalidField) \
      << #name;                                                                        \
  EXPECT_EQ(ReasonText(Reason::id).find("; ") == std::string_view::npos,               \
            ReasonText(Reason::id).empty())                                            \
      << #name << " does not say how to mend it";
  LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
  EXPECT_EQ(ReasonLabel("ALREADY_MEMBER"), "orang itu sudah menjadi peserta");
  EXPECT_EQ(ReasonLabel("FUNDS_EXHAUSTED"), "tidak ada uang yang tersedia");
  EXPECT_EQ(ReasonLabel("FROM_THE_FUTURE"), "FROM_THE_FUTURE");
}

TEST(TextTest, WrapsAtWords) {
  const std::string word(40, 'x');
  EXPECT_EQ(Wrapped("satu  dua", 2), "  satu dua\n");
  EXPECT_EQ(Wrapped(word + " " + word + " " + word, 2, 3),
            "  " + word + " " + word + "\n     " + word + "\n");
  EXPECT_EQ(Wrapped(std::string(200, 'x'), 1), " " + std::string(200, 'x') + "\n");
}

TEST(ExitCodeTest, TellsErrorsApart) {
  using absl::StatusCode;
  const std::pair<StatusCode, ExitCode> cases[] = {
      {StatusCode::kOk, kYes},
      {StatusCode::kInvalidArgument, kBadInput},
      {StatusCode::kUnavailable, kUnreachable},
      {StatusCode::kDeadlineExceeded, kUnreachable},
      {StatusCode::kFailedPrecondition, kRefused},
      {StatusCode::kNotFound, kRefused},
      {StatusCode::kAlreadyExists, kRefused},
      {StatusCode::kPermissionDenied, kRefused},
      {StatusCode::kUnauthenticated, kRefused},
      {StatusCode::kAborted, kRefused},
      {StatusCode::kInternal, kUnknown},
      {StatusCode::kUnknown, kUnknown},
      {StatusCode::kDataLoss, kUnknown},
  };
  for (const auto& [code, expected] : cases) {
    EXPECT_EQ(ExitCodeOf(absl::Status(code, "x")), expected) << absl::StatusCodeToString(code);
  }
}

TEST(ErrorTest, ListsWrongFields) {
  EXPECT_EQ(DescribeError(InvalidField("seats", "must be 1 to 1,000,000")),
            "Masukan keliru: jumlah orang (--seats): tulis 1 sampai 1.000.000");
  FieldErrors errors;
  errors.Require(false, "seats", "missing");
  errors.Require(false, "new_field", "send it");
  EXPECT_EQ(DescribeError(errors.ToStatus()),
            "Masukan keliru: \n  jumlah orang (--seats): tulis 1 sampai 1.000.000"
            "\n  new_field (send it)");
}

TEST(ErrorTest, FieldsAreNamedByTheirOptions) {
  const std::pair<const char*, const char*> cases[] = {
      {"decree_number", "(--decree)"},
      {"person.nik", "(--nik)"},
      {"bank_reference", "(--reference)"},
      {"to_day", "(--to)"},
      {"items[3].person.nik", "(--nik)"},
      {"lines[2].from_month", "(--from-month)"},
      {"lines.worker_id", "(--worker)"},
      {"criteria.sector", "(--only-sector)"},
      {"sector", "(--sector)"},
      {"evidence.attested_by", "(--attested-by)"},
  };
  for (const auto& [path, option] : cases) {
    EXPECT_THAT(FieldText(path).value_or("none"), HasSubstr(option)) << path;
  }
  EXPECT_EQ(FieldText("chunk_number"), std::nullopt);
}

TEST(ErrorTest, SaysWhatHappenedAndHowToMendIt) {
  const absl::Status gone =
      Error(absl::StatusCode::kNotFound, Reason::kPledgeNotFound, "there is no pledge 7");
  EXPECT_EQ(DescribeError(gone),
            "Ditolak: komitmen itu tidak ada; lihat nomornya dengan: pledge list.");
  EXPECT_THAT(DescribeError(gone, true), HasSubstr("[there is no pledge 7]"));
  EXPECT_EQ(ErrorText(Error(absl::StatusCode::kFailedPrecondition, Reason::kMonthsNotPermitted, "x",
                            {{"months", "5"}, {"permitted", "1,3,6,12"}})),
            "jumlah bulan itu tidak boleh dibayar sekaligus; pilih jumlah lain dengan --months. "
            "(yang boleh: 1, 3, 6, 12)");
  EXPECT_THAT(ErrorText(ToProto(Error(absl::StatusCode::kAlreadyExists, Reason::kMonthAlreadyPaid,
                                      "x", {{"programme", "JKK"}, {"month", "202002"}}))),
              HasSubstr("(JKK, Februari 2020)"));
  EXPECT_THAT(ErrorText(Error(absl::StatusCode::kFailedPrecondition, Reason::kNoRuleInForce, "x",
                              {{"day", "20150630"}})),
              HasSubstr("30 Juni 2015"));
  EXPECT_THAT(ErrorText(Error(absl::StatusCode::kInvalidArgument, Reason::kAmountMismatch, "x",
                              {{"price_rupiah", "16800"}})),
              HasSubstr("tarifnya Rp16.800"));
  EXPECT_EQ(DescribeError(absl::NotFoundError("x"), true), "Ditolak: x");
}

TEST(LedgerTest, KindsAndAccountsHaveWords) {
  for (const char* kind :
       {"payment", "reserve", "spend", "release", "revoke", "refund", "cancel"}) {
    EXPECT_NE(LedgerKindText(kind), kind);
  }
  EXPECT_EQ(LedgerKindText("gift"), "gift");
  EXPECT_EQ(LedgerAccountText("bank"), "bank");
  EXPECT_EQ(LedgerAccountText("pledge/1/available"), "komitmen 1: tersedia");
  EXPECT_EQ(LedgerAccountText("sponsor/2/credit"), "donatur 2: simpanan");
  EXPECT_EQ(LedgerAccountText("else/1"), "else/1");
}

TEST(QuoteTest, ShowsFirstAndLastDayAndSettings) {
  coverage::v1::QuoteContributionResponse quote;
  coverage::v1::TermAdvice* advice = quote.mutable_advice();
  advice->set_natural_death_first_day_rupiah(24'000'000);
  advice->set_natural_death_rupiah(42'000'000);
  advice->set_accident_death_first_day_rupiah(70'000'000);
  advice->set_accident_death_rupiah(70'000'000);
  for (const char* setting : {"cover_boundary=CALENDAR_MONTH", "waiting_jkm_months=3", "new=1"}) {
    quote.add_settings(setting);
  }
  std::ostringstream both;
  PrintQuote(both, quote, 1);
  EXPECT_THAT(both.str(), ContainsRegex("meninggal biasa, hari pertama +Rp24.000.000"));
  EXPECT_THAT(both.str(), ContainsRegex("meninggal biasa, hari terakhir +Rp42.000.000"));
  EXPECT_THAT(both.str(), ContainsRegex("karena kecelakaan kerja +Rp70.000.000"));
  EXPECT_THAT(both.str(), HasSubstr("Ketentuan yang dipilih: perlindungan menurut bulan kalender; "
                                    "masa tunggu JKM 3 bulan;"));
  EXPECT_THAT(both.str(), HasSubstr("new=1"));
  advice->set_natural_death_first_day_rupiah(0);
  advice->set_natural_death_rupiah(0);
  std::ostringstream without;
  PrintQuote(without, quote, 1);
  EXPECT_THAT(without.str(), ContainsRegex("meninggal biasa +tidak dibayar dalam program ini"));
}

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

TEST(CommandTest, HelpHasAnExampleEverywhere) {
  EXPECT_THAT(RunCli({"--help"}).out, AllOf(HasSubstr("Exit codes"), HasSubstr("Example")));
  const std::vector<std::vector<const char*>> verbs = {
      {"agency", "create"},    {"agency", "list"},      {"batch", "submit"},
      {"batch", "review"},     {"batch", "show"},       {"batch", "rows"},
      {"worker", "find"},      {"worker", "show"},      {"worker", "list"},
      {"worker", "death"},     {"worker", "withdraw"},  {"worker", "correct"},
      {"worker", "card"},      {"sponsor", "create"},   {"sponsor", "show"},
      {"sponsor", "list"},     {"pledge", "quote"},     {"pledge", "create"},
      {"pledge", "show"},      {"pledge", "list"},      {"pledge", "cancel"},
      {"pledge", "replace"},   {"pledge", "refund"},    {"pledge", "plan"},
      {"pledge", "statement"}, {"payment", "record"},   {"allocation", "start"},
      {"allocation", "watch"}, {"allocation", "show"},  {"cover", "list"},
      {"cover", "expiring"},   {"cover", "statistics"}, {"check"},
      {"check", "batch"},      {"check", "explain"},    {"benefit", "estimate"},
      {"report", "sponsor"},   {"contribution", "pay"}, {"rules", "list"},
      {"rules", "reload"},     {"keys", "new"}};
  for (std::vector<const char*> verb : verbs) {
    verb.push_back("--help");
    const Ran help = RunCli(verb);
    EXPECT_EQ(help.code, 0) << verb[0];
    EXPECT_THAT(help.out, HasSubstr("Example:\n  lingkaran " + std::string(verb[0])));
  }
}

TEST(CommandTest, GroupsShowAnExample) {
  for (const char* noun :
       {"agency", "batch", "worker", "sponsor", "pledge", "payment", "allocation", "cover", "check",
        "benefit", "report", "contribution", "rules", "keys"}) {
    EXPECT_THAT(RunCli({noun, "--help"}).out,
                HasSubstr("Example:\n  lingkaran " + std::string(noun)));
  }
}

TEST(CommandTest, UsageErrorsAreIndonesian) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{}, "perintahnya belum lengkap."},
      {{"fly"}, "perintah \"fly\" tidak dikenal."},
      {{"pledge"}, "perintahnya belum lengkap."},
      {{"pledge", "fly"}, "perintah \"fly\" tidak dikenal."},
      {{"pledge", "create", "--sponsor", "1"}, "belum diisi."},
      {{"pledge", "show", "1", "--fast"}, "tidak dikenal: --fast."},
      {{"pledge", "show", "satu"}, "bukan angka: "},
      {{"pledge", "list", "--sponsor"}, "--sponsor memerlukan nilai."},
      {{"check", "--worker", "-3"}, "\"-3\" bukan angka di atas 0"},
      {{"check", "--worker", "1", "--day", "besok"}, "\"besok\" bukan tanggal"},
      {{"check", "--worker", "1", "--programme", "abc"}, "pilih dari jkk,jkm,jht"},
      {{"agency", "create", "--kind", "shop"}, "\"shop\" tidak dikenal; pilih "},
  };
  for (const auto& [args, expected] : cases) {
    const Ran ran = RunCli(args);
    EXPECT_EQ(ran.code, kBadInput) << expected;
    EXPECT_THAT(ran.err, HasSubstr(expected));
  }
}

TEST(CommandTest, UsageErrorsSayWhereToLook) {
  const Ran wrong = RunCli({"pledge", "create", "--sponsor", "1"});
  EXPECT_EQ(wrong.code, kBadInput);
  EXPECT_THAT(wrong.err, HasSubstr("lingkaran pledge create --help"));
  EXPECT_EQ(RunCli({}).code, kBadInput);
  EXPECT_EQ(RunCli({"fly"}).code, kBadInput);
  EXPECT_THAT(RunCli({"check", "--worker", "1", "--day", "30 Februari 2020"}).err,
              HasSubstr("7 November 2019"));
  EXPECT_THAT(
      RunCli({"payment", "record", "--code", "1", "--reference", "x", "--amount", "banyak"}).err,
      HasSubstr("Rp50.400.000"));
  EXPECT_THAT(RunCli({"agency", "create", "--name", "x", "--region", "33", "--kind", "shop"}).err,
              HasSubstr("social-agency"));
  EXPECT_EQ(RunCli({"check", "--worker", "1", "--nik", "2"}).code, kBadInput);
  EXPECT_THAT(RunCli({"agency", "list"}).err, HasSubstr("LINGKARAN_REGISTRY"));
}

TEST(CommandTest, UnreachableServiceIsToldApart) {
  const Ran gone = RunCli({"--coverage", "127.0.0.1:1", "--timeout", "0.2", "rules", "list"});
  EXPECT_EQ(gone.code, kUnreachable);
  EXPECT_THAT(gone.err, HasSubstr("coverage di 127.0.0.1:1 tidak menjawab"));
  const Ran mutation =
      RunCli({"--registry", "127.0.0.1:1", "--timeout", "0.2", "--request-id", "abc", "agency",
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
