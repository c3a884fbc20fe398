#pragma once

#include "dosigate/app/config.h"

namespace dosigate {

/// A pair of patterns or networks by which two routes fit the same association equally well;
/// nullopt when there is none. In words, for the error.
std::optional<std::string> equally_specific(const Config::Route& a, const Config::Route& b);

/// Whether an association from this address could be one that the configuration knows: of a route
/// (one without `from` is open to all), of a destination or of a peer whose host is an address.
bool has_address(const Config& config, std::string_view address);

}  // namespace dosigate
