#include <boost/json.hpp>

#include "stow.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr const char* kReferenced = "00081199";
constexpr const char* kFailed = "00081198";
constexpr const char* kOtherFailures = "0008119A";
constexpr std::uint16_t kCannotUnderstand = 0xC000;

struct Keyword {
  const char *tag, *vr, *word;
};
constexpr Keyword kSopClass{"00081150", "UI", "ReferencedSOPClassUID"},
    kSopInstance{"00081155", "UI", "ReferencedSOPInstanceUID"},
    kReason{"00081197", "US", "FailureReason"};

/// PS3.18 F.2: an attribute with values.
json::object attribute(const char* vr, json::array values) {
  return {{"vr", vr}, {"Value", std::move(values)}};
}

json::object item(const StowOutcome::One& one) {
  json::object out{{kSopClass.tag, attribute("UI", {one.sop_class_uid})},
                   {kSopInstance.tag, attribute("UI", {one.sop_instance_uid.reveal()})}};
  if (one.reason != 0) out[kReason.tag] = attribute("US", {one.reason});
  return out;
}

json::object body_of(const StowOutcome& outcome) {
  json::object out;
  const auto sequence = [&](const char* tag, const std::vector<StowOutcome::One>& all) {
    json::array items;
    for (const auto& one : all) items.push_back(item(one));
    if (!items.empty()) out[tag] = attribute("SQ", std::move(items));
  };
  sequence(kFailed, outcome.failed);
  sequence(kReferenced, outcome.stored);
  json::array others;
  for (std::size_t i = 0; i < outcome.unread + (outcome.broken ? 1 : 0); ++i)
    others.push_back(json::object{{kReason.tag, attribute("US", {kCannotUnderstand})}});
  if (!others.empty()) out[kOtherFailures] = attribute("SQ", std::move(others));
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (static_cast<unsigned char>(c) >= ' ')
      out += c;
  }
  return out;
}

std::string xml_attribute(const Keyword& what, const std::string& value) {
  return std::string("<DicomAttribute tag=\"") + what.tag + "\" vr=\"" + what.vr + "\" keyword=\"" +
         what.word + "\"><Value number=\"1\">" + escaped(value) + "</Value></DicomAttribute>";
}

/// PS3.19 Annex A.
std::string xml_of(const StowOutcome& outcome) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel "
      "xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\">";
  const auto sequence = [&](const char* tag, const char* word,
                            const std::vector<std::string>& items) {
    if (items.empty()) return;
    out += std::string("<DicomAttribute tag=\"") + tag + "\" vr=\"SQ\" keyword=\"" + word + "\">";
    for (std::size_t i = 0; i < items.size(); ++i)
      out += "<Item number=\"" + std::to_string(i + 1) + "\">" + items[i] + "</Item>";
    out += "</DicomAttribute>";
  };
  const auto items = [](const std::vector<StowOutcome::One>& all) {
    std::vector<std::string> texts;
    for (const auto& one : all) {
      std::string text = xml_attribute(kSopClass, one.sop_class_uid) +
                         xml_attribute(kSopInstance, one.sop_instance_uid.reveal());
      if (one.reason != 0) text += xml_attribute(kReason, std::to_string(one.reason));
      texts.push_back(std::move(text));
    }
    return texts;
  };
  sequence(kFailed, "FailedSOPSequence", items(outcome.failed));
  sequence(kReferenced, "ReferencedSOPSequence", items(outcome.stored));
  sequence(kOtherFailures, "OtherFailuresSequence",
           std::vector<std::string>(outcome.unread + (outcome.broken ? 1 : 0),
                                    xml_attribute(kReason, std::to_string(kCannotUnderstand))));
  return out + "</NativeDicomModel>\n";
}

}  // namespace

ApiResponse stow_response(const StowOutcome& outcome, const std::string& accept) {
  const bool any_failed = !outcome.failed.empty() || outcome.unread > 0 || outcome.broken;
  ApiResponse out;
  out.status = outcome.stored.empty() ? 409 : any_failed ? 202 : 200;
  const bool xml = accept.find("application/dicom+xml") != std::string::npos &&
                   accept.find("application/dicom+json") == std::string::npos &&
                   accept.find("*/*") == std::string::npos;
  out.content_type = xml ? "application/dicom+xml" : "application/dicom+json";
  out.text = xml ? xml_of(outcome) : json::serialize(body_of(outcome));
  return out;
}

}  // namespace dosigate
