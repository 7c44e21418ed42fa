// What an app takes from the world beside its flags. main and most tests leave it as it is; the
// simulation puts its own clock, its own databases and no threads in their place.
#pragma once

#include <memory>

#include "common/base/clock.h"
#include "common/base/region.h"
#include "common/sql/database.h"

namespace lingkaran {

struct AppDependencies {
  // Time that leases, back-offs and epochs are measured by, whatever the service's clock says;
  // null: the machine's. Outlives the app.
  const Clock* machine_clock = nullptr;
  // An open database in place of the flags'; outlives the app. null: the app opens its own.
  sql::Database* database = nullptr;
  // False: the app starts no thread and waits for nothing; its owner delivers what is owed with
  // Outbox::Pump.
  bool threads = true;
  // Read before, so that many apps share it; null: the app reads the flags'.
  std::shared_ptr<const Regions> regions;
};

}  // namespace lingkaran
