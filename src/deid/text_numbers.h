#pragma once

#include <string_view>

#include "text_tokens.h"

namespace dosigate {

/// Decides about the tokens of digits: a number stays only where it says something of the
/// acquisition (with a unit, after a word that counts, a decimal, a small counter), never as a
/// date, part of a longer number, or with five digits. The tokens of letters are decided already.
void decide_numbers(std::string_view folded, TextTokens& tokens);

/// "5mm", "1h30", "128x128", "4i8s", "b30f", "e1", "t12", "3d": a word with digits in it that
/// describes an acquisition or a reconstruction.
bool is_technical_shape(std::string_view word);

/// "mm", "mbq", and the single letters that measure when a number stands before them.
bool is_unit(std::string_view word);

}  // namespace dosigate
