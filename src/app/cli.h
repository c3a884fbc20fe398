#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "dosigate/app/config.h"

namespace dosigate::cli {

/// What scripts may rely on; `check` gives Nagios states instead.
enum Exit : int {
  kDone = 0,
  kNotDone =
      1,       ///< the daemon or the peer said no, or the configuration is wrong; why is on stderr
  kUsage = 2,  ///< the command line is wrong
  kUnreachable = 3,  ///< no daemon answers
};

struct Options {
  std::filesystem::path config = "/etc/dosigate/dosigate.toml";
  std::filesystem::path socket;  ///< --socket; empty = as configured
  bool json = false;
  bool config_named = false;  ///< --config was given; a standard one need not be there
};

/// One line on stderr, "dosigate: <text>".
void complain(std::string_view text);

/// Either the body of a 2xx answer or, already said on stderr, the exit code.
struct Answer {
  int exit = kDone;
  boost::json::value body;
  std::string problem;  ///< what was said
};
Answer ask(const Options& options, std::string_view method, const std::string& target,
           const boost::json::value& body = nullptr, bool say = true,
           std::chrono::seconds timeout = std::chrono::seconds(60));
/// For what goes through the whole map.
inline constexpr std::chrono::hours kLong{6};

/// "<root>/<id><action>". An id becomes part of a request target: nothing but an id may. nullopt,
/// said on stderr with the command that shows ids, when it is none.
std::optional<std::string> target_of_id(std::string_view root, const std::string& id,
                                        std::string_view action, std::string_view listed_by);

/// The whole configuration; nullopt after its errors were written to stderr.
std::optional<Config> load(const std::filesystem::path& file);

int status(const Options& options, bool watch);
/// Of `network` of the status.
std::string network_text(const boost::json::value& network);
int check(const Options& options);
/// @param wait  until nothing is left, or until nobody takes what is left
int drain(const Options& options, bool off, bool wait);

int queue_list(const Options& options, unsigned max);
int queue_abandon(const Options& options, const std::string& destination, const std::string& id,
                  const std::string& reason);
int queue_retry(const Options& options, bool all, const std::string& destination,
                const std::string& id);

int queue_pause(const Options& options, const std::string& destination, const std::string& reason);
int queue_resume(const Options& options, const std::string& destination);
/// Where the API listens beside the socket; empty when it does not.
std::string http_text(const boost::json::value& status);
/// What the status says of TLS: listeners, certificate, CA and failed handshakes; empty without
/// [tls].
std::string tls_text(const boost::json::value& status);
/// What the status says of destinations that wait or save bytes, below their table.
std::string destination_notes(const boost::json::array& destinations);

int quarantine_list(const Options& options);
int quarantine_show(const Options& options, const std::string& id);
int quarantine_discard(const Options& options, const std::string& id, const std::string& reason);
int quarantine_release(const Options& options, const std::string& id, const std::string& reason,
                       const std::vector<std::string>& accept);

int revision_list(const Options& options);
int revision_show(const Options& options, const std::string& id);
int revision_send(const Options& options, const std::string& id, const std::string& reason);
int revision_drop(const Options& options, const std::string& id, const std::string& reason);

int map_lookup(const Options& options, std::string reason);
int map_reveal(const Options& options, const std::string& pseudonym, std::string reason);

struct AliasWanted {
  std::string pseudonym, with;  ///< `with`: the other pseudonym; empty: a PatientID is asked for
  std::string issuer, reason;
  bool resend = false;
};
int map_alias(const Options& options, const AliasWanted& wanted);
int map_alarms(const Options& options);
int map_distinct(const Options& options, const std::string& a, const std::string& b,
                 std::string reason);
/// An empty pseudonym: the PatientID is asked for.
int map_report(const Options& options, const std::string& pseudonym, std::string reason);
int map_forget(const Options& options, const std::string& pseudonym, std::string reason, bool yes);
int map_export(const Options& options, const std::filesystem::path& directory, std::string reason);
int map_open_export(const Options& options, const std::filesystem::path& folder,
                    bool with_master_key, bool show);
/// `file` "-": standard input.
int map_import(const Options& options, const std::filesystem::path& file, std::string reason);
int map_accept_gap(const Options& options, std::string reason);

int backup(const Options& options, const std::filesystem::path& directory);
struct RestoreWanted {
  std::filesystem::path folder, journal, credential_file;
  bool without_journal = false;
};
int restore_node(const Options& options, const RestoreWanted& wanted);
int retention(const Options& options);

int devices(const Options& options);
int devices_accept(const Options& options, const std::string& label, const std::string& site,
                   std::string reason);

int key_status(const Options& options);
/// @param credential_file  the master key when [node] key_file is not set.
int key_rotate(const Options& options, const std::filesystem::path& credential_file,
               std::string reason);
int key_recovery_verify(const Options& options);
int key_compromise(const Options& options, const std::filesystem::path& credential_file,
                   std::string reason);

int study(const Options& options, const std::string& name, unsigned tolerance_min);
int study_proof(const Options& options, const std::string& uid);
/// Empty days: today. kNotDone when a sum does not add up.
int day_report(const Options& options, const std::string& from, const std::string& to);
int study_reassign(const Options& options, const std::string& uid, const std::string& issuer,
                   std::string reason);
/// @param why  "quality", "safety", "worklist" or "retention".
int study_withdraw(const Options& options, const std::string& uid, const std::string& why,
                   std::string reason);
int study_admit(const Options& options, const std::string& uid, std::string reason);
/// An empty UID: of every study.
int study_withdrawals(const Options& options, const std::string& uid);
/// As `study withdrawals` and `map report` show them.
std::string withdrawals_table(const boost::json::array& withdrawals);

struct VerifyWanted {
  std::string study, day, since;  ///< at most one of them
  std::string destination;        ///< empty: all
  std::string by = "auto";
  unsigned wait_s = 60;
};
/// kNotDone when something is missing or could not be asked.
int verify(const Options& options, const VerifyWanted& wanted);
/// As `status` shows the last verification of a destination; empty when there was none.
std::string verified_text(const boost::json::value& destination);

int approvals_list(const Options& options);
int approvals_approve(const Options& options, const std::string& id);
int approvals_reject(const Options& options, const std::string& id, std::string reason);
/// Whether what was asked waits for a second person; then said on stderr, with what comes next.
bool waits_for_second(const Answer& answer);
/// As `status` shows who may do what.
std::string access_text(const boost::json::value& access);

int token_add(const Options& options, const std::string& name,
              const std::vector<std::string>& rights, unsigned days, std::string reason);
int token_list(const Options& options);
int token_revoke(const Options& options, const std::string& name, std::string reason);

/// Heads of the record that were kept elsewhere.
struct AuditWanted {
  std::vector<std::string> heads;              ///< NUMBER:CHAIN-VALUE
  std::vector<std::filesystem::path> reports;  ///< files that hold some
  std::filesystem::path backup;                ///< a folder that `backup` made
};
/// By the daemon, or without one by this command.
int audit_verify(const Options& options, const AuditWanted& wanted);

/// By the daemon, or without one from the files.
int incidents(const Options& options, bool csv, bool open_only);
int incident_close(const Options& options, unsigned number, std::string reason);
/// As `status` shows the record, where it is sent, and open incidents.
std::string audit_text(const boost::json::value& status);

int peer_echo(const Options& options, const std::string& name);
int peer_test(const Options& options, const std::string& name);

struct Who {
  std::string called, calling, address;
  std::filesystem::path certificate;  ///< that it shows on listen_tls; empty: a plain connection
};
int config_check(const Options& options, const std::optional<Who>& who);
/// What root made inside a directory of the service's user becomes that user's, or the service
/// could not open it.
void hand_over(const std::filesystem::path& directory, const std::filesystem::path& key_file);
int init(const Options& options, const std::filesystem::path& credential_file);
/// An empty ledger for a node whose ledger is lost without a backup.
int init_ledger(const Options& options, const std::filesystem::path& credential_file);

/// What the commands without a network have in common.
struct Work {
  std::string profile = "dosimetry";  ///< a name, or a file: with a slash or ".toml"
  std::string site;                   ///< code; empty: the only one of the configuration, or XX
  std::string charset;                ///< meaning of an absent (0008,0005)
};
struct DeidentifyOptions {
  std::filesystem::path in, out, map, report;
  bool throwaway_map = false, create_map = false, report_paths = false;
  unsigned jobs = 0;  ///< 0 = as many as processors
};
/// Exit codes: kDone = everything cleaned; kNotDone = nothing was begun; kSomeNotCleaned.
inline constexpr int kSomeNotCleaned = 3;
int deidentify(const Options& options, const Work& work, const DeidentifyOptions& wanted);
int explain(const Options& options, const Work& work, const std::filesystem::path& file,
            bool show_values);
int profile_check(const Options& options, const std::string& profile);
int profile_diff(const Options& options, const Work& work, const std::string& a,
                 const std::string& b, const std::vector<std::filesystem::path>& inputs);
int reload(const Options& options);

}  // namespace dosigate::cli
