#include "stow_answer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/json.hpp>

#include "dosigate/dicom/status.h"

namespace dosigate {
namespace {

namespace json = boost::json;
using What = StowVerdict::What;

constexpr const char* kReferencedUid = "00081155";
constexpr const char* kWarningReason = "00081196";
constexpr const char* kFailureReason = "00081197";
constexpr const char* kFailedSequence = "00081198";
constexpr const char* kReferencedSequence = "00081199";
constexpr const char* kOtherFailures = "0008119A";
/// Azure's "already stored": a warning code among its failure reasons.
constexpr std::uint16_t kAzureDuplicate = 0xB00E;

/// The values of an element in the DICOM JSON model (PS3.18 F.2); null: none.
const json::array* values_of(const json::object& data_set, const char* tag) {
  const json::value* element = data_set.if_contains(tag);
  if (element == nullptr || !element->is_object()) return nullptr;
  const json::value* values = element->as_object().if_contains("Value");
  return values == nullptr ? nullptr : values->if_array();
}

std::optional<std::uint16_t> number_of(const json::object& item, const char* tag) {
  const json::array* values = values_of(item, tag);
  if (values == nullptr || values->empty()) return std::nullopt;
  // A number, but some write what they should not: a string.
  std::int64_t out = -1;
  if (const auto* text = values->front().if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  } else {
    boost::system::error_code error;
    out = values->front().to_number<std::int64_t>(error);
    if (error) return std::nullopt;
  }
  if (out < 0 || out > 0xFFFF) return std::nullopt;
  return static_cast<std::uint16_t>(out);
}

/// The item of a sequence that is about the instance: there is one instance in a request, so that
/// one without a UID is about it as well.
const json::object* item_about(const json::object& data_set, const char* sequence,
                               std::string_view sop_instance_uid) {
  const json::array* items = values_of(data_set, sequence);
  if (items == nullptr) return nullptr;
  for (const json::value& item : *items) {
    const json::object* object = item.if_object();
    if (object == nullptr) continue;
    const json::array* uids = values_of(*object, kReferencedUid);
    if (uids == nullptr || uids->empty()) return object;
    const auto* uid = uids->front().if_string();
    if (uid != nullptr && std::string_view(*uid) == sop_instance_uid) return object;
  }
  return nullptr;
}

StowVerdict failed(const json::object& item) {
  const auto reason = number_of(item, kFailureReason);
  if (reason == kAzureDuplicate) return {What::Failed, kDuplicateInstance, "B00E"};
  // Success and warnings are no reasons to have failed for.
  if (!reason || classify_store_status(*reason) == Delivery::Delivered)
    return {What::Failed, kProcessingFailure, "without a failure reason"};
  return {What::Failed, *reason, ""};
}

/// What the Store Instances Response says of the instance; nothing: nothing.
std::optional<StowVerdict> said_in(const std::string& body, std::string_view sop_instance_uid) {
  boost::system::error_code error;
  json::value parsed;
  try {
    parsed = json::parse(body, error);
  } catch (const std::exception&) {  // nested too deep, or too large for memory
    return std::nullopt;
  }
  if (error) return std::nullopt;
  if (parsed.is_array()) {
    json::array& all = parsed.as_array();
    if (all.empty()) return std::nullopt;
    json::value first = std::move(all.front());
    parsed = std::move(first);
  }
  const json::object* data_set = parsed.if_object();
  if (data_set == nullptr) return std::nullopt;
  for (const char* sequence : {kFailedSequence, kOtherFailures})
    if (const auto* item = item_about(*data_set, sequence, sop_instance_uid)) return failed(*item);
  const auto* stored = item_about(*data_set, kReferencedSequence, sop_instance_uid);
  if (stored == nullptr) return std::nullopt;
  return StowVerdict{What::Stored, number_of(*stored, kWarningReason).value_or(0), ""};
}

bool says_already_there(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool empty = text.find_first_not_of(" \t\r\n") == std::string::npos;
  return empty || text.find("already exist") != std::string::npos ||
         text.find("already stored") != std::string::npos ||
         text.find("duplicate") != std::string::npos;
}

std::string advice(unsigned status, const StowTarget& to) {
  const bool token = !to.token_file.empty();
  const std::string file = token ? to.token_file.string() : to.password_file.string();
  if (status == 401 && file.empty()) return "it wants credentials: set token_file or password_file";
  if (status == 401)
    return "renew the " + std::string(token ? "token" : "password") + " in " + file;
  if (status == 403)
    return "have storing allowed there" + (file.empty() ? "" : " for the user of " + file);
  if (status == 404 || status == 405)
    return "correct the destination's url, to which /studies is added";
  if (status == 406) return "it has no answer in application/dicom+json";
  if (status == 407) return "a proxy wants credentials: set proxy_password_file";
  if (status < 400) return "it is elsewhere: correct the destination's url";
  return "see the archive's log";
}

}  // namespace

StowVerdict judge_stow_answer(const HttpAnswer& answer, std::string_view sop_instance_uid,
                              const StowTarget& to) {
  const unsigned status = answer.status;
  const std::string says = to.url.text() + " answers " + http_status_text(status);
  const auto verdict = [&](What what, const std::string& advised) {
    return StowVerdict{what, 0, says + ": " + advised, answer.retry_after};
  };
  // First what is about the destination, whatever the body says: an expired token must not park
  // everything that is queued.
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 406:
    case 407:
      return verdict(What::Denied, advice(status, to));
    case 408:
    case 429:
    case 503:
      return verdict(What::Busy, "it is asked again later");
    default:
      break;
  }
  if (status >= 500) return verdict(What::Broken, advice(status, to));
  if (status >= 300 && status < 400) return verdict(What::Denied, advice(status, to));

  if (auto said = said_in(answer.body, sop_instance_uid)) {
    said->words = says + (said->words.empty() ? "" : " (" + said->words + ")");
    return *said;
  }
  if (status == 409 && says_already_there(answer.body))
    return {What::AlreadyThere, kDuplicateInstance, says};
  if (status >= 400)
    return verdict(What::Refused, "the instance is not taken: see the archive's log");
  return verdict(What::Unclear,
                 "without a word on the instance that can be read (application/dicom+json): "
                 "nobody knows whether it is stored");
}

}  // namespace dosigate
