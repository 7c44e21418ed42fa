// lingkaran keys
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/crypto/personal_data_vault.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {
namespace {

// Writes a file that must not exist yet and that only its owner may read.
absl::Status WriteNewSecretFile(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError("berkas " + path +
                                    " sudah ada dan tidak ditimpa: data yang disegel dengan kunci "
                                    "lama tidak terbaca tanpanya. Pilih nama lain.");
  }
  if (fd < 0) {
    return absl::InvalidArgumentError("berkas " + path + " tidak dapat dibuat: " + strerror(errno));
  }
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const bool closed = close(fd) == 0;
  if (written && closed) return absl::OkStatus();
  unlink(path.c_str());
  return absl::InvalidArgumentError("berkas " + path + " tidak dapat ditulis: " + strerror(errno));
}

}  // namespace

void AddKeysCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("keys", "Keys that seal personal data");
  auto path = std::make_shared<std::string>();
  CLI::App* verb = commands.Verb(
      noun, "new", "Make a key file for the registry and coverage; never overwrites one",
      "keys new /etc/lingkaran/keys.json", [path](Session& session) -> absl::StatusOr<ExitCode> {
        RETURN_IF_ERROR(WriteNewSecretFile(*path, PersonalDataVault::NewKeyFile()));
        if (!session.globals().json) {
          session.err() << "Kunci baru: " << *path
                        << ". Simpan salinannya di tempat aman: tanpa kunci ini data pribadi tidak "
                           "dapat dibuka lagi.\n";
        }
        return kYes;
      });
  verb->add_option("FILE", *path, "Where to write it")->required()->type_name("");
}

}  // namespace lingkaran::cli
