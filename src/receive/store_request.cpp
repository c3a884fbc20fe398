#include "store_request.h"

#include <algorithm>
#include <new>

namespace dosigate {
namespace {

constexpr std::uint64_t kFirstStep = 64U << 10U;
constexpr std::uint64_t kPdvHeader = 6;  // counted, so that a stream of empty PDVs ends as well

/// Room for `need` bytes: doubled when the budget has that much, else just enough.
bool make_room(Bytes& bytes, MemoryShare& share, std::uint64_t need, std::uint64_t max_bytes) {
  if (need <= bytes.capacity()) return true;
  const std::uint64_t doubled =
      std::min(std::max({need, std::uint64_t{bytes.capacity()} * 2, kFirstStep}), max_bytes);
  for (const std::uint64_t target : {doubled, need}) {
    if (!share.grow_to(target)) continue;
    try {
      bytes.reserve(target);
      return true;
    } catch (const std::bad_alloc&) {
      return false;  // an answer to this peer, not the end of the node
    }
  }
  return false;
}

}  // namespace

std::variant<ReceivedDataSet, Ending> receive_data_set(PdvReader& reader, std::uint8_t context,
                                                       MemoryBudget& budget,
                                                       std::uint64_t max_bytes, bool keep) {
  using Verdict = ReceivedDataSet::Verdict;
  ReceivedDataSet out{Verdict::Complete, {}, MemoryShare(budget), 0};
  std::uint64_t on_the_wire = 0;
  while (true) {
    const auto next = reader.next();
    if (const auto* ending = std::get_if<Ending>(&next)) {
      // A release in the middle of a data set is a broken peer, not an ended one.
      return *ending == Ending::Released ? Ending::Broken : *ending;
    }
    const Pdv& pdv = std::get<Pdv>(next);
    if (pdv.command || pdv.context != context) return Ending::Broken;
    out.received += pdv.data.size();
    on_the_wire += pdv.data.size() + kPdvHeader;
    if (on_the_wire / 4 > max_bytes + kFirstStep) return Ending::Broken;

    if (keep) {
      const std::uint64_t need = out.bytes.size() + pdv.data.size();
      if (need > max_bytes) {
        out.verdict = Verdict::TooLarge;
      } else if (!make_room(out.bytes, out.share, need, max_bytes)) {
        out.verdict = Verdict::NoMemory;
      }
      if (out.verdict == Verdict::Complete) {
        out.bytes.insert(out.bytes.end(), pdv.data.begin(), pdv.data.end());
      } else {
        keep = false;
        out.bytes = Bytes();  // frees, unlike clear()
        out.share.release();
      }
    }
    if (pdv.last) return out;
  }
}

}  // namespace dosigate
