// lingkaran keys
#include "common/crypto/personal_data_vault.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/session/files.h"

namespace lingkaran::cli {

void AddKeysCommands(Commands& commands) {
  auto path = std::make_shared<std::string>();
  const auto make = [path](Session& session) -> absl::StatusOr<ExitCode> {
    const absl::Status status =
        WritePrivateFile(*path, PersonalDataVault::NewKeyFile(), /*replace=*/false);
    if (absl::IsAlreadyExists(status)) {
      return absl::AlreadyExistsError(
          "berkas " + *path +
          " sudah ada dan tidak ditimpa: tanpa kunci lama, data yang disegel dengannya tidak "
          "dapat dibuka lagi. Pilih nama lain.");
    }
    RETURN_IF_ERROR(status);
    if (!session.globals().json) {
      session.err() << "Kunci baru: " << *path
                    << ". Simpan salinannya di tempat aman: tanpa kunci ini data pribadi tidak "
                       "dapat dibuka lagi.\n";
    }
    return kYes;
  };
  commands.AddNoun("keys", "Keys that seal personal data")
      .AddVerb("new", "Make a key file for the registry and coverage; never overwrites one",
               "keys new /etc/lingkaran/keys.json", make)
      .Options({{"FILE", path.get(), "Where to write it", kRequired}});
}

}  // namespace lingkaran::cli
