#pragma once

#include <string>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate {

/// Decodes text of a data set to UTF-8.
///
/// @param specific  (0008,0005) as received, backslash-separated, possibly empty; in the spelling
/// of the standard or in one that standard_charset() knows.
/// @param fallback  what an absent (0008,0005) means at this site, for example "ISO_IR 100":
/// Brazilian sites often declare nothing and send Latin-1.
/// @return Uncertain when the set is unknown or does not convert (ISO 2022 IR 87 and the like in
/// DCMTK 3.6.7), or when the bytes are not valid in it. Thread: any.
Result<std::string> decode_text(std::string_view bytes, std::string_view specific,
                                std::string_view fallback);

/// "ISO_IR 100" for "ISO-IR 100", and for "ISO 2022 IR 100" as the only value: what some devices
/// write and every reader understands. Only for the sets of one byte, and UTF-8 for the first
/// spelling; any other declaration is returned as it is.
///
/// @param specific  without padding.
std::string_view standard_charset(std::string_view specific);

/// True when decode_text can convert this (0008,0005).
bool is_convertible_charset(std::string_view specific);

/// Case, accents and compatibility forms folded away (NFKD, marks dropped, lower case), so that
/// "JOÃO", "João" and "JOAO" are equal. Mojibake of UTF-8 read as Latin-1 (C3 A3 shown as two
/// letters) is repaired first when it decodes.
std::string fold(std::string_view utf8);

}  // namespace dosigate
