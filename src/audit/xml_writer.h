#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dosigate {

/// One XML element after the other into a string; nothing else of XML is needed here. A value may
/// hold anything: what XML 1.0 cannot say (control characters, bytes that are not UTF-8, U+FFFE
/// and U+FFFF) becomes '?'.
class XmlWriter {
 public:
  XmlWriter& open(std::string_view element);
  /// Of the element just opened, before anything else of it.
  XmlWriter& attribute(std::string_view name, std::string_view value);
  XmlWriter& text(std::string_view value);
  XmlWriter& close();
  /// The whole, every element closed.
  std::string take();

 private:
  void end_start_tag();
  std::string out_;
  std::vector<std::string> open_;
  bool in_start_tag_ = false;
};

/// RFC 4648 section 4, with padding, as xsd:base64Binary wants it.
std::string to_base64(std::string_view bytes);

}  // namespace dosigate
