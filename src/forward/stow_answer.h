#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_link.h"

namespace dosigate {

/// What an archive's answer to STOW-RS (PS3.18 10.5.3) means for the one instance of the request.
struct StowVerdict {
  enum class What {
    Stored,        ///< `status`: success, or the archive's warning
    Failed,        ///< `status`: a failure reason, judged like a status of C-STORE
    AlreadyThere,  ///< 409 that says so, or says nothing
    Refused,       ///< this instance, for good
    Unclear,       ///< nobody can tell: tried again, and parked in the end
    Busy,          ///< the archive, not the instance: later, all of them
    Broken,        ///< 5xx: later, all of them; this instance may be the cause
    Denied,        ///< the destination as it is configured: a person must change something
  };
  What what;
  std::uint16_t status = 0;
  std::string words;  ///< what happened, to what, what to do
  std::optional<std::chrono::seconds> retry_after{};
};

StowVerdict judge_stow_answer(const HttpAnswer& answer, std::string_view sop_instance_uid,
                              const StowTarget& to);

}  // namespace dosigate
