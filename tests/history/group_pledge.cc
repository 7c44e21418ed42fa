// The money of pledges: payments and refunds with references that come again, now and then a
// cancellation; reads of one pledge, of all of them, and of the ledger.
#include "tests/history/group.h"
#include "tests/history/models.h"
#include "tests/support/requests.h"

namespace lingkaran::history {
namespace {

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
  template <typename Response>
  Writer<Response> WriterOf(size_t key, int kind, std::vector<int64_t> asked,
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
    payments_.Make(client, request,
                   WriterOf<sv1::RecordPaymentResponse>(
                       key, PledgeModel::kPay, {reference, amount},
                       [](const sv1::RecordPaymentResponse& response, std::vector<int64_t>& got) {
                         got.insert(got.end(),
                                    {response.already_recorded() ? 1 : 0, response.applied_rupiah(),
                                     response.credit_rupiah()});
                       }));
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
    refunds_.Make(client, request,
                  WriterOf<sv1::RefundPledgeResponse>(
                      key, PledgeModel::kRefund, {reference, amount},
                      [](const sv1::RefundPledgeResponse& response, std::vector<int64_t>& got) {
                        got.push_back(response.refunded_rupiah());
                      }));
  }

  void CancelOne(Client& client, size_t key) {
    sv1::CancelPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledges_[key].pledge_id());
    request.set_reason("riwayat");
    cancellations_.Make(client, request,
                        WriterOf<sv1::CancelPledgeResponse>(key, PledgeModel::kCancel, {},
                                                            [](const auto&, auto&) {}));
  }

  void Resend(Client& client) {
    if (client.Chance(60)) {
      payments_.Resend(client);
    } else {
      refunds_.Resend(client);
    }
  }

  void Record(size_t key, const Sent& sent, const sv1::Funds& funds) {
    std::vector<int64_t> got = {kOk};
    Append(funds, got);
    recorder_.Add(key, {PledgeModel::kGet, sent.called, sent.answered, {}, std::move(got)});
  }

  void Get(Client& client, size_t key) {
    sv1::GetPledgeRequest request;
    request.set_pledge_id(pledges_[key].pledge_id());
    sv1::GetPledgeResponse response;
    const auto sent = Read(client.sponsorship(), &Sponsorship::GetPledge, request, &response);
    if (sent) Record(key, *sent, response.pledge().funds());
  }

  void GetStatement(Client& client, size_t key) {
    sv1::GetStatementRequest request;
    request.set_pledge_id(pledges_[key].pledge_id());
    sv1::GetStatementResponse response;
    const auto sent = Read(client.sponsorship(), &Sponsorship::GetStatement, request, &response);
    if (sent) Record(key, *sent, response.funds());
  }

  void List(Client& client) {
    sv1::ListPledgesRequest request;
    request.set_sponsor_id(sponsor_);
    request.set_page_size(1'000);
    sv1::ListPledgesResponse response;
    const auto sent = Read(client.sponsorship(), &Sponsorship::ListPledges, request, &response);
    if (!sent) return;
    if (response.pledges_size() != options_.keys) {
      Unexpected("ListPledges", absl::UnknownError("a pledge is missing"));
    }
    for (const sv1::Pledge& pledge : response.pledges()) {
      Record(key_of_.at(pledge.pledge_id()), *sent, pledge.funds());
    }
  }

  int64_t sponsor_ = 0;
  std::vector<sv1::Pledge> pledges_;
  std::map<int64_t, size_t> key_of_;
  Changes<Sponsorship, sv1::RecordPaymentRequest, sv1::RecordPaymentResponse> payments_{
      recorder_, &Client::sponsorship, &Sponsorship::RecordPayment, kOfficer};
  Changes<Sponsorship, sv1::RefundPledgeRequest, sv1::RefundPledgeResponse> refunds_{
      recorder_, &Client::sponsorship, &Sponsorship::RefundPledge, kOfficer};
  Changes<Sponsorship, sv1::CancelPledgeRequest, sv1::CancelPledgeResponse> cancellations_{
      recorder_, &Client::sponsorship, &Sponsorship::CancelPledge, kOfficer};
};

}  // namespace

std::unique_ptr<Group> MakePledgeGroup(const WorkloadOptions& options, uint64_t seed) {
  return std::make_unique<PledgeGroup>(options, seed);
}

}  // namespace lingkaran::history
