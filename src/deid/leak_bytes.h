#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Looks for terms in the bytes of an array in one pass and without a copy: as single bytes or as
/// UTF-16 of either order, in capitals or small letters, as UTF-8 or Latin-1.
class LeakBytes {
 public:
  /// A value of six bytes or more: found wherever it stands. Shorter ones are taken for words.
  void add(std::string_view utf8);
  /// A name of three letters or more: found as a whole word of something that reads as text. Chance
  /// writes three given letters once in sixteen million places, but hardly ever inside a line.
  void add_word(std::string_view folded_ascii);

  enum class Found : std::uint8_t { Nothing, Term, Uid };
  /// @param word  so many bytes, a power of two, are turned round before they are read; 1: none.
  Found find(ByteView bytes, const std::unordered_set<std::string>& uids, std::size_t word) const;

 private:
  void add_bytes(std::string term);
  bool begins_a_term(std::uint32_t last_four) const;
  bool has_word(std::string_view run) const;

  std::vector<std::string> terms_;
  std::unordered_set<std::string> words_;
  std::array<std::uint64_t, 64> first_four_{};  ///< which four bytes a term begins with, hashed
};

}  // namespace dosigate
