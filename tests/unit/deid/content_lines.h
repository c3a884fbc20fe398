#pragma once

#include <string>
#include <vector>

#include "content_trees.h"
#include "dosigate/dicom/data_set.h"

namespace dosigate::testing {

/// One content item of a tree, as a reader of the report sees it.
struct ContentLine {
  std::string type, code, value;
  std::string text() const { return type + " " + code + "=" + value; }
};

/// Of NUM the number, of CODE the meaning, of references the instance UID.
inline std::string shown_value(DcmItem& item, const std::string& type) {
  DcmItem* inner = nullptr;
  const DcmTagKey tag = value_tag(type);
  if (type == "CONTAINER") return {};
  if (tag == DCM_TextValue || type == "PNAME" || type == "DATE" || type == "TIME" ||
      type == "DATETIME" || type == "UIDREF")
    return text_at(item, tag);
  if (item.findAndGetSequenceItem(tag, inner).bad() || inner == nullptr) return {};
  return text_at(*inner, type == "NUM"    ? DCM_NumericValue
                         : type == "CODE" ? DCM_CodeMeaning
                                          : DCM_ReferencedSOPInstanceUID);
}

inline void list_content(DcmItem& parent, std::vector<ContentLine>& out) {
  DcmSequenceOfItems* items = nullptr;
  if (parent.findAndGetSequence(DCM_ContentSequence, items).bad()) return;
  for (unsigned long at = 0; at < items->card(); ++at) {
    DcmItem& item = *items->getItem(at);
    DcmItem* name = nullptr;
    ContentLine line;
    line.type = text_at(item, DCM_ValueType);
    if (item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, name).good())
      line.code = text_at(*name, DCM_CodeValue);
    line.value = shown_value(item, line.type);
    out.push_back(std::move(line));
    list_content(item, out);
  }
}
/// All items, depth first.
inline std::vector<ContentLine> content_lines(DcmItem& root) {
  std::vector<ContentLine> out;
  list_content(root, out);
  return out;
}
/// "NUM 113507=394", one an item.
inline std::vector<std::string> content_of(DcmItem& root) {
  std::vector<std::string> out;
  for (const ContentLine& line : content_lines(root)) out.push_back(line.text());
  return out;
}
/// The value of the first item of a concept, "-" when there is none.
inline std::string value_of(DcmItem& root, const std::string& code) {
  for (const ContentLine& line : content_lines(root)) {
    if (line.code == code) return line.value;
  }
  return "-";
}

}  // namespace dosigate::testing
