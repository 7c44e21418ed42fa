// lingkaran check: is this person covered for this programme on this day?
#include <algorithm>
#include <map>
#include <set>

#include "services/cli/commands/nouns.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/files.h"
#include "services/cli/session/person.h"

namespace lingkaran::cli {
namespace {

using coverage::v1::ProgrammeAnswer;
using google::protobuf::Message;
using Answers = google::protobuf::RepeatedPtrField<ProgrammeAnswer>;

constexpr size_t kBatchItems = 1000;

// What is asked, in a single check and in a batch alike.
std::vector<Option> Question(Message* question) {
  return {{"--programme", FieldOf{question, "programmes"}, "Programmes, jkk,jkm unless given"},
          {"--day", FieldOf{question, "day"}, "The day asked about, today unless given"}};
}

// --exact comes last: it is the stricter of the two.
std::vector<Option> Freshness(Message* request) {
  return {{"--after", FieldOf{request, "consistency.at_least_as_fresh"},
           "consistency_token of a change that the answer must know of"},
          {"--exact", FieldOf{request, "consistency.fully_consistent"},
           "Read from the database, past every cache"}};
}

// Covered for all that was asked, not covered for something, or not known.
ExitCode CodeOf(const Answers& answers) {
  ExitCode code = answers.empty() ? kUnknown : kYes;
  for (const ProgrammeAnswer& answer : answers) {
    if (answer.verdict() == coverage::v1::VERDICT_NOT_COVERED) {
      code = std::max(code, kNo);
    } else if (answer.verdict() != coverage::v1::VERDICT_COVERED) {
      code = kUnknown;
    }
  }
  return code;
}

// "7 November 2019 - 6 Desember 2019"; empty if nothing was ever paid.
std::string CoverText(const ProgrammeAnswer& answer) {
  if (answer.first_day() == 0) return "";
  return DayText(answer.first_day()) + " - " + DayText(answer.last_day());
}

void PrintAnswers(std::ostream& out, const coverage::v1::CheckEligibilityResponse& reply) {
  out << "Pada " << DayText(reply.day());
  if (reply.worker_id() != 0) out << ", pekerja " << reply.worker_id();
  out << ":\n";
  Table table({"Program", "Jawaban", "Santunan", "Sebab", "Perlindungan", "Jawaban tetap sampai"});
  for (const ProgrammeAnswer& answer : reply.answers()) {
    table.Row({Label(answer.programme()), Label(answer.verdict()), Label(answer.level()),
               Label(answer.reason()), CoverText(answer), DayIfAny(answer.valid_until())});
  }
  table.Print(out);
}

std::string MaskedKey(const std::string& key) {
  if (PersonOfKey(key).nik().empty()) return key;
  return key.substr(0, 4) + "............";
}

// Sums of a batch over all its parts.
struct BatchSums {
  int covered = 0, not_covered = 0, unknown = 0;
  std::map<std::string, int> reasons;  // of those not covered
};

void AddResult(const coverage::v1::BatchCheckResult& result, BatchSums* sums) {
  const ExitCode code = result.status().code() != 0 ? kUnknown : CodeOf(result.answers());
  if (code == kYes) ++sums->covered;
  if (code == kUnknown) ++sums->unknown;
  if (code != kNo) return;
  ++sums->not_covered;
  for (const ProgrammeAnswer& answer : result.answers()) {
    if (answer.verdict() != coverage::v1::VERDICT_NOT_COVERED) continue;
    ++sums->reasons[Label(answer.reason())];
    break;
  }
}

void PrintResults(std::ostream& out, const std::vector<std::string>& keys, size_t first,
                  const coverage::v1::BatchCheckEligibilityResponse& reply) {
  Table table({">No", "Kunci", "Program", "Jawaban", "Sebab", "Perlindungan"});
  for (int i = 0; i < reply.results_size(); ++i) {
    const coverage::v1::BatchCheckResult& result = reply.results(i);
    const std::string number = CountText(static_cast<int64_t>(first) + i + 1);
    const std::string key = MaskedKey(keys[first + i]);
    if (result.status().code() != 0) {
      table.Row({number, key, "", "BELUM DIKETAHUI", ErrorText(result.status())});
      continue;
    }
    for (const ProgrammeAnswer& answer : result.answers()) {
      table.Row({number, key, Label(answer.programme()), Label(answer.verdict()),
                 Label(answer.reason()), CoverText(answer)});
    }
  }
  table.Print(out);
}

void PrintSums(std::ostream& out, const BatchSums& sums) {
  out << CountText(sums.covered + sums.not_covered + sums.unknown)
      << " orang diperiksa: " << CountText(sums.covered) << " terlindungi, "
      << CountText(sums.not_covered) << " tidak, " << CountText(sums.unknown)
      << " belum diketahui\n";
  for (const auto& [reason, count] : sums.reasons) {
    out << "  " << CountText(count) << " tidak: " << reason << '\n';
  }
}

struct BatchOptions {
  std::string file;
  coverage::v1::BatchCheckEligibilityRequest request;  // without items
  coverage::v1::BatchCheckItem item;                   // what is asked about each
  bool summary = false;
};

absl::StatusOr<ExitCode> CheckFile(Session& session, const BatchOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, ReadLines(options.file));
  BatchSums sums;
  for (size_t first = 0; first < keys.size(); first += kBatchItems) {
    coverage::v1::BatchCheckEligibilityRequest request = options.request;
    for (size_t i = first; i < std::min(first + kBatchItems, keys.size()); ++i) {
      coverage::v1::BatchCheckItem& item = *request.add_items();
      item = options.item;
      item.set_correlation_id(std::to_string(i + 1));
      *item.mutable_person() = PersonOfKey(keys[i]);
    }
    coverage::v1::BatchCheckEligibilityResponse reply;
    RETURN_IF_ERROR(session.Call(&CoverageStub::BatchCheckEligibility, request, &reply));
    for (const auto& result : reply.results()) AddResult(result, &sums);
    const bool last = first + kBatchItems >= keys.size();
    RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
      if (!options.summary) PrintResults(out, keys, first, reply);
      if (last) PrintSums(out, sums);
    }));
  }
  if (sums.unknown > 0) return kUnknown;
  return sums.not_covered > 0 ? kNo : kYes;
}

void AddBatch(Noun& noun) {
  auto options = std::make_shared<BatchOptions>();
  noun.AddVerb(
          "batch", "Many persons at once: a file with one key per line",
          "check batch kunci.txt --day \"1 Desember 2019\" --summary\n\n"
          "Keys: a NIK (16 digits), worker:17 for an id, anything else is a membership number.",
          [options](Session& session) { return CheckFile(session, *options); })
      .Options({{"FILE", &options->file, "One key per line", kRequired}})
      .Options(Question(&options->item))
      .Options(Freshness(&options->request))
      .Options({{"--summary", &options->summary, "Only the totals"}});
}

void PrintExplanation(std::ostream& out, const coverage::v1::ExplainEligibilityResponse& reply) {
  PrintAnswers(out, reply.answer());
  out << "\nLangkah demi langkah:\n";
  for (int i = 0; i < reply.steps_size(); ++i) {
    out << Wrapped(std::to_string(i + 1) + ". " + reply.steps(i), 2, 3);
  }
  if (reply.spans_size() > 0) {
    out << "\nIuran yang tercatat:\n";
    Table spans({"Program", "Hari pertama", "Hari terakhir", ">Bulan"});
    for (const coverage::v1::CoverSpan& span : reply.spans()) {
      spans.Row({Label(span.programme()), DayText(span.first_day()), DayText(span.last_day()),
                 std::to_string(span.months())});
    }
    spans.Print(out);
  }
  if (reply.rules_size() > 0) out << "\nAturan yang dipakai:\n";
  std::set<std::string> said;  // one rule may decide for several programmes
  for (const coverage::v1::RuleEntry& rule : reply.rules()) {
    const std::string text =
        "- " + rule.name() + ": " + rule.text() + ". Sumber: " + rule.source() + ".";
    if (said.insert(text).second) out << Wrapped(text, 2, 2);
  }
}

}  // namespace

void AddCheckCommands(Commands& commands) {
  Noun noun = commands.AddNoun("check", "Is this person covered on this day?");
  auto& single = noun.AddRpc(
      "", "", "check --membership 19000000017 --day \"31 Januari 2020\" --programme jkk",
      &CoverageStub::CheckEligibility, PrintAnswers);
  single.Code([](const auto& reply) { return CodeOf(reply.answers()); });
  AddPerson(single).Options(Question(&single.request)).Options(Freshness(&single.request));
  AddBatch(noun);
  auto& explain = noun.AddRpc("explain", "The same answer with the facts and rules that decided it",
                              "check explain --worker 17 --day \"1 Februari 2020\"",
                              &CoverageStub::ExplainEligibility, PrintExplanation);
  explain.Code([](const auto& reply) { return CodeOf(reply.answer().answers()); });
  AddPerson(explain).Options(Question(&explain.request));
}

}  // namespace lingkaran::cli
