#include "store_request.h"

#include <algorithm>
#include <new>

namespace dosigate {
namespace {

constexpr std::uint64_t kFirstStep = 64U << 10U;
constexpr std::uint64_t kPdvHeader = 6;  // counted, so that a stream of small PDVs ends as well
constexpr unsigned kMostEmpty = 100;     // PDVs in a row
constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::milliseconds kMemoryComesWithin{100};

/// Grows the share: at the cost of those that hold memory and do not go on, or when others are
/// done.
bool grow(MemoryShare& share, std::uint64_t need, ServerState& state, Place& place) {
  if (share.grow_to(need)) return true;
  place.is(Place::Doing::Working);  // the peer is not what is waited for
  const SteadyTime until = steady_now() + kPatience;
  bool grown = false;
  while (!grown && steady_now() < until) {
    (void)state.places.make_memory(place);  // or somebody else's instance ends by itself
    grown = share.grow_to(need, kMemoryComesWithin);
  }
  place.is(Place::Doing::Receiving);
  return grown;
}

/// Room for `need` bytes: doubled when the budget has that much, else just enough.
bool make_room(Bytes& bytes, MemoryShare& share, std::uint64_t need, std::uint64_t max_bytes,
               ServerState& state, Place& place) {
  if (need <= bytes.capacity()) return true;
  std::uint64_t target =
      std::min(std::max({need, std::uint64_t{bytes.capacity()} * 2, kFirstStep}), max_bytes);
  if (!share.grow_to(target)) {
    target = need;
    if (!grow(share, need, state, place)) return false;
  }
  try {
    bytes.reserve(target);
  } catch (const std::bad_alloc&) {
    return false;  // an answer to this peer, not the end of the node
  }
  place.holds(share.bytes());
  return true;
}

}  // namespace

std::variant<ReceivedDataSet, Ending> receive_data_set(PdvReader& reader, std::uint8_t context,
                                                       ServerState& state, Place& place,
                                                       std::uint64_t max_bytes, bool keep) {
  using Verdict = ReceivedDataSet::Verdict;
  ReceivedDataSet out{Verdict::Complete, {}, MemoryShare(state.memory), 0};
  std::uint64_t on_the_wire = 0;
  unsigned empty = 0;
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
    out.received += pdv.data.size();
    on_the_wire += pdv.data.size() + kPdvHeader;
    if (on_the_wire / 4 > max_bytes + kFirstStep) return Ending::Broken;

    if (keep) {
      const std::uint64_t need = out.bytes.size() + pdv.data.size();
      if (need > max_bytes) {
        out.verdict = Verdict::TooLarge;
      } else if (!make_room(out.bytes, out.share, need, max_bytes, state, place)) {
        out.verdict = Verdict::NoMemory;
      }
      if (out.verdict == Verdict::Complete) {
        out.bytes.insert(out.bytes.end(), pdv.data.begin(), pdv.data.end());
      } else {
        keep = false;
        out.bytes = Bytes();  // frees, unlike clear()
        out.share.release();
        place.holds(0);
      }
    }
    if (pdv.last) return out;
  }
}

}  // namespace dosigate
