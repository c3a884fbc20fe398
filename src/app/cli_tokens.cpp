#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "tokens.h"

// Tokens for HTTP. A token goes to stdout alone, so that it can be put into a file.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string day_text(const json::value& item, std::string_view name) {
  const auto seconds = static_cast<long long>(number(item, name));
  return seconds == 0 ? "-" : time_text(seconds).substr(0, 10);
}

std::string words(const json::value& item, std::string_view name) {
  std::string out;
  for (const auto& word : list(item, name)) out += (out.empty() ? "" : " ") + shown(word);
  return out;
}

}  // namespace

int token_add(const Options& options, const std::string& name,
              const std::vector<std::string>& rights, unsigned days, std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  json::array wanted;
  for (const auto& right : rights) wanted.emplace_back(right);
  const Answer answer =
      ask(options, "POST", "/api/v1/tokens",
          json::object{
              {"name", name}, {"rights", std::move(wanted)}, {"days", days}, {"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << shown(answer.body, "token") << std::endl;
  std::cerr << "this token is shown once and can not be shown again; it is valid until "
            << day_text(answer.body, "expires") << ". A program sends it as\n"
            << "  Authorization: Bearer TOKEN\n";
  return kDone;
}

int token_list(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/tokens");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : list(answer.body, "items"))
    rows.push_back({shown(item, "name"), shown(item, "state"), words(item, "rights"),
                    day_text(item, "expires"), day_text(item, "last_used"),
                    shown(item, "made_by")});
  std::cout << (rows.empty()
                    ? "there is no token: `dosigate token add` makes one\n"
                    : table({"name", "state", "rights", "until", "last used", "made by"}, rows));
  return kDone;
}

int token_revoke(const Options& options, const std::string& name, std::string reason) {
  if (!is_token_name(name)) {
    complain("that is no name of a token: `dosigate token list` shows them");
    return kUsage;
  }
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/tokens/" + name + "/revoke", json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << "revoked: " << words(answer.body, "revoked") << "\n";
  return kDone;
}

}  // namespace dosigate::cli
