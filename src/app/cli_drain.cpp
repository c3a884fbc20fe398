#include <chrono>
#include <iostream>
#include <thread>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

using boost::json::value;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{500};
/// An archive that is restarted is back by then.
constexpr std::chrono::seconds kNobodyTakes{15};
/// Longer than the longest pause between two attempts.
constexpr std::chrono::minutes kNothingMoves{10};

std::uint64_t whole(const value& status, std::string_view path) {
  return static_cast<std::uint64_t>(number(status, path));
}

/// Whether any destination that something waits for works.
bool somebody_takes(const value& status) {
  const auto* rows = at(status, "destinations").if_array();
  if (rows == nullptr) return false;
  for (const value& row : *rows) {
    const std::string state = shown(row, "state");
    if (number(row, "queued") > 0 && (state == "up" || state == "idle")) return true;
  }
  return false;
}

/// Why a destination does not take: what it said, or until when it is closed.
std::string why(const value& row) {
  const std::string closed = shown(row, "state_text");
  return closed.empty() || closed == "-" ? shown(row, "last_error") : closed;
}

void say_what_is_left(const value& status) {
  if (const auto* rows = at(status, "destinations").if_array()) {
    for (const value& row : *rows) {
      if (number(row, "queued") > 0)
        complain(shown(row, "queued") + " wait for " + shown(row, "name") + ", which is " +
                 shown(row, "state") + ": " + why(row));
      if (number(row, "parked") > 0)
        complain(shown(row, "parked") + " are parked for " + shown(row, "name") +
                 ": see `dosigate queue list`, mend the cause, then `dosigate queue retry`");
    }
  }
}

int wait_until_drained(const Options& options) {
  std::uint64_t before = 0;
  auto moved = Clock::now();
  auto taken = moved;
  for (bool first = true;; first = false) {
    const Answer answer = ask(options, "GET", "/api/v1/status");
    if (answer.exit != kDone) return answer.exit;
    const value& status = answer.body;
    if (at(status, "drain.on") != value(true)) {
      complain("drain mode was ended: instances are taken again");
      return kNotDone;
    }
    const auto left = whole(status, "drain.left");
    if (left == 0) {
      const auto parked = whole(status, "totals.parked");
      if (parked > 0)
        say_what_is_left(status);
      else
        std::cout << "drained: nothing is left in the queue\n";
      return parked > 0 ? kNotDone : kDone;
    }
    const auto now = Clock::now();
    if (first || left != before) {
      moved = now;
      std::cout << "draining, " << left << " left\n" << std::flush;
    }
    before = left;
    if (somebody_takes(status) || number(status, "drain.in_hand") > 0) taken = now;
    if (now - taken > kNobodyTakes || now - moved > kNothingMoves) {
      say_what_is_left(status);
      return kNotDone;
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

int drain(const Options& options, bool off, bool wait) {
  const Answer answer = ask(options, "POST", "/api/v1/drain", boost::json::object{{"on", !off}});
  if (answer.exit != kDone) return answer.exit;
  if (wait) return wait_until_drained(options);
  if (options.json)
    std::cout << boost::json::serialize(answer.body) << "\n";
  else if (off)
    std::cout << "drain mode is off: instances are taken\n";
  else
    std::cout << "draining, " << shown(answer.body, "left")
              << " left; nothing new is taken until `dosigate drain --off` or the next start\n";
  return kDone;
}

}  // namespace dosigate::cli
