#pragma once

#include <string>
#include <string_view>

namespace dosigate::cli {

/// No other process of this user reads our memory, and no core file keeps it. First of all, in
/// main.
void keep_to_ourselves();

/// Whether a person sits at standard input.
bool at_terminal();

/// One line of standard input, without the spaces around it. On a terminal it is asked for, on
/// stderr, so that stdout carries the answer only; `silent` turns the echo off.
std::string asked(std::string_view question, bool silent);

/// Asks for the reason when there is none yet; false, already said, when there is still none.
bool ask_reason(std::string& reason);

/// Of an argument that should be a pseudonym, or empty: false, already said, when it looks like
/// something else. It may be an identity, so it is not repeated.
bool is_no_patient_id(std::string_view argument);

}  // namespace dosigate::cli
