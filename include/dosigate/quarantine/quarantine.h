#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/crypto/sealed_file.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Originals held for a person's decision, each a sealed file `<id>.dsq` (crypto/sealed_file.h,
/// purpose Quarantine) in its own directory 0700: Header, Body and Trailer together are the data
/// set as received, the card says why. Nothing leaves by time. Has its own cap. A file gets its
/// name when it is durable; what a crash left unfinished (`.part`) is removed at start. A held file
/// is never removed but by `remove`: one that does not open any more is listed as kDamaged. Thread:
/// any.
class Quarantine {
 public:
  static constexpr const char* kDamaged =
      "damaged";  ///< Entry::reason of a file that does not authenticate
  struct Entry {
    InstanceId id{};
    std::string reason;  ///< hold_reason_text
    std::string detail;  ///< tags and kinds, never a value
    Origin origin;
    std::string sop_class_uid;
    std::string transfer_syntax_uid;
    std::uint64_t bytes = 0;  ///< of the file
    std::uint64_t held_unix = 0;
  };

  Quarantine(std::filesystem::path directory, const Keyring& keys, std::uint64_t cap_bytes,
             WallClock clock = wall_now);
  ~Quarantine();

  /// Durable, with its directory entry, on return. Busy when the cap would be passed (the answer is
  /// then 0xA700), Conflict when the id is held already. Throws std::system_error when the disk
  /// fails; nothing is then held.
  /// @param passed  the file of that id into whose section Body the value of its pixel data went
  ///                before anybody knew that it would be held, when `original` says that it passed.
  Result<void> hold(const InstanceId& id, const ReceivedInstance& original, std::string_view reason,
                    std::string_view detail, SealedFileWriter* passed = nullptr);
  /// Ascending by age, oldest first. Reads the ends of the files only.
  std::vector<Entry> list() const;
  Result<Entry> find(const InstanceId& id) const;
  /// Gives the bytes of the original to `sink`, as received, piece by piece, with whatever else was
  /// received beside them. Corrupt when it does not authenticate: what was given by then is to be
  /// thrown away. @return that, without the bytes.
  using Sink = std::function<void(const ReceivedInstance& beside, ByteView piece)>;
  Result<ReceivedInstance> read(const InstanceId& id, const Sink& sink) const;
  /// All of it in memory.
  Result<ReceivedInstance> original(const InstanceId& id) const;
  /// Removes the file durably. NotFound when there is none.
  Result<void> remove(const InstanceId& id);

  /// As Spool::rewrap, for the held files. A damaged one is left as it is.
  Result<std::size_t> rewrap();

  struct Totals {
    std::uint64_t count, bytes, oldest_unix;  ///< of what is held; oldest 0 when nothing is
  };
  Totals totals() const;
  /// Something was refused for want of room since the last removal, or less than a twentieth of the
  /// cap is left.
  bool is_full() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
