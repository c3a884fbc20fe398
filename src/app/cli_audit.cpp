#include <fstream>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "backup.h"
#include "cli.h"
#include "cli_text.h"
#include "dosigate/app/incidents.h"
#include "node_at_rest.h"

// The audit record, walked by the daemon, or by this command where none runs.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kHexDigits = 64;

/// Every NUMBER:CHAIN-VALUE in a text, however it is laid out: a report, its JSON, what `backup`
/// printed.
std::vector<AuditHead> heads_in(std::string_view text) {
  std::vector<AuditHead> out;
  for (auto colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    auto begin = colon;
    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
    const auto end = std::min(colon + 1 + kHexDigits, text.size());
    if (auto head = parse_audit_head(text.substr(begin, end - begin))) out.push_back(*head);
  }
  return out;
}

/// nullopt after what is wrong was written to stderr.
std::optional<std::vector<AuditHead>> wanted_heads(const AuditWanted& wanted) {
  std::vector<AuditHead> out;
  for (const std::string& text : wanted.heads) {
    const auto head = parse_audit_head(text);
    if (!head) {
      complain(
          "--head is NUMBER:CHAIN-VALUE with 64 hexadecimal digits, as report and backup "
          "print it");
      return std::nullopt;
    }
    out.push_back(*head);
  }
  for (const auto& file : wanted.reports) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto found = heads_in(text);
    if (found.empty()) {
      complain("--report " + file.string() +
               " cannot be read, or holds no head of an audit record");
      return std::nullopt;
    }
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

void say(const Options& options, std::uint64_t lines, const std::string& head, std::size_t checked,
         bool daemon) {
  if (options.json) {
    std::cout << json::serialize(json::object{{"lines", lines},
                                              {"head", head},
                                              {"heads_checked", checked},
                                              {"by", daemon ? "daemon" : "command"}})
              << "\n";
    return;
  }
  std::cout << "the audit chain holds: " << thousands(static_cast<long long>(lines)) << " lines"
            << (daemon ? "" : " (no daemon runs: read by this command)") << "\n";
  if (!head.empty()) std::cout << "audit head  " << head << "\n";
  if (checked > 0)
    std::cout << "it reaches every head that was kept (" << checked
              << "): nothing was cut off up to there, and it was not begun anew\n";
}

/// As the offline verbs do: with the key that the configuration names.
int verify_here(const Options& options, const AuditWanted& wanted, std::vector<AuditHead> heads,
                const std::string& why_not) {
  const auto node = NodeAtRest::open(options, why_not);
  if (!node) return kUnreachable;
  const auto& [config, keys] = *node;
  const auto refused = [](const Error& error) {
    complain(error.detail);
    return static_cast<int>(kNotDone);
  };
  if (!wanted.backup.empty()) {
    const auto head = head_of_backup(keys, wanted.backup);
    if (!head) return refused(head.error());
    heads.push_back(*head);
  }
  const auto verified =
      AuditLog::verify_file(config.node.state_dir / "audit" / "audit.jsonl", keys, heads);
  if (!verified) {
    if (verified.error().fault == Fault::Corrupt)
      remember_incident(config.node.state_dir, IncidentKind::Integrity, "audit record",
                        verified.error().detail);
    return refused(verified.error());
  }
  say(options, verified->number, verified->number == 0 ? "" : text_of(*verified), heads.size(),
      false);
  return kDone;
}

}  // namespace

int audit_verify(const Options& options, const AuditWanted& wanted) {
  const auto heads = wanted_heads(wanted);
  if (!heads) return kUsage;
  json::array texts;
  for (const AuditHead& head : *heads) texts.emplace_back(text_of(head));
  json::object body{{"heads", std::move(texts)}};
  if (!wanted.backup.empty()) body["backup"] = std::filesystem::absolute(wanted.backup).string();
  const Answer answer = ask(options, "POST", "/api/v1/audit/verify", body, false, kLong);
  if (answer.exit == kUnreachable) return verify_here(options, wanted, *heads, answer.problem);
  if (answer.exit != kDone) {
    complain(answer.problem);
    return answer.exit;
  }
  say(options, static_cast<std::uint64_t>(number(answer.body, "lines")),
      at(answer.body, "head").is_string() ? std::string(at(answer.body, "head").get_string()) : "",
      static_cast<std::size_t>(number(answer.body, "heads_checked")), true);
  return kDone;
}

}  // namespace dosigate::cli
