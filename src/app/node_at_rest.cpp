#include "node_at_rest.h"

#include "cli_ask.h"
#include "dosigate/app/init.h"

namespace dosigate::cli {

std::optional<NodeAtRest> NodeAtRest::open(const Options& options, const std::string& why_not) {
  std::error_code unknown;
  const auto say = [](const std::string& text) {
    complain(text);
    return std::nullopt;
  };
  if (!std::filesystem::exists(options.config, unknown)) return say(why_not);
  auto config = load(options.config);
  if (!config) return std::nullopt;
  const auto keyring = config->node.state_dir / "keyring";
  if (!std::filesystem::exists(keyring, unknown)) return say(why_not);
  keep_to_ourselves();
  const auto master = master_key(*config);
  if (!master) return say(why_not + "; and to read the files itself: " + master.error().detail);
  auto keys = Keyring::open(keyring, *master);
  if (!keys) return say(why_not + "; and to read the files itself: " + keys.error().detail);
  return NodeAtRest{std::move(*config), std::move(*keys)};
}

}  // namespace dosigate::cli
