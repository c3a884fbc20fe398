#include "dosigate/quarantine/quarantine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/fail_point.h"
#include "dosigate/base/guarded.h"
#include "dosigate/crypto/sealed_file.h"

namespace dosigate {
namespace {

constexpr std::string_view kComplete = ".dsq";
constexpr std::string_view kUnfinished = ".part";
/// More than head, end and tail of a file take; the true size replaces it when the file is written.
constexpr std::uint64_t kRoomForEnds = 4'096;

/// Of the sealed file: why it is held and what the instance was. The SOP Instance UID identifies,
/// the card is sealed.
struct Card {
  std::string reason, detail;
  Origin origin;
  std::string sop_class_uid, transfer_syntax_uid;
  Phi sop_instance_uid;
};

Bytes pack(const Card& card) {
  return Packer()
      .u8(1)
      .text(card.reason)
      .text(card.detail)
      .text(card.origin.called_ae)
      .text(card.origin.calling_ae)
      .text(card.origin.address)
      .text(card.origin.route)
      .text(card.sop_class_uid)
      .text(card.transfer_syntax_uid)
      .text(card.sop_instance_uid.reveal())
      .take();
}

std::optional<Card> unpack(ByteView packed) {
  Unpacker in(packed);
  if (in.u8() != 1) return std::nullopt;
  Card card;
  card.reason = in.text();
  card.detail = in.text();
  card.origin.called_ae = in.text();
  card.origin.calling_ae = in.text();
  card.origin.address = in.text();
  card.origin.route = in.text();
  card.sop_class_uid = in.text();
  card.transfer_syntax_uid = in.text();
  card.sop_instance_uid = Phi(in.text());
  if (!in.done()) return std::nullopt;
  return card;
}

struct Held {
  std::uint64_t bytes;
  std::uint64_t since;
};
using Index = std::map<InstanceId, Held>;

std::uint64_t total_bytes(const Index& index) {
  std::uint64_t sum = 0;
  for (const auto& [id, held] : index) sum += held.bytes;
  return sum;
}

Error not_held(const InstanceId& id) {
  return fail(Fault::NotFound,
              "nothing is held under the id " + to_hex(id) + "; see `dosigate quarantine list`");
}

}  // namespace

struct Quarantine::Impl {
  Impl(std::filesystem::path where, const Keyring& with, std::uint64_t cap, WallClock now)
      : directory(std::move(where)), keys(with), cap_bytes(cap), clock(std::move(now)) {
    make_private_directory(directory);
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      const std::filesystem::path& path = entry.path();
      if (path.extension() ==
          kUnfinished) {  // never acknowledged: a file gets its name when it is durable
        std::filesystem::remove(path);
      } else if (const auto id = parse_id(path.stem().string());
                 id && path.extension() == kComplete) {
        index.with([&](Index& all) { all.emplace(*id, Held{entry.file_size(), since(*id)}); });
      }
    }
    // Killed between giving a file its name and the sync of that: the ledger is told of it now.
    sync_directory(directory);
  }

  std::filesystem::path path_of(const InstanceId& id) const {
    return directory / (to_hex(id) + std::string(kComplete));
  }

  Result<SealedFileReader> open(const InstanceId& id) const {
    auto reader = SealedFileReader::open(keys, Purpose::Quarantine, path_of(id));
    if (!reader && reader.error().fault == Fault::NotFound) return not_held(id);
    // A file under another file's name would answer for it.
    if (reader && reader->id() != id)
      return fail(Fault::Corrupt,
                  "the held file " + path_of(id).string() + " is another one under this name");
    return reader;
  }

  std::uint64_t since(const InstanceId& id) const {
    if (const auto reader = open(id)) return reader->created_unix();
    // Damaged: shown with the time of its last change rather than with none.
    struct stat info {};
    if (::stat(path_of(id).c_str(), &info) != 0)
      throw std::system_error(errno, std::generic_category(), "stat " + path_of(id).string());
    return static_cast<std::uint64_t>(info.st_mtime);
  }

  Result<Card> card(const SealedFileReader& reader) const {
    auto card = unpack(reader.card());
    if (!card)
      return fail(Fault::Corrupt,
                  "the held file " + path_of(reader.id()).string() +
                      " was written by another version; use that one to release it");
    return *card;
  }

  std::uint64_t write(const InstanceId& id, const ReceivedInstance& original, const Bytes& card,
                      std::uint64_t now, SealedFileWriter* passed) const {
    const auto path = path_of(id);
    auto unfinished = path;
    unfinished += kUnfinished;
    const std::shared_lock lock(writing);
    std::optional<SealedFileWriter> own;
    if (passed == nullptr) own.emplace(keys, unfinished, id, now);
    SealedFileWriter& file = own ? *own : *passed;
    if (original.passed) {
      const ByteView around(original.data_set);
      file.write(Section::Header, around.first(original.passed->at));
      file.write(Section::Trailer, around.subspan(original.passed->at));
    } else {
      file.write(Section::Body, original.data_set);
    }
    const std::uint64_t size = file.finish(Purpose::Quarantine, card);
    move_into_place(file.path(), path);
    try {
      sync_directory(directory);
    } catch (...) {
      ::unlink(path.c_str());  // it is refused: what was refused is not held as well
      throw;
    }
    fail_point("quarantine.after-file");
    return size;
  }

  std::filesystem::path directory;
  const Keyring& keys;
  std::uint64_t cap_bytes;
  std::atomic<bool> no_room{false};  ///< for one that came after the last removal
  WallClock clock;
  Guarded<Index> index;
  mutable std::shared_mutex writing;  ///< shared by whoever writes a held file
};

Quarantine::Quarantine(std::filesystem::path directory, const Keyring& keys,
                       std::uint64_t cap_bytes, WallClock clock)
    : impl_(std::make_unique<Impl>(std::move(directory), keys, cap_bytes, std::move(clock))) {}

Quarantine::~Quarantine() = default;

Result<void> Quarantine::hold(const InstanceId& id, const ReceivedInstance& original,
                              std::string_view reason, std::string_view detail,
                              SealedFileWriter* passed) {
  if (original.passed && (passed == nullptr || passed->id() != id))
    throw std::logic_error("an original is held without the file that its pixel data went into");
  const Bytes card =
      pack({std::string(reason), std::string(detail), original.origin, original.sop_class_uid,
            original.transfer_syntax_uid, original.sop_instance_uid});
  const auto now = static_cast<std::uint64_t>(to_unix(impl_->clock()));
  // The room is taken before the file is written, so that many at once cannot pass the cap
  // together.
  const std::uint64_t plain =
      original.data_set.size() + (original.passed ? original.passed->length : 0);
  const std::uint64_t room = plain + plain / 2'048 + card.size() + kRoomForEnds;
  enum class Admitted { Yes, NoRoom, Known };
  const Admitted admitted = impl_->index.with([&](Index& all) {
    if (all.contains(id)) return Admitted::Known;
    if (total_bytes(all) + room > impl_->cap_bytes) return Admitted::NoRoom;
    all.emplace(id, Held{room, now});
    return Admitted::Yes;
  });
  if (admitted == Admitted::Known)
    return fail(Fault::Conflict, "an instance is held already under the id " + to_hex(id));
  if (admitted == Admitted::NoRoom) {
    impl_->no_room = true;
    return fail(Fault::Busy, "the quarantine is full (cap " + std::to_string(impl_->cap_bytes) +
                                 " bytes); release or discard what is held, or raise the cap");
  }
  try {
    const std::uint64_t size = impl_->write(id, original, card, now, passed);
    impl_->index.with([&](Index& all) { all.at(id).bytes = size; });
  } catch (...) {
    impl_->index.with([&](Index& all) { all.erase(id); });
    throw;
  }
  return {};
}

Result<Quarantine::Entry> Quarantine::find(const InstanceId& id) const {
  const auto reader = impl_->open(id);
  if (!reader) return reader.error();
  auto card = impl_->card(*reader);
  if (!card) return card.error();
  Entry entry;
  entry.id = id;
  entry.reason = std::move(card->reason);
  entry.detail = std::move(card->detail);
  entry.origin = std::move(card->origin);
  entry.sop_class_uid = std::move(card->sop_class_uid);
  entry.transfer_syntax_uid = std::move(card->transfer_syntax_uid);
  entry.bytes = std::filesystem::file_size(impl_->path_of(id));
  entry.held_unix = reader->created_unix();
  return entry;
}

std::vector<Quarantine::Entry> Quarantine::list() const {
  const Index known = impl_->index.with([](const Index& all) { return all; });
  std::vector<Entry> out;
  for (const auto& [id, held] : known) {
    auto entry = find(id);
    if (entry) {
      out.push_back(std::move(*entry));
    } else if (entry.error().fault !=
               Fault::NotFound) {  // NotFound: removed meanwhile, or not written yet
      // Custody was promised for it, so it stays in sight.
      Entry damaged;
      damaged.id = id;
      damaged.reason = kDamaged;
      damaged.detail = entry.error().detail;
      damaged.bytes = held.bytes;
      damaged.held_unix = held.since;
      out.push_back(std::move(damaged));
    }
  }
  std::ranges::stable_sort(out, {}, &Entry::held_unix);
  return out;
}

Result<ReceivedInstance> Quarantine::read(const InstanceId& id, const Sink& sink) const {
  const auto reader = impl_->open(id);
  if (!reader) return reader.error();
  auto card = impl_->card(*reader);
  if (!card) return card.error();
  ReceivedInstance original;
  original.origin = std::move(card->origin);
  original.sop_class_uid = std::move(card->sop_class_uid);
  original.sop_instance_uid = std::move(card->sop_instance_uid);
  original.transfer_syntax_uid = std::move(card->transfer_syntax_uid);
  const auto read = reader->read(Section::Header, Section::Trailer, [&](ByteView piece) {
    sink(original, piece);
    return true;
  });
  if (!read) return read.error();
  return original;
}

Result<ReceivedInstance> Quarantine::original(const InstanceId& id) const {
  Bytes data_set;
  auto original = read(id, [&](const ReceivedInstance&, ByteView piece) {
    data_set.insert(data_set.end(), piece.begin(), piece.end());
  });
  if (original) original->data_set = std::move(data_set);
  return original;
}

Result<void> Quarantine::remove(const InstanceId& id) {
  const auto path = impl_->path_of(id);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return not_held(id);
    throw std::system_error(errno, std::generic_category(), "remove " + path.string());
  }
  sync_directory(impl_->directory);
  impl_->index.with([&](Index& all) { all.erase(id); });
  impl_->no_room = false;
  return {};
}

Result<std::size_t> Quarantine::rewrap() {
  // A file whose writing began under the older key gets its name first; those that begin now are
  // under the newest.
  { const std::unique_lock none_is_being_written(impl_->writing); }
  const Index known = impl_->index.with([](const Index& all) { return all; });
  std::size_t rewrapped = 0;
  for (const auto& [id, held] : known) {
    const auto done = rewrap_sealed_file(impl_->keys, Purpose::Quarantine, impl_->path_of(id));
    if (done) {
      rewrapped += *done ? 1 : 0;
    } else if (done.error().fault == Fault::Denied) {
      return done.error();
    }
  }
  return rewrapped;
}

Quarantine::Totals Quarantine::totals() const {
  return impl_->index.with([](const Index& all) {
    Totals totals{all.size(), total_bytes(all), 0};
    for (const auto& [id, held] : all)
      if (totals.oldest_unix == 0 || held.since < totals.oldest_unix)
        totals.oldest_unix = held.since;
    return totals;
  });
}

bool Quarantine::is_full() const {
  const std::uint64_t used = totals().bytes;
  return impl_->no_room || (used > 0 && used >= impl_->cap_bytes - impl_->cap_bytes / 20);
}

}  // namespace dosigate
