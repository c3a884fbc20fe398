#pragma once

#include <string>
#include <string_view>

namespace dosigate {

/// What the vocabulary (conf/deid/vocabulary.tsv) lets stay of a text, in the bytes it came in:
/// "FDG lote 7 MARIA" gives "FDG". A word stays only when the list has it; what the list does not
/// know goes, however harmless it looks.
///
/// @param text      raw bytes of the value.
/// @param specific  its (0008,0005); a word that does not decode goes.
std::string clean_words(std::string_view text, std::string_view specific,
                        std::string_view fallback);

}  // namespace dosigate
