#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "sealed_bundle.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint32_t kLongestName = 200;
constexpr std::uint32_t kLongestPiece = 1U << 20U;

/// Entries out of chunks that begin and end anywhere.
class Entries {
 public:
  using Use = std::function<void(const std::string&, ByteView)>;
  Entries(const BundleCard& card, const Use& use) : card_(card), use_(use) {}

  /// False when it is not what the card says.
  bool feed(ByteView bytes) {
    while (!bytes.empty()) {
      const ByteView part = bytes.first(std::min(bytes.size(), need_));
      bytes = bytes.subspan(part.size());
      need_ -= part.size();
      if (state_ == State::Piece) {
        length_ += part.size();
        use_(name_, part);
      } else {
        held_.insert(held_.end(), part.begin(), part.end());
      }
      if (need_ == 0 && !step()) return false;
    }
    return true;
  }
  bool complete() const {
    return state_ == State::NameLength && held_.empty() && number_ == card_.entries.size();
  }

 private:
  enum class State { NameLength, Name, PieceLength, Piece };

  /// Everything that was waited for is there.
  bool step() {
    const Bytes held = std::exchange(held_, {});
    switch (state_) {
      case State::NameLength: {
        const std::uint32_t size = Unpacker(held).u32();
        if (size == 0 || size > kLongestName || number_ == card_.entries.size()) return false;
        return wait(State::Name, size);
      }
      case State::Name:
        name_ = as_text(held);
        length_ = 0;
        if (name_ != card_.entries[number_].first) return false;
        use_(name_, {});
        return wait(State::PieceLength, 4);
      case State::PieceLength: {
        const std::uint32_t size = Unpacker(held).u32();
        if (size > kLongestPiece) return false;
        if (size > 0) return wait(State::Piece, size);
        if (length_ != card_.entries[number_].second) return false;
        ++number_;
        return wait(State::NameLength, 4);
      }
      case State::Piece:
        return wait(State::PieceLength, 4);
    }
    return false;
  }
  bool wait(State state, std::size_t need) {
    state_ = state;
    need_ = need;
    return true;
  }

  const BundleCard& card_;
  const Use& use_;
  State state_ = State::NameLength;
  std::size_t need_ = 4;
  Bytes held_;
  std::string name_;
  std::uint64_t length_ = 0;
  std::size_t number_ = 0;  ///< of the entry that is being read
};

Error damaged(const fs::path& file, const char* why) {
  return fail(Fault::Corrupt, file.string() + " " + why + ": take another backup of that time");
}

Result<BundleCard> parse_card(const fs::path& file, const Bytes& bytes) try {
  const json::value card = json::parse(as_text(bytes));
  if (card.at("format").as_int64() != 1)
    return fail(Fault::Conflict, file.string() + " was written by dosigate " +
                                     std::string(card.at("version").as_string()) +
                                     " in a form that this program does not know: use that one");
  BundleCard out;
  out.kind = card.at("kind").as_string();
  out.node = card.at("node").as_string();
  out.version = card.at("version").as_string();
  out.created = card.at("created").to_number<std::uint64_t>();
  for (const auto& [name, value] : card.at("facts").as_object())
    out.facts[name] = value.as_string();
  for (const json::value& entry : card.at("entries").as_array()) {
    const std::string name(entry.at("name").as_string());
    const bool twice = std::any_of(out.entries.begin(), out.entries.end(),
                                   [&](const auto& other) { return other.first == name; });
    if (!is_entry_name(name) || twice)
      return fail(Fault::Corrupt, file.string() + " holds a name that no file may have");
    out.entries.emplace_back(name, entry.at("bytes").to_number<std::uint64_t>());
  }
  return out;
} catch (const std::exception&) {
  return damaged(file, "has a card that cannot be read");
}

}  // namespace

Result<void> is_bundle(const fs::path& folder) {
  for (const char* name : {"keyring", "bundle.dsb"}) {
    std::error_code failed;
    if (fs::is_regular_file(folder / name, failed)) continue;
    if (failed == std::errc::permission_denied)
      return fail(Fault::Denied, folder.string() + " cannot be read: use sudo");
    return fail(Fault::NotFound, folder.string() + " is no backup folder: " +
                                     (fs::is_directory(folder, failed)
                                          ? std::string("there is no ") + name + " in it"
                                          : "it is no directory") +
                                     "; name the folder that `dosigate backup` or `dosigate map "
                                     "export` has made");
  }
  return {};
}

BundleReader::BundleReader(fs::path file, SealedFileReader reader, BundleCard card)
    : file_(std::move(file)), reader_(std::move(reader)), card_(std::move(card)) {}

Result<BundleReader> BundleReader::open(const Keyring& keys, const fs::path& folder) {
  const fs::path file = folder / "bundle.dsb";
  auto reader = SealedFileReader::open(keys, Purpose::Backup, file);
  if (!reader) return reader.error();
  auto card = parse_card(file, reader->card());
  if (!card) return card.error();
  return BundleReader(file, std::move(*reader), std::move(*card));
}

Result<void> BundleReader::read(
    const std::function<void(const std::string& name, ByteView piece)>& use) const {
  Entries entries(card_, use);
  bool as_said = true;
  const auto read = reader_.read(Section::Body, Section::Body, [&](ByteView chunk) {
    as_said = entries.feed(chunk);
    return as_said;
  });
  if (!read) return read.error();
  if (!as_said || !entries.complete()) return damaged(file_, "does not hold what its card says");
  return {};
}

}  // namespace dosigate
