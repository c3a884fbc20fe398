#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/result.h"

namespace dosigate {

/// A reader of RFC 4180: fields separated by commas, quoted where they hold commas, quotes ("" is
/// one) or line ends; lines end with CRLF, LF, or the end of the text. A UTF-8 byte order mark at
/// the beginning is skipped, an empty line too. Thread: one at a time.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  /// The next row into `fields`; false at the end. Invalid for a quote inside a field that is not
  /// quoted, or a quoted field that never ends.
  Result<bool> next(std::vector<std::string>& fields);

 private:
  Result<void> field(std::string& out);
  std::string_view rest_;
};

/// One row with its CRLF; fields are quoted where they have to be.
std::string csv_row(const std::vector<std::string>& fields);

}  // namespace dosigate
