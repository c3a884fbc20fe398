#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "offline_run.h"

namespace dosigate::cli {

/// A finished run in the operator's words: counts, then what was not cleaned, one line each.
/// @param names  whether the items are shown by the names they have in the input. Such a name may
///               name a patient: to a terminal only; elsewhere by their numbers.
std::string summary(const std::vector<offline::InputItem>& items, const offline::RunResult& result,
                    const std::filesystem::path& output, bool names);

/// The same for a machine: each item by its number in the input, what became of it, and its
/// pseudonymous file. @param names  with "path", too, when the operator asked for it.
boost::json::object report(const std::vector<offline::InputItem>& items,
                           const offline::RunResult& result, const Profile& profile, bool names);

std::size_t count_of(const offline::RunResult& result, offline::Outcome outcome);

}  // namespace dosigate::cli
