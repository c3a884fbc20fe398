#include "destination_status.h"

#include <array>
#include <ctime>

#include <boost/json.hpp>

namespace dosigate {

namespace json = boost::json;

std::string pause_text(const Ledger::Pause& pause) {
  const auto seconds = static_cast<std::time_t>(pause.since);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &local);
  return "paused since " + std::string(text.data(), size) + " by " + pause.actor;
}

void add_forwarder(json::object& row, const ArchiveForwarder& forwarder) {
  const auto state = forwarder.state();
  row["kind"] = kind_text(forwarder.destination().kind);
  row["tls"] = forwarder.destination().tls.has_value();
  row["state"] = state.state;
  row["state_text"] = state.state_text;
  row["last_error"] = state.last_error;
  row["last_success"] = state.last_success_unix;
  row["bytes_sent"] = state.bytes;
  row["bytes_saved"] = state.bytes_saved;
  row["compressed"] = state.compressed;
  row["not_compressed"] = state.not_compressed;
}

json::value json_of(const Ledger::Pause* pause) {
  if (pause == nullptr) return nullptr;
  return json::object{{"since", pause->since}, {"by", pause->actor}, {"reason", pause->reason}};
}

}  // namespace dosigate
