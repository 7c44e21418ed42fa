// What the services' own audits say of a world in which nothing is under way.
#pragma once

#include "tests/simulation/world.h"

namespace lingkaran::simulation {

// Reports their findings to World::Violation, and what two of them say differently.
void CheckAudits(World& world);

}  // namespace lingkaran::simulation
