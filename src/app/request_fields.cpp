#include "request_fields.h"

#include <algorithm>
#include <map>

#include <boost/json.hpp>

namespace dosigate {

extern const std::string_view openapi_text;

namespace {

namespace json = boost::json;

struct Said {
  std::map<std::string, std::string, std::less<>> fields;  ///< of the body, with their types
  /// Keys of the query, with the values that they may have; none: any.
  std::map<std::string, std::vector<std::string>, std::less<>> keys;
};

/// "/api/v1/study/{uid}/proof" as the table of endpoints has it, with a bare "{}".
std::string pattern_of(std::string_view path) {
  std::string out(path);
  const auto begin = out.find('{');
  if (begin != std::string::npos) out.erase(begin + 1, out.find('}') - begin - 1);
  return out;
}

Said said_of(const json::object& operation, const json::value& document) {
  Said out;
  const auto resolved = [&](const json::value& value) -> const json::object& {
    const auto* link = value.as_object().if_contains("$ref");
    if (link == nullptr) return value.as_object();
    return document.at_pointer(std::string_view(link->as_string()).substr(1)).as_object();
  };
  if (const auto* parameters = operation.if_contains("parameters"))
    for (const json::value& one : parameters->as_array())
      if (const auto& parameter = resolved(one); parameter.at("in") == "query") {
        auto& values = out.keys[std::string(parameter.at("name").as_string())];
        if (const auto* known = resolved(parameter.at("schema")).if_contains("enum"))
          for (const json::value& value : known->as_array()) values.emplace_back(value.as_string());
      }
  const auto* body = operation.if_contains("requestBody");
  if (body == nullptr) return out;
  const auto* taken = resolved(*body).at("content").as_object().if_contains("application/json");
  if (taken == nullptr) return out;
  for (const auto& [name, field] :
       resolved(taken->as_object().at("schema")).at("properties").as_object())
    out.fields.emplace(name, resolved(field).at("type").as_string());
  return out;
}

const Said& said_of(const AdminRoute& route) {
  static const auto all = [] {
    const json::value document = json::parse(openapi_text);
    std::map<std::string, Said> out;
    for (const auto& [path, operations] : document.at("paths").as_object())
      for (const auto& [method, operation] : operations.as_object())
        out.emplace(std::string(method) + " " + pattern_of(path),
                    said_of(operation.as_object(), document));
    return out;
  }();
  std::string method(route.method);
  std::ranges::transform(method, method.begin(),
                         [](char c) { return static_cast<char>(c | 0x20); });
  return all.at(method + " " + std::string(route.path));
}

bool is_of(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  return value.is_array();
}

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "\"" : ", \"") + name + "\"";
  return out.empty() ? "none" : out;
}

/// What is known, quoted.
template <class Known>
std::string names_of(const Known& known) {
  std::vector<std::string> names;
  for (const auto& [name, what] : known) names.push_back(name);
  return quoted(names);
}

std::optional<Error> misread_query(const Said& said, const ApiRequest& request) {
  for (const auto& [key, value] : request.query) {
    const auto known = said.keys.find(key);
    if (known == said.keys.end())
      return fail(Fault::Invalid,
                  "the query has a key that is not known here; these are: " + names_of(said.keys));
    const auto& values = known->second;
    if (!values.empty() && std::ranges::find(values, value) == values.end())
      return fail(Fault::Invalid, "\"" + known->first + "\" is to be one of " + quoted(values));
  }
  return std::nullopt;
}

std::optional<Error> misread_body(const Said& said, const json::value& given) {
  if (given.is_null()) return std::nullopt;
  const auto* body = given.if_object();
  if (body == nullptr) return fail(Fault::Invalid, "the body is to be a JSON object");
  for (const auto& [name, value] : *body) {
    const auto field = said.fields.find(std::string_view(name));
    if (field == said.fields.end())
      return fail(Fault::Invalid, "the request has a field that is not known here; these are: " +
                                      names_of(said.fields));
    if (!is_of(value, field->second))
      return fail(Fault::Invalid,
                  "\"" + field->first + "\" is to be of the JSON type " + field->second);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> misread(const AdminRoute& route, const ApiRequest& request) {
  // Elsewhere the keys are not ours alone: DICOMweb has its own, and a page may be asked anew.
  if (!route.path.starts_with("/api/v1/")) return std::nullopt;
  const Said& said = said_of(route);
  if (auto wrong = misread_query(said, request)) return wrong;
  return misread_body(said, request.body);
}

}  // namespace dosigate
