// What the suite promises about one key at a time, as models for the checker: a worker's paid
// month, a worker's standing, a pledge's money.
//
// Each operation's `asked` and `got` hold the numbers named at its kind, in that order; where an
// outcome is among them, the rest of `got` may be missing unless it is kOk.
#pragma once

#include <string>

#include "tests/history/wgl.h"

namespace lingkaran::history {

// How an operation came out.
enum Outcome : int64_t {
  kOk,
  kRefused,    // the object's state forbids it
  kConflict,   // its reference stands for something else
  kExhausted,  // not enough money
};

// Whether one month of a worker is paid at coverage, for JKK (bit 1) and JKM (bit 2), and by whom.
// A change carries the position of coverage's change log, which grows in the order of the changes;
// an answer carries the position up to which it has seen everything.
class CoverModel final : public Model {
 public:
  enum Kind {
    kActivate,  // asked: source, programmes (bits); got: outcome (kRefused: paid already), position
    kRevoke,    // asked: source; got: programmes taken back (bits), position
    kCheck,     // asked: position that it must have seen; got: programmes covered (bits), position
  };
  State Start() const override { return {0, 0, 0}; }
  bool Apply(const Operation& operation, State& state) const override;
  bool MayChange(const Operation& operation) const override;
  std::string Text(const Operation& operation) const override;
};

// Where a worker stands: withdrawn from which day on, dead since when. The registry's version
// counts the changes. Coverage hears of them later: its answers may be old, but never older than
// the token they were asked with, and never from the future.
class MemberModel final : public Model {
 public:
  enum Kind {
    kWithdraw,     // asked: day; got: outcome (kRefused: dead), version, withdraw day, death day
    kReportDeath,  // the same
    kGet,          // got: kOk, version, withdraw day, death day
    kCheck,        // asked: version that it must have seen, day; got: a Standing
  };
  enum Standing : int64_t { kCovered, kWithdrawn, kDeceased };

  // `version` is that of the worker before the first operation.
  explicit MemberModel(int64_t version) : version_(version) {}
  State Start() const override { return {version_, 0, 0}; }
  bool Apply(const Operation& operation, State& state) const override;
  bool MayChange(const Operation& operation) const override;
  std::string Text(const Operation& operation) const override;

 private:
  const int64_t version_;
};

// The money of a pledge: a payment fills the invoice, the rest becomes credit; a refund takes what
// is available first and then the credit; cancelling turns what is available into credit. A bank
// reference counts once.
class PledgeModel final : public Model {
 public:
  enum Kind {
    kPay,     // asked: reference, amount; got: outcome (kRefused: cancelled), 1 if it was recorded
              // before, applied, credit, then the funds after
    kRefund,  // asked: reference, amount (0: all); got: outcome, refunded, then the funds after
    kCancel,  // got: kOk, then the funds after
    kGet,     // got: kOk, then the funds
  };
  // Numbers of the funds: received, available, refunded, moved to credit.
  static constexpr int kFunds = 4;

  explicit PledgeModel(int64_t invoice) : invoice_(invoice) {}
  State Start() const override { return {0, 0, 0, 0, 0, 0}; }
  bool Apply(const Operation& operation, State& state) const override;
  bool MayChange(const Operation& operation) const override;
  std::string Text(const Operation& operation) const override;

 private:
  bool Pay(const Operation& operation, State& state) const;
  bool Refund(const Operation& operation, State& state) const;

  const int64_t invoice_;
};

}  // namespace lingkaran::history
