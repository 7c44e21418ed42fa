// What people and scripts read: tables, amounts, days, fields, progress, exit codes.
#include "services/cli/render/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/field_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/pledge_text.h"
#include "services/cli/render/progress.h"
#include "services/cli/session/connection.h"
#include "services/cli/session/fields.h"

namespace lingkaran::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CliTextTest, NumbersMoneyAndDays) {
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

TEST(CliTextTest, MonthsAsPeopleWriteThem) {
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
  EXPECT_EQ(*EnumValue(kinds, "social-agency"), registry::v1::AGENCY_KIND_SOCIAL_AGENCY);
  EXPECT_EQ(*EnumValue(kinds, "Branch"), registry::v1::AGENCY_KIND_BRANCH);
  EXPECT_FALSE(EnumValue(kinds, "unspecified").ok());
  EXPECT_FALSE(EnumValue(kinds, "bank").ok());
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

TEST(CliTextTest, WrapsAtWords) {
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

}  // namespace
}  // namespace lingkaran::cli
