#include "web_find.h"

#include <boost/json.hpp>

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestList = 16U << 20U;
constexpr std::size_t kMostInstances = 200'000;
/// Some archives refuse a larger `limit`.
constexpr std::size_t kPage = 200;
constexpr const char* kSopInstanceUid = "00080018";

Result<HttpAnswer> get(HttpLink& link, const std::string& target) {
  HttpLink::Request request;
  request.method = "GET";
  request.target = target;
  request.most_answer = kLargestList;
  return link.exchange(request);
}

Error refused(const StowTarget& to, unsigned status) {
  const std::string says =
      to.url.text() + " answers a search (QIDO-RS) with " + http_status_text(status);
  if (status >= 500 || status == 429 || status == 408)
    return fail(Fault::Unavailable, says + ": ask again later, see the archive's log");
  return fail(Fault::Denied, says + ": have searching allowed there, or verify by other means");
}

Error unreadable(const StowTarget& to) {
  return fail(Fault::Unavailable, to.url.text() +
                                      " answers a search (QIDO-RS) with something that is not "
                                      "application/dicom+json: the archive is at fault");
}

/// Adds the instances of one page. False when it cannot be read.
bool add_page(const std::string& body, std::set<std::string>& into) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_array()) return false;
  for (const json::value& match : parsed.as_array()) {
    const json::object* object = match.if_object();
    const json::value* element = object == nullptr ? nullptr : object->if_contains(kSopInstanceUid);
    const json::value* values = element == nullptr || !element->is_object()
                                    ? nullptr
                                    : element->as_object().if_contains("Value");
    const json::array* uids = values == nullptr ? nullptr : values->if_array();
    if (uids == nullptr || uids->empty() || !uids->front().is_string()) return false;
    into.emplace(uids->front().as_string());
  }
  return true;
}

}  // namespace

Result<void> web_find_any(HttpLink& link, const StowTarget& to) {
  const auto answer = get(link, "/studies?limit=1");
  if (!answer) return answer.error();
  if (answer->status == 200 || answer->status == 204) return {};
  return refused(to, answer->status);
}

Result<std::set<std::string>> web_find_instances(HttpLink& link, const StowTarget& to,
                                                 const std::string& study_uid) {
  std::set<std::string> out;
  // Until a page brings nothing new: an archive may have a smaller page than was asked for, or send
  // everything at once.
  while (true) {
    const auto answer =
        get(link, "/studies/" + study_uid + "/instances?includefield=" + kSopInstanceUid +
                      "&limit=" + std::to_string(kPage) + "&offset=" + std::to_string(out.size()));
    if (!answer) return answer.error();
    if (answer->status == 204) return out;
    if (answer->status == 404) {
      // Of the study, or of the whole service?
      if (auto any = web_find_any(link, to); !any) return any.error();
      return out;
    }
    if (answer->status != 200) return refused(to, answer->status);
    const std::size_t before = out.size();
    if (!add_page(answer->body, out)) return unreadable(to);
    if (out.size() > kMostInstances)
      return fail(Fault::Denied, to.url.text() + " names more than " +
                                     std::to_string(kMostInstances) +
                                     " instances of a study, which is no answer");
    if (out.size() == before) return out;
  }
}

}  // namespace dosigate
