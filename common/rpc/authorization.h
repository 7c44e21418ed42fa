// Which role may call which RPC: one table, default deny.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lingkaran {

// What an actor is allowed to be.
enum class Role : unsigned {
  kNone = 0,
  kAgency = 1,    // proposes candidates, asks about its own
  kOfficer = 2,   // branch: reviews, enrols, records
  kSponsor = 4,   // sees reports
  kClinic = 8,    // asks for eligibility only
  kAdmin = 16,    // rules and operation
  kService = 32,  // another service of the suite
};

// The role of a name in the actor's metadata ("officer"); kNone for an unknown one.
Role RoleFromName(std::string_view name);
std::string_view RoleName(Role role);

// True if the table lets the role call the method ("package.Service/Method").
bool MayCall(Role role, std::string_view method);

// The roles that the table lets call the method, added up; 0 for a method that it does not have.
unsigned RolesThatMayCall(std::string_view method);

// All methods of the table; a test holds it against the descriptors of all services.
std::vector<std::string> MethodsWithRights();

}  // namespace lingkaran
