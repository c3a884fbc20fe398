#include "store_request.h"

#include "room.h"

namespace dosigate {
namespace {

constexpr std::uint64_t kPdvHeader = 6;  // counted, so that a stream of small PDVs ends as well
constexpr std::uint64_t kGrace = 64U << 10U;
constexpr unsigned kMostEmpty = 100;  // PDVs in a row

/// Reads the data set PDVs of one message and gives their bytes to `take`, until it says that it
/// wants no more: the rest is read and thrown away, so that the peer gets its status. Past four
/// times `max_bytes` that patience ends. @return how many bytes there were.
template <class Take>
std::variant<std::uint64_t, Ending> read_data_set(PdvReader& reader, std::uint8_t context,
                                                  Place& place, std::uint64_t max_bytes,
                                                  Take take) {
  std::uint64_t received = 0, on_the_wire = 0;
  unsigned empty = 0;
  bool wanted = true;
  while (true) {
    const auto next = reader.next();
    if (const auto* ending = std::get_if<Ending>(&next)) {
      // A release in the middle of a data set is a broken peer, not an ended one.
      return *ending == Ending::Released ? Ending::Broken : *ending;
    }
    const Pdv& pdv = std::get<Pdv>(next);
    if (pdv.command || pdv.context != context) return Ending::Broken;
    empty = pdv.data.empty() ? empty + 1 : 0;
    if (empty > kMostEmpty) return Ending::Broken;
    place.arrived(pdv.data.size() + kPdvHeader);
    received += pdv.data.size();
    on_the_wire += pdv.data.size() + kPdvHeader;
    if (on_the_wire / 4 > max_bytes + kGrace) return Ending::Broken;
    if (wanted) wanted = take(pdv.data, received);
    if (pdv.last) return received;
  }
}

}  // namespace

std::variant<ReceivedDataSet, Ending> receive_data_set(PdvReader& reader, std::uint8_t context,
                                                       ServerState& state, Place& place,
                                                       std::uint64_t max_bytes, bool keep) {
  using Verdict = ReceivedDataSet::Verdict;
  ReceivedDataSet out{Verdict::Complete, {}, MemoryShare(state.memory), 0};
  const auto read =
      read_data_set(reader, context, place, max_bytes, [&](ByteView piece, std::uint64_t received) {
        if (!keep) return false;
        if (received > max_bytes) {
          out.verdict = Verdict::TooLarge;
        } else if (!make_room(out.bytes, out.share, received, max_bytes, state, place)) {
          out.verdict = Verdict::NoMemory;
        } else {
          out.bytes.insert(out.bytes.end(), piece.begin(), piece.end());
          return true;
        }
        out.bytes = Bytes();  // frees, unlike clear()
        out.share.release();
        place.holds(0);
        return false;
      });
  if (const auto* ending = std::get_if<Ending>(&read)) return *ending;
  out.received = std::get<std::uint64_t>(read);
  return out;
}

std::variant<std::uint64_t, Ending> receive_instance(PdvReader& reader, std::uint8_t context,
                                                     InstanceTaker& taker, Place& place,
                                                     std::uint64_t max_bytes) {
  return read_data_set(
      reader, context, place, max_bytes,
      [&](ByteView piece, std::uint64_t received) { return taker.take(piece, received); });
}

}  // namespace dosigate
