#include "tests/simulation/audits.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/coverage/store/audit.h"
#include "services/registry/store/audit.h"
#include "services/sponsorship/store/audit.h"

namespace lingkaran::simulation {
namespace {

using sql::Tx;

class Lines final : public AuditLines {
 public:
  Lines(World& world, int place) : world_(world), place_(place) {}
  absl::Status Finding(const std::string& text) override {
    world_.Violation(absl::StrCat("audit of ", NameOf(place_), ": ", text));
    return absl::OkStatus();
  }
  absl::Status Total(const AuditTotal& total) override {
    if (total.spent == 0 && total.person_months == 0) return absl::OkStatus();
    lines_[absl::StrCat("pledge ", total.pledge_id, " contribution ", total.contribution_id)] =
        absl::StrCat(total.spent, " rupiah for ", total.person_months, " person-months");
    return absl::OkStatus();
  }
  absl::Status Worker(const AuditWorker& worker) override {
    std::string& line =
        lines_[absl::StrCat("worker ", worker.worker_id, " pledge ", worker.pledge_id,
                            " contribution ", worker.contribution_id)];
    for (const AuditMonth& month : worker.months) {
      absl::StrAppend(&line, " ", month.programme, "/", month.month, "/", month.amount);
    }
    return absl::OkStatus();
  }
  absl::Status Member(const AuditMember&) override { return absl::OkStatus(); }

  const std::map<std::string, std::string>& lines() const { return lines_; }

 private:
  World& world_;
  const int place_;
  std::map<std::string, std::string> lines_;
};

template <typename Audit>
void RunAudit(World& world, int place, Audit audit, Lines& lines) {
  const absl::Status status =
      world.database(place).Read([&](Tx& tx) { return audit(tx, false, lines).status(); });
  if (!status.ok()) world.Violation(absl::StrCat("an audit fails: ", status.ToString()));
}

}  // namespace

void CheckAudits(World& world) {
  Lines people(world, kRegistry);
  Lines cover(world, kCoverage);
  Lines money(world, kSponsorship);
  RunAudit(world, kRegistry, registry::store::AuditBook, people);
  RunAudit(world, kCoverage, coverage::store::AuditBook, cover);
  RunAudit(world, kSponsorship, sponsorship::AuditBook, money);
  for (const auto& [what, value] : money.lines()) {
    const auto other = cover.lines().find(what);
    if (other == cover.lines().end() || other->second != value) {
      world.Violation(absl::StrCat("audits differ on ", what, ": sponsorship ", value,
                                   ", coverage ",
                                   other == cover.lines().end() ? "nothing" : other->second));
    }
  }
  for (const auto& [what, value] : cover.lines()) {
    if (!money.lines().contains(what)) {
      world.Violation(
          absl::StrCat("audits differ on ", what, ": sponsorship nothing, coverage ", value));
    }
  }
}

}  // namespace lingkaran::simulation
