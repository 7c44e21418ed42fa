// lingkaran-sponsorship: knows money. Its flags: lingkaran-sponsorship --help.
#include "common/server/service_main.h"
#include "services/sponsorship/app.h"

int main(int argc, char** argv) {
  return lingkaran::RunService<lingkaran::sponsorship::SponsorshipApp>(
      "sponsorship", "sponsors, pledges, payments, seats and the ledger", argc, argv);
}
