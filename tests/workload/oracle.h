// What must be true of a deployment when nothing is under way: the stores of the services add up,
// the three agree with each other, and all that was acknowledged is there, once.
//
// It reads the stores with SQL of its own beside the services' audits, so that a fault of both a
// service and its audit is found.
#pragma once

#include <functional>
#include <string>

#include "common/sql/database.h"
#include "tests/workload/ledger.h"

namespace lingkaran::workload {

enum class Fault {
  kLost,     // acknowledged and not there
  kDoubled,  // there more often than acknowledged
  kOther,
};

// What the oracle looks at, and whom it tells of what is wrong.
struct Deployment {
  std::function<sql::Database&(const std::string& service)> database;
  std::function<void(Fault, const std::string& what)> report;
};

// At any moment at which no transaction is open: the ledger of sponsorship adds up.
void CheckLedger(const Deployment& deployment);
// When nothing is owed any more: everything.
void CheckEnd(const Deployment& deployment, const Facts& facts);

}  // namespace lingkaran::workload
