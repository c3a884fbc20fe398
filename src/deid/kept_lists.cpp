#include "kept_lists.h"

#include "tag_key.h"
#include "text_vocabulary.h"
#include "tsv.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace dosigate {

extern const std::string_view safe_private_text, private_elements_text, plain_text_text;

namespace {

struct ListedElement {
  std::string_view creator;
  std::uint32_t place;              ///< group << 8 | low byte of the element
  std::optional<PrivateRule> rule;  ///< none: removed, whatever the standard's list says
};

constexpr bool before(const ListedElement& a, const ListedElement& b) {
  return a.creator != b.creator ? a.creator < b.creator : a.place < b.place;
}

/// "7053,xx00" to group and low byte.
std::uint32_t place_of(std::string_view tag) {
  if (tag.size() != 9 || tag.substr(4, 3) != ",xx")
    throw std::runtime_error("private element list: bad tag " + std::string(tag));
  return (hex_number(tag.substr(0, 4)) << 8U) | hex_number(tag.substr(7, 2));
}

DcmEVR vr_of(std::string_view name) {
  return name == "-" || name.empty() ? EVR_UNKNOWN
                                     : DcmVR(std::string(name.substr(0, 2)).c_str()).getEVR();
}

std::vector<ListedElement> read_private() {
  std::vector<ListedElement> list;
  for (const auto& cell : read_tsv(private_elements_text, "conf/deid/private_elements.tsv").rows) {
    const std::uint32_t place = place_of(cell[1]);
    PrivateAction action{};
    if (cell[3] == "X") {
      list.push_back({cell[0], place, std::nullopt});
      continue;
    }
    if (cell[3] == "KP")
      action = PrivateAction::Keep;
    else if (cell[3] == "SP")
      action = PrivateAction::Shift;
    else if (cell[3] == "UP")
      action = PrivateAction::MapUid;
    else if (cell[3] == "CP")
      action = PrivateAction::Clean;
    else
      throw std::runtime_error("conf/deid/private_elements.tsv: unknown action " +
                               std::string(cell[3]));
    list.push_back({cell[0], place, PrivateRule{action, vr_of(cell[2])}});
  }
  for (const auto& cell : read_tsv(safe_private_text, "conf/ps315/safe_private.tsv").rows) {
    const DcmEVR vr = vr_of(cell[2]);
    PrivateAction action = PrivateAction::Keep;
    if (vr == EVR_UI) action = PrivateAction::MapUid;
    if (vr == EVR_DA || vr == EVR_DT) action = PrivateAction::Shift;
    list.push_back({cell[1], place_of(cell[0]), PrivateRule{action, vr}});
  }
  std::stable_sort(list.begin(), list.end(), before);  // ours stand first and win
  return list;
}

const std::vector<ListedElement>& private_list() {
  static const std::vector<ListedElement> list = read_private();
  return list;
}

const std::unordered_map<std::uint32_t, TextClass>& plain_texts() {
  static const auto list = [] {
    std::unordered_map<std::uint32_t, TextClass> out;
    for (const auto& cell : read_tsv(plain_text_text, "conf/deid/plain_text.tsv").rows) {
      if (cell[2] == "equipment")
        out[exact_tag(cell[0])] = TextClass::Equipment;
      else if (cell[2] == "technique")
        out[exact_tag(cell[0])] = TextClass::Technique;
      else if (cell[2] == "coded")
        out[exact_tag(cell[0])] = TextClass::Coded;
      else
        throw std::runtime_error("conf/deid/plain_text.tsv: unknown class " + std::string(cell[2]));
    }
    return out;
  }();
  return list;
}

}  // namespace

const PrivateRule* find_private_rule(std::string_view creator, std::uint16_t group,
                                     std::uint8_t element) {
  const ListedElement wanted{creator, (std::uint32_t{group} << 8U) | element, std::nullopt};
  const auto& list = private_list();
  const auto found = std::lower_bound(list.begin(), list.end(), wanted, before);
  return found != list.end() && found->creator == creator && found->place == wanted.place &&
                 found->rule
             ? &*found->rule
             : nullptr;
}

std::optional<TextClass> plain_text_class(std::uint32_t tag) {
  const auto found = plain_texts().find(tag);
  return found == plain_texts().end() ? std::nullopt : std::optional(found->second);
}

bool is_public_scheme(std::string_view designator) {
  static constexpr std::array<std::string_view, 41> kPublic{
      "99SDM",       "ACR",    "ANZDA",   "ASTM-sigpurpose",
      "BARI",        "BI",     "BRLX",    "C4",
      "C5",          "CD2",    "DC",      "DCM",
      "DCMUID",      "FMA",    "HPC",     "I10",
      "I10C",        "I10P",   "I11",     "I9",
      "I9C",         "IBSI",   "ICDO3",   "ITIS_TSN",
      "LN",          "MA",     "MDC",     "MSH",
      "NCIt",        "NDC",    "NEU",     "NICIP",
      "PUBCHEM_CID", "RADLEX", "RFC5646", "SCT",
      "SNM3",        "SRT",    "UBERON",  "UCUM",
      "UMLS"};
  return std::find(kPublic.begin(), kPublic.end(), designator) != kPublic.end();
}

void load_kept_lists() {
  private_list();
  plain_texts();
  is_vocabulary_word({});
}

}  // namespace dosigate
