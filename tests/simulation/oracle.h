// What must be true of a world when nothing is under way: the books of each service add up, the
// three agree with each other, and all that was acknowledged is there, once.
//
// It reads the stores with SQL of its own beside the services' audits, so that a fault of both a
// service and its audit is found.
#pragma once

#include "tests/simulation/workload.h"
#include "tests/simulation/world.h"

namespace lingkaran::simulation {

// Reports to World::Violation. At any moment at which no transaction is open: the ledger adds up.
void CheckLedger(World& world);
// Nothing is owed any more: everything.
void CheckEnd(World& world, const Ledger& ledger);

}  // namespace lingkaran::simulation
