// Instances over HTTP: the service that cleans what is posted to it, and STOW-RS.

#include "admin_api.h"
#include "answers.h"
#include "dosigate/api/problem.h"
#include "dosigate/crypto/hash.h"
#include "rest_deidentify.h"
#include "rest_report.h"
#include "route_match.h"
#include "stow.h"

namespace dosigate {
namespace {

/// What calls itself so in routes, ledger and quarantine.
constexpr const char* kCallingTitle = "HTTP";
constexpr std::size_t kLongestKey = 255;

ApiResponse unsupported(std::string_view wanted) {
  return problem_of(415, "Not a kind of content that is taken",
                    "Content-Type has to be " + std::string(wanted));
}

ApiResponse come_again(const char* why) {
  ApiResponse out = problem(fail(Fault::Busy, why));
  out.headers.emplace_back("Retry-After", "30");
  return out;
}

/// A body that is also looked at as a whole.
class Digesting final : public RequestBody {
 public:
  explicit Digesting(RequestBody& body) : body_(body) {}
  std::size_t read(std::span<Byte> into) override {
    const std::size_t got = body_.read(into);
    digest_.add(ByteView(into).first(got));
    return got;
  }
  /// Of all of it: what is left is read over.
  std::string whole() {
    Bytes waste(64U << 10U);
    while (read(waste) > 0) {
    }
    return to_hex(digest_.finish());
  }

 private:
  RequestBody& body_;
  PlainDigest digest_;
};

struct Form {
  RestOrder::Shape shape;
  std::unique_ptr<Upload> upload;
};

/// nullptr: not a kind of content that is taken.
Result<Form> form_of(const std::string& content_type, RequestBody& body,
                     const UploadLimits& limits) {
  const std::string type = media_type(content_type);
  if (type == "application/dicom") return Form{RestOrder::Shape::Single, single_upload(body)};
  if (type == "application/zip" || type == "application/x-zip-compressed")
    return Form{RestOrder::Shape::Zip, zip_upload(body, limits)};
  if (type != "multipart/related" && type != "multipart/form-data")
    return Form{RestOrder::Shape::Single, nullptr};
  auto upload = multipart_upload(body, content_type, limits);
  if (!upload) return upload.error();
  return Form{RestOrder::Shape::Multipart, std::move(*upload)};
}

UploadLimits limits_of(const HttpSettings& http) {
  return {http.max_unpacked_bytes, http.max_ratio, http.max_parts};
}

bool is_true(const std::string& word) {
  return word == "true" || word == "True" || word == "1" || word == "yes";
}

}  // namespace

Result<RestOrder> AdminApi::rest_order(const ApiRequest& head) const {
  RestOrder order;
  order.routing = node_.ingest_.routing();
  const Config& config = order.routing->config();
  order.origin = {config.node.ae_title, kCallingTitle, head.local ? "local" : head.address, "",
                  head.certificate};
  const std::string wanted = head.queried("route");
  order.route = wanted.empty()
                    ? find_route(config, order.origin.called_ae, kCallingTitle,
                                 head.local ? "127.0.0.1" : head.address, head.certificate)
                    : order.routing->route(wanted);
  if (order.route == nullptr)
    return fail(wanted.empty() ? Fault::Denied : Fault::NotFound,
                wanted.empty() ? "no [[route]] takes what comes over HTTP from this address (as "
                                 "calling AE title \"HTTP\"): name one with ?route="
                               : "there is no [[route]] of that name");
  order.origin.route = order.route->name;
  const std::string profile = head.queried("profile");
  if (profile.empty() || profile == order.route->profile) {
    order.engine = &order.routing->engine(order.route->name, kCallingTitle);
  } else {
    const auto engine = order.routing->engine_under(profile, order.route->name, kCallingTitle);
    if (!engine) return engine.error();
    order.engine = *engine;
  }
  return order;
}

ApiResponse AdminApi::deidentify(const ApiRequest& head, RequestBody& body, const std::string&) {
  if (node_.drain_.on()) return come_again("the node drains and takes nothing new");
  if (const char* why = node_.cannot_store()) return come_again(why);
  auto order = rest_order(head);
  if (!order) return problem(order.error());
  const HttpSettings& http = order->routing->config().http;
  // A browser sends a form to another server without asking, and its certificate with it; a token
  // it does not have.
  if (media_type(head.content_type) == "multipart/form-data" &&
      head.actor.starts_with("certificate:"))
    return unsupported("application/dicom, multipart/related or application/zip");
  Digesting digesting(body);
  auto form = form_of(head.content_type, digesting, limits_of(http));
  if (!form) return problem(form.error());
  if (!form->upload) return unsupported("application/dicom, multipart/related or application/zip");
  order->shape = form->shape;
  if (order->shape == RestOrder::Shape::Single &&
      head.accept.find("multipart/related") != std::string::npos)
    order->shape = RestOrder::Shape::Multipart;
  const RestParts parts{node_.ingest_, *node_.server_, *node_.stores_.ledger, *node_.stores_.map,
                        *node_.answers_};

  if (is_true(head.queried("dry-run"))) {
    const std::string profile = head.queried("profile");
    order->shape = form->shape;
    return explain_upload(parts, *order, profile.empty() ? order->route->profile : profile,
                          *form->upload);
  }

  std::unique_ptr<Answers::Key> key;
  if (!head.idempotency_key.empty()) {
    if (head.idempotency_key.size() > kLongestKey)
      return problem(fail(Fault::Invalid, "an Idempotency-Key has at most 255 characters"));
    auto taken = node_.answers_->key(head.actor + " " + head.path, head.idempotency_key);
    if (!taken) return problem(taken.error());
    key = std::move(*taken);
    if (auto given = key->given()) {
      if (digesting.whole() != given->head.request)
        return problem_of(422, "Another request",
                          "this Idempotency-Key was used with another body: use a new one");
      ApiResponse again;
      again.status = given->head.status;
      again.content_type = given->head.content_type;
      again.headers = given->head.headers;
      again.headers.emplace_back("Idempotent-Replay", "true");
      again.stream = std::move(given->body);
      node_.stores_.audit->record("rest.deidentify", head.actor,
                                  {{"route", order->route->name},
                                   {"status", std::to_string(again.status)},
                                   {"replay", "yes"}});
      return again;
    }
  }

  const Drain::Passage passage(node_.drain_);
  if (!passage.open()) return come_again("the node drains and takes nothing new");
  ApiResponse response = dosigate::deidentify(
      parts, *order, *form->upload, key ? key->draft() : node_.answers_->draft(),
      [&] { return key ? digesting.whole() : std::string(); });
  node_.stores_.audit->record("rest.deidentify", head.actor,
                              {{"route", order->route->name},
                               {"profile", order->engine->profile().name()},
                               {"status", std::to_string(response.status)}});
  return response;
}

ApiResponse AdminApi::store(const ApiRequest& head, RequestBody& body, const std::string& study) {
  auto order = rest_order(head);
  if (!order) return problem(order.error());
  const HttpSettings& http = order->routing->config().http;
  if (media_type(head.content_type) != "multipart/related")
    return unsupported("multipart/related; type=\"application/dicom\"");
  const std::string part_type = media_type(media_parameter(head.content_type, "type"));
  if (!part_type.empty() && part_type != "application/dicom")
    return unsupported(
        "multipart/related; type=\"application/dicom\": metadata and bulk data apart "
        "are not taken");
  auto upload = multipart_upload(body, head.content_type, limits_of(http));
  if (!upload) return problem(upload.error());
  const StowParts parts{*node_.server_,
                        [this](const ReceivedInstance& received) { return node_.take(received); },
                        [this](const ReceivedInstance& begun) { return node_.begin(begun); }};
  const StowOutcome outcome = stow(parts, order->origin, study, **upload);
  node_.stores_.audit->record("rest.store", head.actor,
                              {{"route", order->route->name},
                               {"stored", std::to_string(outcome.stored.size())},
                               {"failed", std::to_string(outcome.failed.size() + outcome.unread)}});
  if (outcome.broken && outcome.stored.empty() && outcome.failed.empty())
    return upload_problem(*outcome.broken);
  return stow_response(outcome, head.accept);
}

ApiResponse AdminApi::store_any(const ApiRequest& head, RequestBody& body, const std::string&) {
  return store(head, body, "");
}

}  // namespace dosigate
