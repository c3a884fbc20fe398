#pragma once

#include <string>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate {

/// Decodes text of a data set to UTF-8.
///
/// @param specific  (0008,0005) as received, backslash-separated, possibly empty.
/// @param fallback  what an absent (0008,0005) means at this site, for example "ISO_IR 100":
/// Brazilian sites often declare nothing and send Latin-1.
/// @return Uncertain when the set is unknown or does not convert (ISO 2022 IR 87 and the like in
/// DCMTK 3.6.7), or when the bytes are not valid in it. Thread: any.
Result<std::string> decode_text(std::string_view bytes, std::string_view specific,
                                std::string_view fallback);

/// True when decode_text can convert this (0008,0005).
bool is_convertible_charset(std::string_view specific);

/// Case, accents and compatibility forms folded away (NFKD, marks dropped, lower case), so that
/// "JOÃO", "João" and "JOAO" are equal. Mojibake of UTF-8 read as Latin-1 (C3 A3 shown as two
/// letters) is repaired first when it decodes.
std::string fold(std::string_view utf8);

}  // namespace dosigate
