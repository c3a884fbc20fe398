#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dosigate {

/// Private creators removed since the last write, by device. Bounded: a sender may invent as many
/// creators and cameras as it likes. Thread: one at a time (Guarded).
class RemovedCreators {
 public:
  static constexpr std::size_t kMostPerDevice = 256;
  static constexpr std::size_t kMostDevices = 1024;
  static constexpr std::size_t kLongest = 256;  ///< bytes; LO has 64 characters

  struct Count {
    std::int64_t instances = 0;
    long long first_seen = 0, last_seen = 0;

    void add(const Count& more) {
      first_seen = instances == 0 ? more.first_seen : std::min(first_seen, more.first_seen);
      last_seen = std::max(last_seen, more.last_seen);
      instances += more.instances;
    }
  };
  struct OfDevice {
    std::map<std::string, Count, std::less<>> named;
    Count others;  ///< beyond kMostPerDevice
  };
  using ByDevice = std::map<std::int64_t, OfDevice>;

  void add(std::int64_t device, std::string_view creator, const Count& count) {
    OfDevice& of = devices_[room_for(device)];
    creator = creator.substr(0, kLongest);
    const auto known = of.named.find(creator);
    if (known != of.named.end()) {
      known->second.add(count);
    } else if (of.named.size() < kMostPerDevice) {
      of.named.emplace(creator, count);
    } else {
      of.others.add(count);
    }
  }
  void add_others(std::int64_t device, const Count& count) {
    devices_[room_for(device)].others.add(count);
  }

  /// Hands everything over and begins again.
  ByDevice take() { return std::exchange(devices_, {}); }
  /// What could not be written comes back to what was counted since.
  void put_back(const ByDevice& counts) {
    for (const auto& [device, of] : counts) {
      for (const auto& [creator, count] : of.named) add(device, creator, count);
      if (of.others.instances > 0) add_others(device, of.others);
    }
  }

 private:
  /// Devices beyond the bound are counted with those that have no name.
  std::int64_t room_for(std::int64_t device) const {
    return devices_.size() < kMostDevices || devices_.contains(device) ? device : 0;
  }
  ByDevice devices_;
};

}  // namespace dosigate
