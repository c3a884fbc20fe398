#include "room.h"

#include <algorithm>
#include <new>

namespace dosigate {
namespace {

constexpr std::uint64_t kFirstStep = 64U << 10U;
/// What is held of an image at the most: at once, for what grows is copied.
constexpr std::uint64_t kSecondStep = 1U << 20U;
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

}  // namespace

bool make_room(Bytes& bytes, MemoryShare& share, std::uint64_t need, std::uint64_t max_bytes,
               ServerState& state, Place& place) {
  if (need <= bytes.capacity()) return true;
  const std::uint64_t grown = bytes.capacity() == 0
                                  ? kFirstStep
                                  : std::max(kSecondStep, bytes.capacity() * std::uint64_t{2});
  std::uint64_t target = std::min(std::max(need, grown), max_bytes);
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

}  // namespace dosigate
