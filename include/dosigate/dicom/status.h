#pragma once

#include <cstdint>
#include <string>

#include "dosigate/base/result.h"

namespace dosigate {

/// Statuses of PS3.7 Annex C.
inline constexpr std::uint16_t kProcessingFailure = 0x0110;
inline constexpr std::uint16_t kDuplicateInstance = 0x0111;
inline constexpr std::uint16_t kNoSuchInstance = 0x0112;

/// The C-STORE status of an outcome, in one table (PS3.4 Table B.2-1, PS3.7 Annex C).
/// Busy, Unavailable, NotFound, Denied, Corrupt: 0xA700. NotDicom: 0xC000. Mismatch: 0xA900.
/// Uncertain: 0x0124 (refused: not authorised, `on_uncertain = "refuse"`). Conflict, Invalid:
/// 0x0110.
std::uint16_t to_dimse(Fault fault);

/// What an archive's C-STORE status means for the queue (design 3.6).
enum class Delivery { Delivered, DeliveredIfSentBefore, Retry, Park };
Delivery classify_store_status(std::uint16_t status);
/// "A700 out of resources": the status in words, for status and logs.
std::string status_text(std::uint16_t status);

}  // namespace dosigate
