#pragma once

#include "dosigate/app/config.h"

namespace dosigate {

/// A pair of patterns or networks by which two routes fit the same association equally well;
/// nullopt when there is none. In words, for the error.
std::optional<std::string> equally_specific(const Config::Route& a, const Config::Route& b);

}  // namespace dosigate
