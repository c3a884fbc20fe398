#include "csv.h"

#include <algorithm>

namespace dosigate {

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  for (;;) {
    fields.clear();
    if (rest_.empty()) return false;
    for (;;) {
      fields.emplace_back();
      if (auto read = field(fields.back()); !read) return read.error();
      if (!rest_.starts_with(',')) break;
      rest_.remove_prefix(1);
    }
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!rest_.empty()) rest_.remove_prefix(1);
    if (fields.size() > 1 || !fields.front().empty()) return true;
  }
}

/// Leaves `rest_` at the comma or line end after the field.
Result<void> CsvReader::field(std::string& out) {
  const auto wrong = [&](const char* what) { return fail(Fault::Invalid, what); };
  const auto ended = [&] {
    return rest_.empty() || rest_.front() == ',' || rest_.front() == '\n' ||
           rest_.starts_with("\r\n");
  };
  if (!rest_.starts_with('"')) {
    const auto end = [&] {
      for (std::size_t at = 0; at < rest_.size(); ++at) {
        const char c = rest_[at];
        if (c == ',' || c == '\n' || rest_.substr(at, 2) == "\r\n") return at;
      }
      return rest_.size();
    }();
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (out.find('"') != std::string::npos)
      return wrong("a quote stands inside a field that does not begin with one");
    return {};
  }
  rest_.remove_prefix(1);
  for (;;) {
    const auto quote = rest_.find('"');
    if (quote == std::string_view::npos) return wrong("a quoted field has no end");
    out += rest_.substr(0, quote);
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) break;
    out += '"';
    rest_.remove_prefix(1);
  }
  if (!ended()) return wrong("something stands between a closing quote and the next comma");
  return {};
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) out += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      out += field;
      continue;
    }
    out += '"';
    for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  return out + "\r\n";
}

}  // namespace dosigate
