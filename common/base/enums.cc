#include "common/base/enums.h"

#include "lingkaran/common/v1/types.pb.h"

namespace lingkaran {
namespace {

#define LINGKARAN_SAME(ours, theirs) \
  static_assert(static_cast<int>(ours) == static_cast<int>(common::v1::theirs))
LINGKARAN_SAME(Programme::kUnspecified, PROGRAMME_UNSPECIFIED);
LINGKARAN_SAME(Programme::kJkk, PROGRAMME_JKK);
LINGKARAN_SAME(Programme::kJkm, PROGRAMME_JKM);
LINGKARAN_SAME(Programme::kJht, PROGRAMME_JHT);
LINGKARAN_SAME(Programme::kJht, Programme_MAX);
LINGKARAN_SAME(PayerClass::kUnspecified, PAYER_CLASS_UNSPECIFIED);
LINGKARAN_SAME(PayerClass::kCsr, PAYER_CLASS_CSR);
LINGKARAN_SAME(PayerClass::kBank, PAYER_CLASS_BANK);
LINGKARAN_SAME(PayerClass::kInstitution, PAYER_CLASS_INSTITUTION);
LINGKARAN_SAME(PayerClass::kIndividual, PAYER_CLASS_INDIVIDUAL);
LINGKARAN_SAME(PayerClass::kSelf, PAYER_CLASS_SELF);
LINGKARAN_SAME(PayerClass::kApbn, PAYER_CLASS_APBN);
LINGKARAN_SAME(PayerClass::kApbd, PAYER_CLASS_APBD);
LINGKARAN_SAME(PayerClass::kVillage, PAYER_CLASS_VILLAGE);
LINGKARAN_SAME(PayerClass::kVillage, PayerClass_MAX);
LINGKARAN_SAME(Sector::kUnspecified, SECTOR_UNSPECIFIED);
LINGKARAN_SAME(Sector::kOther, SECTOR_OTHER);
LINGKARAN_SAME(Sector::kTransport, SECTOR_TRANSPORT);
LINGKARAN_SAME(Sector::kTransport, Sector_MAX);
#undef LINGKARAN_SAME

}  // namespace
}  // namespace lingkaran
