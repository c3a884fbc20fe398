#include <sys/stat.h>

#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string hex_half(const Secret& master) { return to_hex(public_half(master)); }

/// The daemon has to be told that the key file holds the new key.
int tell_written(const Options& options, const Secret& in_file) {
  const Answer answer = ask(options, "POST", "/api/v1/key/file-written",
                            json::object{{"key_file", hex_half(in_file)}});
  if (answer.exit == kDone) {
    std::cout << "The key file holds the new master key. What is sealed is brought under the new "
                 "keys in the\nbackground; `dosigate key status` says when the old ones are gone. "
                 "The recovery key stays the same.\n";
  }
  return answer.exit;
}

void print_compromise(const std::string& state_dir, const std::string& journal_dir,
                      const std::string& key_file) {
  std::cout
      << "What it means\n"
         "  Whoever had the master key and the keyring, or a copy of the index key and the\n"
         "  patients' salts, can link pseudonyms to persons for ever: for every patient who was "
         "in\n"
         "  the map at that time, and by guessing PatientIDs also for later ones. Nothing that "
         "this\n"
         "  node does takes that back.\n"
         "  `dosigate key rotate` protects what is sealed from now on: the old master key and old\n"
         "  copies of the keyring open nothing new. Do it now. It changes no pseudonym, and\n"
         "  therefore it does not end the link.\n\n"
         "CONTINUITY ENDS only by a new map: then every patient gets another pseudonym, other "
         "UIDs\n"
         "and another date offset, and later studies do not fit to earlier ones at the "
         "destinations.\n\n"
         "How to begin a new map\n"
         "  1  Stop the senders. Wait until `dosigate queue list` and `dosigate quarantine list`\n"
         "     are empty.\n"
         "  2  `dosigate study withdraw` each study that must not stay at a destination under its\n"
         "     old pseudonym. Wait until they were told.\n"
         "  3  `dosigate backup DIR`, and keep it with the recovery key under lock: it alone "
         "leads\n"
         "     from the old pseudonyms to persons.\n"
         "  4  Stop the service, and move away "
      << state_dir << (journal_dir.empty() ? "" : ", " + journal_dir) << " and\n     " << key_file
      << ".\n"
         "  5  `dosigate init` as the first time; write the new recovery key down; start the\n"
         "     service; `dosigate key recovery-verify`.\n"
         "  6  Have the PACS send what is needed again.\n"
         "  7  Destroy what was moved away, and the backup, when the time to keep them is over.\n\n"
         "Who has to be told\n"
         "  LGPD art. 48 and Resolution CD/ANPD 15/2024: the controller tells the ANPD and the\n"
         "  persons concerned within 3 business days of knowing that it may harm them, and keeps "
         "a\n"
         "  register of the incident for at least 5 years, also when nobody has to be told. Call\n"
         "  the data protection officer (encarregado) today.\n";
}

}  // namespace

int key_status(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/key");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  const std::string state = shown(answer.body, "state");
  std::cout << "rotation        "
            << (state == "none"        ? "none under way"
                : state == "resealing" ? "under way"
                                       : "begun; the new master key is not in the key file yet")
            << "\n";
  if (state == "resealing") {
    std::cout << "                " << shown(answer.body, "step") << "\n                "
              << shown(answer.body, "rows") << " rows and " << shown(answer.body, "files")
              << " files done since the start\n";
  }
  if (at(answer.body, "trouble") != json::value(""))
    std::cout << "trouble         " << shown(answer.body, "trouble") << "\n";
  const bool copied = at(answer.body, "copy") != json::value("");
  const auto verified = static_cast<long long>(number(answer.body, "recovery_verified"));
  std::cout << "key version     " << shown(answer.body, "version") << "\n"
            << "recovery key    "
            << (verified == 0 ? "never verified: `dosigate key recovery-verify`"
                              : "verified " + time_text(verified))
            << "\n"
            << "keyring's copy  "
            << (copied ? shown(answer.body, "copy") : "none: [node] journal_dir is not set")
            << "\n";
  return kDone;
}

int key_rotate(const Options& options, const std::filesystem::path& credential_file,
               std::string reason) {
  const auto config = load(options.config);
  if (!config) return kNotDone;
  const auto file = config->node.key_file.empty() ? credential_file : config->node.key_file;
  // Root may look at the key of the service's user.
  const auto present = load_master_key(file, owner_of(file));
  if (!present) {
    complain(present.error().detail);
    return kNotDone;
  }
  const Answer before = ask(options, "GET", "/api/v1/key?master=" + hex_half(*present));
  if (before.exit != kDone) return before.exit;
  if (at(before.body, "master_known") != json::value(true)) {
    complain(file.string() +
             " is not the key that the node runs with: name the right file with --credential-file");
    return kNotDone;
  }
  const std::string state = shown(before.body, "state");
  if (state == "resealing") {
    complain("a key rotation is under way: wait until `dosigate key status` says that it is over");
    return kNotDone;
  }
  if (state == "waiting-for-key-file" && !has_next_master_key(file)) {
    // Interrupted after the last step here, before the node was told; or the new key was lost.
    const Answer told = ask(options, "POST", "/api/v1/key/file-written",
                            json::object{{"key_file", hex_half(*present)}}, false);
    if (told.exit == kDone) return tell_written(options, *present);
  }
  if (!ask_reason(reason)) return kUsage;

  const auto next = next_master_key(file);
  if (!next) {
    complain(next.error().detail);
    return kNotDone;
  }
  fail_point("key.made");
  const Answer begun = ask(
      options, "POST", "/api/v1/key/rotate",
      json::object{{"present", hex_half(*present)}, {"next", hex_half(*next)}, {"reason", reason}});
  if (begun.exit != kDone) {
    complain("the key file is unchanged; " + file.string() +
             ".new is used when `dosigate key rotate` is run again");
    return begun.exit;
  }
  fail_point("key.begun");
  use_next_master_key(file);
  fail_point("key.in-place");
  return tell_written(options, *next);
}

int key_recovery_verify(const Options& options) {
  std::string recovery = asked("Recovery key (is not shown)", true);
  if (recovery.empty()) {
    complain("no recovery key was given on standard input");
    return kUsage;
  }
  const Answer answer =
      ask(options, "POST", "/api/v1/key/recovery-verify", json::object{{"recovery_key", recovery}});
  wipe(recovery.data(), recovery.size());
  if (answer.exit == kDone)
    std::cout << "The recovery key opens the keyring. Put it back to where it is kept.\n";
  return answer.exit;
}

int key_compromise(const Options& options, const std::filesystem::path& credential_file,
                   std::string reason) {
  const auto config = load(options.config);
  if (!config) return kNotDone;
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/key/compromise", json::object{{"reason", reason}});
  print_compromise(
      config->node.state_dir.string(), config->node.journal_dir.string(),
      (config->node.key_file.empty() ? credential_file : config->node.key_file).string());
  if (answer.exit != kDone)
    complain("this is NOT in the audit log: run it again when the node answers");
  return answer.exit;
}

}  // namespace dosigate::cli
