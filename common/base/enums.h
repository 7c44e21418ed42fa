// The words that all three services share. The numbers are those of
// lingkaran/common/v1/types.proto (enums.cc checks that), so a static_cast converts.
#pragma once

namespace lingkaran {

// What a worker can be covered for, in the order in which money pays within a month.
enum class Programme : int {
  kUnspecified = 0,
  kJkk = 1,  // work accident
  kJkm = 2,  // death
  kJht = 3,  // old age, optional
};

// Whose money pays.
enum class PayerClass : int {
  kUnspecified = 0,
  kCsr = 1,
  kBank = 2,
  kInstitution = 3,
  kIndividual = 4,
  kSelf = 5,
  kApbn = 6,
  kApbd = 7,
  kVillage = 8,
};

// Line of work, as far as tariffs and discounts tell it apart.
enum class Sector : int { kUnspecified = 0, kOther = 1, kTransport = 2 };

}  // namespace lingkaran
