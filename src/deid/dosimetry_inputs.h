#pragma once

#include <cstdint>

namespace dosigate {

/// What dosimetry computes with (dosimetry.md A2), by tag, wherever it stands at the top level or
/// in the sequences of dosimetry.
enum class Input : std::uint8_t {
  None,
  Physics,         ///< activity, units, rescale, vectors, geometry: equal in every profile
  Characteristic,  ///< weight, size, sex: equal where the profile retains them
  Instant  ///< date or time of the decay chain: moved by exactly the offset where the profile
           ///< shifts dates
};
Input input_of(std::uint32_t tag);

/// Sequences in which those inputs stand: they may never be removed.
bool is_input_sequence(std::uint32_t tag);

}  // namespace dosigate
