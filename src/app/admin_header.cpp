// The header of an original that is held, with nothing in it that could say whose it is: which
// elements there are, how long they are, and the values of those that describe the image.

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <boost/json.hpp>

#include "admin_api.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "held_instance.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRows = 5000;

/// Words that a code of an image may be. Another one may be anything, whatever its VR.
bool is_plain_word(const std::string& word) {
  static const std::set<std::string> kWords{
      // Modality
      "CR", "CT", "DX", "ES", "MG", "MR", "NM", "OT", "PT", "PX", "RF", "SC", "SEG", "SR", "US",
      "XA", "KO", "PR", "REG", "RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT", "DOC", "M3D",
      // Image Type
      "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "STATIC", "DYNAMIC",
      "GATED", "TOMO", "RECON TOMO", "WHOLE BODY", "GATED TOMO", "RECON GATED TOMO", "EMISSION",
      "TRANSMISSION", "VOLUME", "MIP", "SCREEN SAVE", "OTHER", "MPR", "REFORMATTED", "NONE",
      // Photometric Interpretation, Burned In Annotation, Conversion Type
      "MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_RCT",
      "YBR_ICT", "YES", "NO", "WSD", "SYN", "DF", "DI", "DRW", "DV", "SD", "SI"};
  return kWords.contains(word);
}

/// Of an element at the top level; null for all others.
json::value value_of(DcmElement& element) {
  static const std::set<DcmTagKey> kNumbers{DCM_Rows,
                                            DCM_Columns,
                                            DCM_BitsAllocated,
                                            DCM_BitsStored,
                                            DCM_HighBit,
                                            DCM_PixelRepresentation,
                                            DCM_SamplesPerPixel,
                                            DCM_PlanarConfiguration,
                                            DCM_NumberOfFrames};
  static const std::set<DcmTagKey> kUids{DCM_SOPClassUID};
  static const std::set<DcmTagKey> kWords{DCM_Modality, DCM_ImageType,
                                          DCM_PhotometricInterpretation, DCM_BurnedInAnnotation,
                                          DCM_ConversionType};
  const DcmTagKey tag = element.getTag();
  const bool number = kNumbers.contains(tag), uid = kUids.contains(tag);
  if (!number && !uid && !kWords.contains(tag)) return nullptr;
  std::string out;
  for (unsigned long i = 0; i < std::min(element.getVM(), 16UL); ++i) {
    OFString part;
    if (element.getOFString(part, i).bad()) return nullptr;
    const std::string word(part.begin(), part.end());
    const bool digits =
        !word.empty() && word.size() <= 10 &&
        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool shown = number ? digits : uid ? is_well_known_uid(word) : is_plain_word(word);
    out += (i == 0 ? "" : "\\") + (shown ? word : std::string("..."));
  }
  return json::value(out);
}

/// The data set without the element of its pixel data.
Result<Bytes> without_pixels(const ReceivedInstance& original, const TransferSyntax& syntax) {
  const ByteView all = original.data_set;
  std::size_t begin = all.size(), end = all.size();
  if (original.passed) {
    begin = original.passed->element.begin;
    end = original.passed->at;
  } else {
    const auto walked = walk_data_set(all, syntax.encoding);
    if (!walked) return walked.error();
    if (walked->pixels.tag != 0) {
      begin = walked->pixels.begin;
      end = walked->pixel_end;
    }
  }
  Bytes out(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(begin));
  out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(end), all.end());
  return out;
}

struct Rows {
  json::array rows;
  bool cut = false;
};

/// The walker has bounded the nesting.
void add(Rows& out, DcmItem& item, const std::string& above) {
  for (unsigned long i = 0; i < item.card(); ++i) {
    if (out.rows.size() >= kMostRows) {
      out.cut = true;
      return;
    }
    DcmElement& element = *item.getElement(i);
    const std::string path = above + tag_text(element.getTag());
    out.rows.emplace_back(
        json::object{{"path", path},
                     {"vr", DcmVR(element.getVR()).getValidVRName()},
                     {"length", element.ident() == EVR_SQ ? json::value(nullptr)
                                                          : json::value(element.getLength())},
                     {"value", above.empty() ? value_of(element) : json::value(nullptr)}});
    if (element.ident() != EVR_SQ) continue;
    auto& sequence = static_cast<DcmSequenceOfItems&>(element);
    for (unsigned long n = 0; n < sequence.card(); ++n)
      add(out, *sequence.getItem(n), path + "[" + std::to_string(n + 1) + "].");
  }
}

}  // namespace

ApiResponse AdminApi::header(const InstanceId& id) const {
  const auto entry = node_.quarantine_.find(id);
  if (!entry) return problem(entry.error());
  HeldInstance held(node_.quarantine_, id, nullptr);
  if (auto read = held.read(); !read) return problem(read.error());
  const ReceivedInstance& original = held.received();
  const auto* syntax = find_transfer_syntax(original.transfer_syntax_uid);
  if (syntax == nullptr || syntax->encoding == Encoding::DeflatedLittle)
    return problem(fail(Fault::NotDicom,
                        "the header cannot be shown: the data set is deflated, or of a transfer "
                        "syntax that this version does not know"));
  // Around the value of its pixel data, whose element has no place here.
  const auto around = without_pixels(original, *syntax);
  if (!around) return problem(around.error());
  const auto data_set = parse_data_set(*around, *syntax);
  if (!data_set) return problem(data_set.error());
  Rows out;
  add(out, **data_set, "");
  return {200, json::object{{"id", to_hex(id)},
                            {"transfer_syntax", original.transfer_syntax_uid},
                            {"elements", std::move(out.rows)},
                            {"cut", out.cut}}};
}

}  // namespace dosigate
