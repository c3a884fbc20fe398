#pragma once

#include <cstdint>
#include <cstring>
#include <list>
#include <optional>
#include <unordered_map>

#include "dosigate/crypto/hash.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// The subjects resolved last, by a keyed hash of everything that resolve looked at: an equal
/// question has an equal answer, so instances of one study cost one hash. Each entry holds two keys
/// in memory of their own pages (Secret), which sets the size. Thread: one at a time (Guarded).
class SubjectCache {
 public:
  explicit SubjectCache(std::size_t capacity) : capacity_(capacity) {}

  std::optional<Subject> find(const Digest& question) {
    const auto at = where_.find(question);
    if (at == where_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, at->second);
    return at->second->second;
  }

  /// Goes up with every `clear`. An answer belongs to the generation in which its question was put:
  /// one that was read before a correction must not be remembered after it.
  std::uint64_t generation() const { return generation_; }

  /// Forgets everything: a person has corrected the map.
  void clear() {
    order_.clear();
    where_.clear();
    ++generation_;
  }

  void put(const Digest& question, const Subject& answer, std::uint64_t asked_in) {
    if (asked_in != generation_ || where_.contains(question)) return;
    order_.emplace_front(question, answer);
    where_.emplace(question, order_.begin());
    if (order_.size() <= capacity_) return;
    where_.erase(order_.back().first);
    order_.pop_back();
  }

 private:
  struct FirstBytes {  // of a hash that is uniform already
    std::size_t operator()(const Digest& digest) const noexcept {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof out);
      return out;
    }
  };
  using Entries = std::list<std::pair<Digest, Subject>>;
  std::size_t capacity_;
  std::uint64_t generation_ = 0;
  Entries order_;  ///< used last comes first
  std::unordered_map<Digest, Entries::iterator, FirstBytes> where_;
};

}  // namespace dosigate
