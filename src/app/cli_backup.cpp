#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "restore.h"
#include "sealed_bundle.h"

namespace dosigate::cli {
namespace {

std::string user() {
  const passwd* entry = getpwuid(getuid());
  return entry == nullptr ? "uid " + std::to_string(getuid()) : entry->pw_name;
}

std::string more_than(long long now, const std::string& before) {
  if (before.empty() || before == std::to_string(now)) return {};
  return " (the backup had " + before + ")";
}

}  // namespace

int backup(const Options& options, const std::filesystem::path& directory) {
  const Answer answer =
      ask(options, "POST", "/api/v1/backup",
          boost::json::object{{"directory", std::filesystem::absolute(directory).string()}}, true,
          kLong);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << "backup      " << shown(answer.body, "folder") << "\n"
            << "size        " << size_text(number(answer.body, "bytes")) << "\n"
            << "audit head  " << shown(answer.body, "head") << "\n"
            << "It is sealed, and opens with the recovery key. Keep it away from this machine.\n";
  return kDone;
}

int restore_node(const Options& options, const RestoreWanted& wanted) {
  umask(0077);
  if (auto there = is_bundle(wanted.folder); !there) {
    complain(there.error().detail);
    return kNotDone;
  }
  const std::string recovery_key = asked("Recovery key (is not shown)", true);
  if (recovery_key.empty()) {
    complain("no recovery key was given: type it when asked, or give it on standard input");
    return kUsage;
  }
  const auto absolute = [](const std::filesystem::path& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal();
  };
  const RestoreOrder order{absolute(wanted.folder), absolute(options.config),
                           absolute(wanted.credential_file), absolute(wanted.journal),
                           wanted.without_journal};
  const auto done = restore(order, recovery_key, user(), wall_now());
  if (!done) {
    complain(done.error().detail);
    return kNotDone;
  }
  const auto& node = done->config.node;
  const bool credential = done->key_file == order.credential_file;
  hand_over(node.state_dir, credential ? std::filesystem::path() : done->key_file);
  if (!node.journal_dir.empty()) hand_over(node.journal_dir, {});

  std::cout << "restored         backup of " << time_text(static_cast<long long>(done->created))
            << (order.without_journal ? ", without a journal" : ", brought up to the journal")
            << "\n"
            << "configuration    " << order.config_file.string()
            << (done->config_written   ? " (from the backup)"
                : done->config_another ? " (was there; the backup has another one, not used)"
                                       : "")
            << "\n"
            << "state directory  " << node.state_dir.string() << "\n"
            << "key file         " << done->key_file.string() << " (new)\n"
            << "patients         " << thousands(done->patients)
            << more_than(done->patients, done->patients_before) << "\n"
            << "studies          " << thousands(done->studies)
            << more_than(done->studies, done->studies_before) << "\n";
  if (done->forgotten_studies > 0)
    std::cout << "forgotten        " << thousands(static_cast<long long>(done->forgotten_studies))
              << " studies, after the backup: forgotten here as well\n";
  std::cout
      << "\nThe recovery key stays the same. Now:\n"
         "  1. start the service; `dosigate status` and `dosigate check`\n"
         "  2. what waited in the queue is listed as parked (`dosigate queue list`), what was in\n"
         "     quarantine or came after the backup is in no list: have the PACS send again what "
         "it\n"
         "     sent since the day of the backup; what has arrived already is not doubled\n"
         "  3. `dosigate backup DIR`\n";
  if (order.without_journal)
    std::cout << "Whoever the backup does not know is held until `dosigate map accept-gap`.\n";
  if (credential)
    std::cout << "The service reads the key by LoadCredential=dosigate.key:"
              << done->key_file.string() << "\n";
  return kDone;
}

int retention(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/retention");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  if (const auto* stores = at(answer.body, "stores").if_array()) {
    for (const auto& store : *stores)
      rows.push_back({shown(store, "store"), shown(store, "count"),
                      at(store, "bytes").is_null() ? "-" : size_text(number(store, "bytes")),
                      at(store, "oldest_s").is_null()
                          ? "-"
                          : duration_text(static_cast<long long>(number(store, "oldest_s"))),
                      shown(store, "kept_until")});
  }
  std::cout << table({"store", ">count", ">size", ">oldest", "kept until"}, rows)
            << "keep_originals " << shown(answer.body, "keep_originals") << ", ledger_keep_days "
            << shown(answer.body, "ledger_keep_days") << "; what is in each: docs/retention.md\n";
  return kDone;
}

}  // namespace dosigate::cli
