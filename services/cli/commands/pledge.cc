// lingkaran pledge: making, showing and ending promises. Their later life is in pledge_life.cc.
#include "services/cli/render/pledge_text.h"

#include "services/cli/commands/pledge_changes.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

// What is promised, in a quote and in a pledge alike.
struct Terms {
  int32_t seats = 0;
  int32_t months = 0;
  std::vector<int> programmes = {common::v1::PROGRAMME_JKK, common::v1::PROGRAMME_JKM};
  int64_t wage_base = 0;
  common::v1::Sector sector = common::v1::SECTOR_UNSPECIFIED;
  int32_t first_day = 0;

  template <typename Request>
  void WriteTo(Request& request) const {
    request.set_seats(seats);
    request.set_months(months);
    request.clear_programmes();
    for (const int programme : programmes) {
      request.add_programmes(static_cast<common::v1::Programme>(programme));
    }
    request.set_wage_base_rupiah(wage_base);
    request.set_sector(sector);
    request.set_first_day(first_day);
  }
};

void AddTerms(CLI::App* verb, Terms* terms) {
  verb->add_option("--seats", terms->seats, "How many workers")->required()->type_name("");
  verb->add_option("--months", terms->months, "How long")->required()->type_name("");
  AddProgrammes(verb, &terms->programmes);
  AddMoney(verb, "--wage-base", &terms->wage_base,
           "Declared monthly income, lowest band unless given");
  AddEnum(verb, "--sector", &terms->sector, "Line of work that prices it");
  AddDay(verb, "--first-day", &terms->first_day, "First day of cover, today unless given");
}

void AddQuote(Commands& commands, CLI::App* noun) {
  auto terms = std::make_shared<Terms>();
  auto payer = std::make_shared<common::v1::PayerClass>();
  CLI::App* verb = commands.Verb(
      noun, "quote", "What a pledge would cost, and what it means for a family; changes nothing",
      "pledge quote --seats 1000 --months 3 --payer csr --first-day \"1 Maret 2025\"",
      [terms, payer](Session& session) -> absl::StatusOr<ExitCode> {
        coverage::v1::QuoteContributionRequest request;
        terms->WriteTo(request);
        request.set_payer_class(*payer);
        coverage::v1::QuoteContributionResponse reply;
        RETURN_IF_ERROR(
            session.Call(session.coverage(), &CoverageStub::QuoteContribution, request, &reply));
        RETURN_IF_ERROR(session.Show(
            reply, [&](std::ostream& out) { PrintQuote(out, reply, request.seats()); }));
        return kYes;
      });
  AddTerms(verb, terms.get());
  AddEnum(verb, "--payer", payer.get(), "Who pays")->required();
}

struct CreateOptions {
  Terms terms;
  int64_t sponsor_id = 0;
  sponsorship::v1::Criteria criteria;
  bool disabled_first = false, disabled_only = false;
  common::v1::Sector sector = common::v1::SECTOR_UNSPECIFIED;
  int32_t min_age = 0, max_age = 0;
  int64_t max_income = 0, batch_id = 0;
};

sponsorship::v1::CreatePledgeRequest ToRequest(CreateOptions& options) {
  sponsorship::v1::CreatePledgeRequest request;
  options.terms.WriteTo(request);
  request.set_sponsor_id(options.sponsor_id);
  options.criteria.set_disabled_first(options.disabled_first);
  options.criteria.set_disabled_only(options.disabled_only);
  options.criteria.set_sector(options.sector);
  options.criteria.set_min_age_years(options.min_age);
  options.criteria.set_max_age_years(options.max_age);
  options.criteria.set_max_income_rupiah(options.max_income);
  options.criteria.set_batch_id(options.batch_id);
  *request.mutable_criteria() = options.criteria;
  return request;
}

void AddCreate(Commands& commands, CLI::App* noun) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* verb = commands.Verb(
      noun, "create", "Take a promise; answers with price, invoice and payment code",
      "pledge create --sponsor 1 --seats 1000 --months 3 --region 33.72 --disabled-first",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        sponsorship::v1::CreatePledgeRequest request = ToRequest(*options);
        sponsorship::v1::CreatePledgeResponse reply;
        RETURN_IF_ERROR(
            session.Mutate(session.sponsorship(), &SponsorshipStub::CreatePledge, request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          PrintQuote(out, reply.quote(), reply.pledge().seats());
          out << '\n';
          PrintPledge(out, reply.pledge());
        }));
        return kYes;
      });
  verb->add_option("--sponsor", options->sponsor_id, "The sponsor's id")->required()->type_name("");
  AddTerms(verb, &options->terms);
  verb->add_option("--region", *options->criteria.mutable_region_code(), "For workers of this area")
      ->required()
      ->type_name("");
  verb->add_flag("--disabled-first", options->disabled_first, "Disabled workers come first");
  verb->add_flag("--disabled-only", options->disabled_only, "Only disabled workers");
  AddEnum(verb, "--only-sector", &options->sector, "Only workers of this line of work");
  verb->add_option("--min-age", options->min_age, "Youngest age")->type_name("");
  verb->add_option("--max-age", options->max_age, "Oldest age")->type_name("");
  AddMoney(verb, "--max-income", &options->max_income, "Highest monthly income");
  verb->add_option("--batch", options->batch_id, "Only candidates of this list")->type_name("");
}

void AddShow(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb =
      commands.Verb(noun, "show", "One pledge with its money and seats", "pledge show 1",
                    [id](Session& session) -> absl::StatusOr<ExitCode> {
                      sponsorship::v1::GetPledgeRequest request;
                      request.set_pledge_id(*id);
                      sponsorship::v1::GetPledgeResponse reply;
                      RETURN_IF_ERROR(session.Call(session.sponsorship(),
                                                   &SponsorshipStub::GetPledge, request, &reply));
                      RETURN_IF_ERROR(session.Show(
                          reply, [&](std::ostream& out) { PrintPledge(out, reply.pledge()); }));
                      return kYes;
                    });
  verb->add_option("PLEDGE", *id, "The pledge")->required()->type_name("");
}

void PrintPledges(std::ostream& out, const sponsorship::v1::ListPledgesResponse& reply) {
  Table table(
      {">Nomor", ">Donatur", ">Orang", ">Bulan", "Mulai", "Keadaan", ">Tagihan", ">Terisi"});
  for (const sponsorship::v1::Pledge& pledge : reply.pledges()) {
    table.Row({std::to_string(pledge.pledge_id()), std::to_string(pledge.sponsor_id()),
               CountText(pledge.seats()), std::to_string(pledge.months()),
               DayText(pledge.first_day()), Label(pledge.state()),
               MoneyText(pledge.invoice().amount_rupiah()), CountText(pledge.seats_filled())});
  }
  table.Print(out);
}

void AddList(Commands& commands, CLI::App* noun) {
  auto sponsor_id = std::make_shared<int64_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "list", "Pledges in the order of their numbers", "pledge list --sponsor 1",
      [sponsor_id](Session& session) -> absl::StatusOr<ExitCode> {
        sponsorship::v1::ListPledgesRequest request;
        sponsorship::v1::ListPledgesResponse reply;
        request.set_sponsor_id(*sponsor_id);
        request.set_page_size(1000);
        do {
          RETURN_IF_ERROR(
              session.Call(session.sponsorship(), &SponsorshipStub::ListPledges, request, &reply));
          RETURN_IF_ERROR(
              session.Show(reply, [&](std::ostream& out) { PrintPledges(out, reply); }));
          request.set_page_token(reply.next_page_token());
        } while (!reply.next_page_token().empty());
        return kYes;
      });
  verb->add_option("--sponsor", *sponsor_id, "Only of this sponsor")->type_name("");
}

void AddCancel(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<sponsorship::v1::CancelPledgeRequest>();
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "cancel", "End a pledge; money that is not spent becomes the sponsor's credit",
      "pledge cancel 1 --reason \"atas permintaan donatur\"",
      [request, id](Session& session) -> absl::StatusOr<ExitCode> {
        request->set_pledge_id(*id);
        sponsorship::v1::CancelPledgeResponse reply;
        RETURN_IF_ERROR(session.Mutate(session.sponsorship(), &SponsorshipStub::CancelPledge,
                                       *request, &reply));
        RETURN_IF_ERROR(
            session.Show(reply, [&](std::ostream& out) { PrintPledge(out, reply.pledge()); }));
        return kYes;
      });
  verb->add_option("PLEDGE", *id, "The pledge")->required()->type_name("");
  verb->add_option("--reason", *request->mutable_reason(), "Why")->required()->type_name("");
}

}  // namespace

void AddPledgeCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("pledge", "Promises of sponsors: seats x months");
  AddQuote(commands, noun);
  AddCreate(commands, noun);
  AddShow(commands, noun);
  AddList(commands, noun);
  AddCancel(commands, noun);
  AddPledgeLifeCommands(commands, noun);
}

}  // namespace lingkaran::cli
