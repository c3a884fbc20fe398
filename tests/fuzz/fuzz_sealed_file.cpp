// A spool file that somebody has changed: Corrupt, or the same bytes as before. Never others.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/sealed_file.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

namespace {

struct Sealed {
  std::filesystem::path folder;
  Keyring keys;
  Bytes good;          ///< a whole file with three sections
  std::string header;  ///< plain
};

Sealed make() {
  const std::filesystem::path folder =
      "/dev/shm/dosigate-fuzz-sealed-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const Secret master = random_secret();
  must(Keyring::create(folder / "keyring", master).has_value());
  auto keys = Keyring::open(folder / "keyring", master);
  must(keys.has_value());
  const std::string header(500, 'h');
  {
    SealedFileWriter writer(*keys, folder / "good", InstanceId{7}, 1'700'000'000);
    writer.write(Section::Body, Bytes(70'000, 1));
    writer.write(Section::Header, as_bytes(header));
    writer.write(Section::Pairs, Bytes(40, 2));
    writer.finish(Purpose::SpoolArchive, as_bytes("card"));
  }
  return {folder, std::move(*keys), read_file(folder / "good", 1U << 20U), header};
}

Sealed& sealed() {
  static Sealed made = make();
  return made;
}

}  // namespace

/// The input: a mode, then either a whole file, or changes of the good one (offset 3 bytes, value).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  Bytes image;
  if (data[0] % 2 == 0) {
    image.assign(input.begin(), input.end());
  } else {
    image = sealed().good;
    for (std::size_t at = 0; at + 4 <= input.size(); at += 4) {
      const std::size_t offset =
          (input[at] | std::size_t{input[at + 1]} << 8U | std::size_t{input[at + 2]} << 16U) %
          image.size();
      image[offset] = input[at + 3];
    }
    // A rest of one byte or more cuts the file.
    if (input.size() % 4 != 0) image.resize(image.size() - image.size() * input.back() / 256);
  }
  const std::filesystem::path path = sealed().folder / "changed";
  {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    must(file &&
         ::write(file.get(), image.data(), image.size()) == static_cast<ssize_t>(image.size()));
  }

  const auto reader = SealedFileReader::open(sealed().keys, Purpose::SpoolArchive, path);
  if (!reader) return 0;
  must(reader->card() == Bytes({'c', 'a', 'r', 'd'}) && reader->length(Section::Body) == 70'000);
  const auto header = reader->read_all(Section::Header, 1U << 20U);
  must(!header || as_text(*header) == sealed().header);
  std::size_t body = 0;
  const auto read = reader->read(Section::Body, Section::Body, [&](ByteView bytes) {
    must(std::all_of(bytes.begin(), bytes.end(), [](Byte byte) { return byte == 1; }));
    body += bytes.size();
    return true;
  });
  must(!read || body == 70'000);
  const auto pairs = reader->read_all(Section::Pairs, 1U << 20U);
  must(!pairs || *pairs == Bytes(40, 2));
  must(image == sealed().good || !read || !header || !pairs ||
       std::equal(image.begin() + 112, image.end(), sealed().good.begin() + 112));
  return 0;
}
