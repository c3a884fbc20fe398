#include <algorithm>
#include <iostream>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/api/http.h"
#include "dosigate/base/bytes.h"

namespace dosigate::cli {

void complain(std::string_view text) {
  // A refused reload carries a line for each mistake; everything else is one line.
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::cerr << "dosigate: " << printable(text.substr(0, end)) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Answer ask(const Options& options, std::string_view method, const std::string& target,
           const boost::json::value& body, bool say, std::chrono::seconds timeout) {
  Answer out;
  const auto end = [&](int exit, const std::string& why) {
    out.exit = exit;
    out.problem = printable(why);
    if (say) complain(why);
    return out;
  };
  std::filesystem::path socket = options.socket;
  std::string doubt;
  if (socket.empty()) {
    const auto configured = admin_socket_of(options.config);
    if (!configured)
      return end(kUnreachable, configured.error().detail +
                                   " (--config FILE or --socket PATH says where the daemon is)");
    socket = configured->path;
    if (configured->broken_at != 0)
      doubt = "; " + options.config.string() + ":" + std::to_string(configured->broken_at) +
              " is no valid TOML, so its admin_socket is not known: --socket PATH names it";
  }
  const auto answer = call_admin(socket, method, target, body, timeout);
  if (!answer) return end(kUnreachable, answer.error().detail + doubt);
  if (answer->status >= 400) {
    const std::string title = shown(answer->body, "title");
    const std::string detail = shown(answer->body, "detail");
    return end(kNotDone, title + (detail == "-" ? "" : ": " + detail));
  }
  out.body = answer->body;
  return out;
}

std::optional<std::string> target_of_id(std::string_view root, const std::string& id,
                                        std::string_view action, std::string_view listed_by) {
  if (!parse_id(id)) {
    complain("\"" + id + "\" is no id of 32 hexadecimal digits; `dosigate " +
             std::string(listed_by) + "` shows them");
    return std::nullopt;
  }
  return std::string(root) + "/" + id + std::string(action);
}

std::optional<Config> load(const std::filesystem::path& file) {
  auto config = load_config(file);
  if (config) return std::move(*config);
  for (const std::string& line : config.error().lines) std::cerr << printable(line) << "\n";
  return std::nullopt;
}

}  // namespace dosigate::cli
