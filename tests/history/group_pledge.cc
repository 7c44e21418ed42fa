// The money of pledges: payments and refunds with references that come again, now and then a
// cancellation; reads of one pledge, of all of them, and of the ledger.
#include "tests/history/group.h"
#include "tests/history/models.h"
#include "tests/support/requests.h"

namespace lingkaran::history {
namespace {

using Pay = Change<sv1::RecordPaymentRequest, sv1::RecordPaymentResponse>;
using Refund = Change<sv1::RefundPledgeRequest, sv1::RefundPledgeResponse>;
using Cancel = Change<sv1::CancelPledgeRequest, sv1::CancelPledgeResponse>;

constexpr int kReferences = 30;  // of one pledge

class PledgeGroup final : public Group {
 public:
  using Group::Group;

  void Prepare(Client& client, People&) override {
    sponsor_ = Insist(client.sponsorship(), &Sponsorship::CreateSponsor, NewSponsor())
                   .sponsor()
                   .sponsor_id();
    for (int i = 0; i < options_.keys; ++i) {
      sv1::CreatePledgeRequest pledge = NewPledge(sponsor_, /*seats=*/10, /*months=*/3);
      pledge.clear_programmes();
      pledge.add_programmes(common::v1::PROGRAMME_JKM);
      pledges_.push_back(Insist(client.sponsorship(), &Sponsorship::CreatePledge, pledge).pledge());
      key_of_[pledges_.back().pledge_id()] = pledges_.size() - 1;
    }
  }

  void Step(Client& client) override {
    const int64_t dice = client.Below(100);
    const size_t key = static_cast<size_t>(client.Below(options_.keys));
    if (dice < 5) {
      Resend(client);
    } else if (dice < 40) {
      PayOne(client, key);
    } else if (dice < 62) {
      RefundOne(client, key);
    } else if (dice < 63) {
      CancelOne(client, key);
    } else if (dice < 73) {
      Get(client, key);
    } else if (dice < 83) {
      GetStatement(client, key);
    } else {
      List(client);
    }
  }

  std::unique_ptr<Model> ModelOf(size_t key) const override {
    return std::make_unique<PledgeModel>(pledges_[key].invoice().amount_rupiah());
  }
  std::string Name(size_t key) const override {
    return absl::StrCat("money of pledge ", pledges_[key].pledge_id());
  }

 private:
  std::string BankReference(size_t key, int64_t reference) const {
    return absl::StrCat("TRX-", pledges_[key].pledge_id(), "-", reference);
  }

  void Append(const sv1::Funds& funds, std::vector<int64_t>& numbers) {
    if (funds.reserved_rupiah() != 0 || funds.spent_rupiah() != 0) {
      Unexpected("reading funds", absl::UnknownError(funds.ShortDebugString()));
    }
    numbers.insert(numbers.end(), {funds.received_rupiah(), funds.available_rupiah(),
                                   funds.refunded_rupiah(), funds.moved_to_credit_rupiah()});
  }

  // The outcome of a refusal, or kOk with a failure noted if it is none that can be.
  Outcome OutcomeOf(const absl::Status& status) {
    switch (ReasonOf(status)) {
      case Reason::kPledgeState:
        return kRefused;
      case Reason::kPaymentConflict:
        return kConflict;
      case Reason::kFundsExhausted:
        return kExhausted;
      default:
        Unexpected("a change of a pledge", status);
        return kOk;
    }
  }

  // What to record of a change of `key`; `fill` reads its answer.
  template <typename Change, typename Response>
  typename Change::Writer WriterOf(
      size_t key, int kind, std::vector<int64_t> asked,
      std::function<void(const Response&, std::vector<int64_t>&)> fill) {
    return {[=, this](const Response* response, int64_t called, int64_t answered) {
              Operation operation{kind, called, answered, asked, {}};
              if (response != nullptr) {
                operation.got = {kOk};
                fill(*response, operation.got);
                Append(response->pledge().funds(), operation.got);
              }
              recorder_.Add(key, std::move(operation));
            },
            [=, this](const absl::Status& status, int64_t called, int64_t answered) {
              recorder_.Add(key, {kind, called, answered, asked, {OutcomeOf(status)}});
            }};
  }

  void PayOne(Client& client, size_t key) {
    const int64_t reference = client.Below(kReferences);
    // Mostly the amount that goes with the reference, now and then another.
    const int64_t amount = 5'000 + 1'000 * reference + (client.Chance(10) ? 500 : 0);
    sv1::RecordPaymentRequest request;
    request.set_request_id(NewRequestId());
    request.set_payment_code(pledges_[key].invoice().payment_code());
    request.set_bank_reference(BankReference(key, reference));
    request.set_amount_rupiah(amount);
    const auto change = std::make_shared<Pay>(
        request,
        WriterOf<Pay, sv1::RecordPaymentResponse>(
            key, PledgeModel::kPay, {reference, amount},
            [](const sv1::RecordPaymentResponse& response, std::vector<int64_t>& got) {
              got.insert(got.end(), {response.already_recorded() ? 1 : 0, response.applied_rupiah(),
                                     response.credit_rupiah()});
            }),
        recorder_);
    payments_.Add(change);
    Send(client, *change);
  }

  void RefundOne(Client& client, size_t key) {
    const int64_t reference = client.Below(kReferences) + kReferences / 2;
    const int64_t amount = client.Chance(10) ? 0 : 1'000 * (1 + client.Below(25));
    sv1::RefundPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledges_[key].pledge_id());
    request.set_amount_rupiah(amount);
    request.set_bank_reference(BankReference(key, reference));
    request.set_reason("riwayat");
    const auto change = std::make_shared<Refund>(
        request,
        WriterOf<Refund, sv1::RefundPledgeResponse>(
            key, PledgeModel::kRefund, {reference, amount},
            [](const sv1::RefundPledgeResponse& response, std::vector<int64_t>& got) {
              got.push_back(response.refunded_rupiah());
            }),
        recorder_);
    refunds_.Add(change);
    Send(client, *change);
  }

  void CancelOne(Client& client, size_t key) {
    sv1::CancelPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledges_[key].pledge_id());
    request.set_reason("riwayat");
    Cancel change(request,
                  WriterOf<Cancel, sv1::CancelPledgeResponse>(key, PledgeModel::kCancel, {},
                                                              [](const auto&, auto&) {}),
                  recorder_);
    change.Run(
        [&](const auto& asked, auto* response) {
          return Call(client.sponsorship(), &Sponsorship::CancelPledge, asked, response, kOfficer);
        },
        3);
  }

  void Send(Client& client, Pay& change) {
    change.Run(
        [&](const auto& request, auto* response) {
          return Call(client.sponsorship(), &Sponsorship::RecordPayment, request, response,
                      kOfficer);
        },
        3);
  }
  void Send(Client& client, Refund& change) {
    change.Run(
        [&](const auto& request, auto* response) {
          return Call(client.sponsorship(), &Sponsorship::RefundPledge, request, response,
                      kOfficer);
        },
        3);
  }

  void Resend(Client& client) {
    if (client.Chance(60)) {
      if (const auto change = payments_.Pick(client.Bits())) Send(client, *change);
    } else {
      if (const auto change = refunds_.Pick(client.Bits())) Send(client, *change);
    }
  }

  void Record(size_t key, const Sent& sent, const sv1::Funds& funds) {
    std::vector<int64_t> got = {kOk};
    Append(funds, got);
    recorder_.Add(key, {PledgeModel::kGet, sent.called, sent.answered, {}, std::move(got)});
  }

  // True if there is an answer to record.
  bool Came(const Sent& sent, const std::string& what) {
    if (!sent.status.ok() && !sent.unknown()) Unexpected(what, sent.status);
    return sent.status.ok();
  }

  void Get(Client& client, size_t key) {
    sv1::GetPledgeRequest request;
    request.set_pledge_id(pledges_[key].pledge_id());
    sv1::GetPledgeResponse response;
    const Sent sent =
        Call(client.sponsorship(), &Sponsorship::GetPledge, request, &response, kOfficer);
    if (Came(sent, "GetPledge")) Record(key, sent, response.pledge().funds());
  }

  void GetStatement(Client& client, size_t key) {
    sv1::GetStatementRequest request;
    request.set_pledge_id(pledges_[key].pledge_id());
    sv1::GetStatementResponse response;
    const Sent sent =
        Call(client.sponsorship(), &Sponsorship::GetStatement, request, &response, kOfficer);
    if (Came(sent, "GetStatement")) Record(key, sent, response.funds());
  }

  void List(Client& client) {
    sv1::ListPledgesRequest request;
    request.set_sponsor_id(sponsor_);
    request.set_page_size(1'000);
    sv1::ListPledgesResponse response;
    const Sent sent =
        Call(client.sponsorship(), &Sponsorship::ListPledges, request, &response, kOfficer);
    if (!Came(sent, "ListPledges")) return;
    if (response.pledges_size() != options_.keys) {
      Unexpected("ListPledges", absl::UnknownError("a pledge is missing"));
    }
    for (const sv1::Pledge& pledge : response.pledges()) {
      Record(key_of_.at(pledge.pledge_id()), sent, pledge.funds());
    }
  }

  int64_t sponsor_ = 0;
  std::vector<sv1::Pledge> pledges_;
  std::map<int64_t, size_t> key_of_;
  Changes<sv1::RecordPaymentRequest, sv1::RecordPaymentResponse> payments_;
  Changes<sv1::RefundPledgeRequest, sv1::RefundPledgeResponse> refunds_;
};

}  // namespace

std::unique_ptr<Group> MakePledgeGroup(const WorkloadOptions& options, uint64_t seed) {
  return std::make_unique<PledgeGroup>(options, seed);
}

}  // namespace lingkaran::history
