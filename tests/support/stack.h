#pragma once

#include "tests/support/cluster.h"

namespace lingkaran {
using Stack = Cluster;
}
