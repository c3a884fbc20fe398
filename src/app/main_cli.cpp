#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli.h"

namespace {

using namespace dosigate;

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 not done, the reason is on stderr; 2 wrong command line; 3 no daemon "
    "answers.\n"
    "`check` instead: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, with one line on stdout (Nagios).";

/// Every command in the words of the README; `run` is what the parsed one does.
class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", std::string("dosigate ") + DOSIGATE_VERSION);
    app_.add_option("--config", options_.config, "Configuration file")->capture_default_str();
    app_.add_option("--socket", options_.socket, "Admin socket, instead of the configured one");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(kExitCodes);
    add_watching();
    add_queue();
    add_quarantine();
    add_revision();
    add_map();
    add_study();
    add_devices();
    add_key();
    add_peer();
    add_administration();
    add_offline();
    add_backup();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
      // CLI11 repeats what it did not expect; of all words a PatientID must not be repeated.
      const auto asking =
          std::ranges::find_if(asks_patient_id_, [](const auto& one) { return one->parsed(); });
      if (asking != asks_patient_id_.end() &&
          wrong.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
        cli::complain((*asking)->get_parent()->get_name() + " " + (*asking)->get_name() +
                      " takes no PatientID as an argument, where the process list and the shell's "
                      "history show it: type it when asked, or give it on standard input");
        return cli::kUsage;
      }
      // CLI11 has a code of its own for each mistake; scripts get one, and --help is none.
      return app_.exit(wrong) == 0 ? cli::kDone : cli::kUsage;
    }
    options_.config_named = app_.get_option("--config")->count() > 0;
    return run_();
  }

 private:
  CLI::App* group(const char* name, const char* text) {
    CLI::App* out = app_.add_subcommand(name, text);
    out->require_subcommand(1);
    out->fallthrough();
    return out;
  }
  CLI::App* verb(CLI::App& parent, const char* name, const char* text, std::function<int()> does) {
    CLI::App* out = parent.add_subcommand(name, text);
    out->fallthrough();
    out->callback([this, does = std::move(does)] { run_ = does; });
    return out;
  }
  void json(CLI::App* command) { command->add_flag("--json", options_.json, "One line of JSON"); }

  void add_watching() {
    auto* status = verb(app_, "status", "What the node does", [this] {
      return retention_ ? cli::retention(options_) : cli::status(options_, watch_);
    });
    json(status);
    auto* watch = status->add_flag("--watch", watch_, "Every two seconds until Ctrl-C");
    status->add_flag("--retention", retention_, "What is kept where, how old it is, until when")
        ->excludes(watch);
    verb(app_, "check", "One line and a Nagios exit code", [this] { return cli::check(options_); });
  }

  void add_queue() {
    auto* queue = group("queue", "What waits for a destination");
    auto* list = verb(*queue, "list", "Queued and parked instances",
                      [this] { return cli::queue_list(options_, max_); });
    json(list);
    list->add_option("--max", max_, "Most items")
        ->check(CLI::Range(1U, 100'000U))
        ->capture_default_str();
    auto* retry = verb(*queue, "retry", "Makes parked and waiting instances due now",
                       [this] { return cli::queue_retry(options_, all_, name_, id_); });
    json(retry);
    auto* which = retry->add_option_group("which");
    which->add_option("id", id_, "One instance");
    which->add_option("--destination", name_, "Everything for one destination");
    which->add_flag("--all", all_, "Everything");
    which->require_option(1);
  }

  void add_quarantine() {
    auto* quarantine = group("quarantine", "Originals that wait for a person");
    json(verb(*quarantine, "list", "All of them, oldest first",
              [this] { return cli::quarantine_list(options_); }));
    auto* show = verb(*quarantine, "show", "One of them",
                      [this] { return cli::quarantine_show(options_, id_); });
    json(show);
    show->add_option("id", id_)->required();
    auto* discard = verb(*quarantine, "discard", "Destroys one; it will never be forwarded",
                         [this] { return cli::quarantine_discard(options_, id_, reason_); });
    json(discard);
    discard->add_option("id", id_)->required();
    discard->add_option("--reason", reason_, "Recorded in the audit log")->required();
    auto* release =
        verb(*quarantine, "release",
             "De-identifies one again, under the present rules and your decision",
             [this] { return cli::quarantine_release(options_, id_, reason_, accept_); });
    json(release);
    release->add_option("id", id_)->required();
    release->add_option("--reason", reason_, "Recorded in the audit log")->required();
    release->add_option("--accept", accept_,
                        "Reasons for holding that you have looked into, as `show` names them");
  }

  void add_revision() {
    auto* revision =
        group("revision", "The same instance again, with other pixels or inputs of dosimetry");
    json(verb(*revision, "list", "Those that are held, oldest first",
              [this] { return cli::revision_list(options_); }));
    auto* show = verb(*revision, "show", "One of them, and where the version before lies",
                      [this] { return cli::revision_show(options_, id_); });
    auto* send =
        verb(*revision, "send", "Sends it on under a UID of its own and rejects the version before",
             [this] { return cli::revision_send(options_, id_, reason_); });
    auto* drop = verb(*revision, "drop", "Destroys it; the version before stays the valid one",
                      [this] { return cli::revision_drop(options_, id_, reason_); });
    for (auto* command : {show, send, drop}) {
      json(command);
      command->add_option("id", id_)->required();
    }
    for (auto* command : {send, drop})
      command->add_option("--reason", reason_, "Recorded in the audit log")->required();
  }

  void add_map() {
    auto* map = group("map", "The link between persons and pseudonyms");
    auto* lookup = verb(
        *map, "lookup",
        "Pseudonym of a PatientID, which is asked for on the terminal or read from standard input",
        [this] { return cli::map_lookup(options_, reason_); });
    json(lookup);
    lookup->add_option("--reason", reason_,
                       "Recorded; asked for when missing (or second line of standard input)");
    asks_patient_id_.push_back(lookup);
    auto* reveal = verb(*map, "reveal", "Person behind a pseudonym",
                        [this] { return cli::map_reveal(options_, id_, reason_); });
    json(reveal);
    reveal->add_option("pseudonym", id_)->required();
    reveal->add_option("--reason", reason_, "Recorded; asked for when missing");
    add_corrections(*map);
    add_map_files(*map);
  }

  void reason(CLI::App& command) {
    command.add_option("--reason", reason_,
                       "Recorded; asked for when missing (or a line of standard input)");
  }

  void add_corrections(CLI::App& map) {
    auto* alias = verb(map, "alias",
                       "One more PatientID of the person of a pseudonym, asked for on the terminal "
                       "or read from standard input",
                       [this] {
                         alias_.reason = reason_;
                         return cli::map_alias(options_, alias_);
                       });
    json(alias);
    alias->add_option("pseudonym", alias_.pseudonym)->required();
    alias->add_option("--with", alias_.with, "The pseudonym of the other id, instead of the id");
    alias->add_option("--issuer", alias_.issuer, "Issuer of the PatientID, when it has one");
    alias->add_flag("--resend", alias_.resend,
                    "Studies of both were sent: withdraw the other's, and have them sent again");
    reason(*alias);
    asks_patient_id_.push_back(alias);
    json(verb(map, "alarms", "Pairs of pseudonyms that seem to be one person",
              [this] { return cli::map_alarms(options_); }));
    auto* distinct = verb(map, "distinct", "Two pseudonyms are two persons: no alarm any more",
                          [this] { return cli::map_distinct(options_, id_, other_, reason_); });
    json(distinct);
    distinct->add_option("pseudonym", id_)->required();
    distinct->add_option("other", other_)->required();
    reason(*distinct);
    auto* report = verb(
        map, "report", "Everything sent of a person: when, to whom, for what, on which legal basis",
        [this] { return cli::map_report(options_, id_, reason_); });
    json(report);
    report->add_option("pseudonym", id_, "Without it the PatientID is asked for");
    reason(*report);
    asks_patient_id_.push_back(report);
    auto* forget = verb(map, "forget",
                        "Destroys what leads from a person to the pseudonym, and has the "
                        "destinations told; cannot be undone",
                        [this] { return cli::map_forget(options_, id_, reason_, yes_); });
    json(forget);
    forget->add_option("pseudonym", id_, "Without it the PatientID is asked for");
    forget->add_flag("--yes", yes_, "It is meant: no question is asked");
    reason(*forget);
    asks_patient_id_.push_back(forget);
  }

  /// A command that does something itself and has verbs, too. A callback of the command runs after
  /// that of its verb, and words that a verb does not take fall through to it.
  void beside_verbs(CLI::App* command, std::function<bool()> has_words, std::function<int()> does) {
    command->require_subcommand(0, 1);
    command->fallthrough();
    command->callback([this, command, has_words = std::move(has_words), does = std::move(does)] {
      if (command->get_subcommands().empty()) {
        run_ = does;
      } else if (has_words()) {
        throw CLI::ExtrasError(std::vector<std::string>{"one word too many"});
      }
    });
  }

  void add_map_files(CLI::App& map) {
    const char* reason = "Recorded; asked for when missing";
    auto* out = verb(map, "export", "Every PatientID and its pseudonym, sealed, into a directory",
                     [this] { return cli::map_export(options_, file_, reason_); });
    json(out);
    out->add_option("DIR", file_, "Where the daemon makes a folder")->required();
    out->add_option("--reason", reason_, reason);
    auto* open = verb(
        map, "open-export", "Writes the list in such a folder to standard output",
        [this] { return cli::map_open_export(options_, file_, with_master_key_, show_values_); });
    open->add_option("FOLDER", file_)->required();
    open->add_flag("--with-master-key", with_master_key_,
                   "The configured key, instead of the recovery key, which is asked for or read "
                   "from standard input");
    open->add_flag("--show", show_values_, "Onto a terminal as well");
    auto* in = verb(map, "import", "Pseudonyms that were assigned elsewhere: all of them or none",
                    [this] { return cli::map_import(options_, file_, reason_); });
    in->footer(
        "FILE is CSV with the header site,patient_id,issuer,pseudonym,offset_days; issuer and "
        "offset_days may be missing or empty.");
    json(in);
    in->add_option("FILE", file_, "- is standard input")->required();
    in->add_option("--reason", reason_, reason);
    verb(map, "accept-gap", "Ends the holding of unknown patients after a restore without journal",
         [this] { return cli::map_accept_gap(options_, reason_); })
        ->add_option("--reason", reason_, reason);
  }

  void add_backup() {
    auto* backup = verb(app_, "backup",
                        "Map, ledger, audit log and configuration, sealed, while the node runs",
                        [this] { return cli::backup(options_, file_); });
    json(backup);
    backup->add_option("DIR", file_, "Where the daemon makes a folder; on another disk")
        ->required();
    auto* restore = verb(
        app_, "restore",
        "A node out of a backup, its journal and the recovery key, which is asked for or read from "
        "standard input",
        [this] {
          restore_.credential_file = credential_file_;
          return cli::restore_node(options_, restore_);
        });
    restore->add_option("FOLDER", restore_.folder, "A folder that `backup` made")->required();
    auto* journal = restore->add_option("--journal", restore_.journal,
                                        "Directory of the journal: the configured journal_dir");
    restore
        ->add_flag("--without-journal", restore_.without_journal,
                   "The journal is lost: unknown patients are held until `map accept-gap`")
        ->excludes(journal);
    restore
        ->add_option("--credential-file", credential_file_,
                     "Where the new key goes when [node] key_file is not set")
        ->capture_default_str();
  }

  void add_study() {
    auto* study = app_.add_subcommand(
        "study", "Readiness, time points and counts of a patient's studies; and its verbs");
    json(study);
    auto* name =
        study->add_option("NAME", study_, "Pseudonym, or the UID of a study as the archive has it");
    beside_verbs(
        study, [this] { return !study_.empty(); },
        [this] { return cli::study(options_, study_, tolerance_min_); });
    study->parse_complete_callback([study, name] {
      if (study->get_subcommands().empty() && name->count() == 0) throw CLI::RequiredError("NAME");
    });
    study
        ->add_option("--tolerance", tolerance_min_,
                     "Minutes by which the times of one injection may differ")
        ->check(CLI::Range(0U, 720U))
        ->capture_default_str();

    const auto of_uid = [this, study](const char* word, const char* text,
                                      std::function<int()> does) {
      auto* out = verb(*study, word, text, std::move(does));
      json(out);
      out->add_option("UID", id_, "Of the study, as the archive has it")->required();
      reason(*out);
      return out;
    };
    auto* reassign =
        of_uid("reassign",
               "The study is of another person, whose PatientID is asked for on the "
               "terminal or read from standard input",
               [this] { return cli::study_reassign(options_, id_, issuer_, reason_); });
    reassign->add_option("--issuer", issuer_, "Issuer of the PatientID, when it has one");
    asks_patient_id_.push_back(reassign);
    of_uid("withdraw",
           "Tells each destination that the study is rejected; what comes of it is held",
           [this] { return cli::study_withdraw(options_, id_, code_, reason_); })
        ->add_option("--code", code_, "quality, safety, worklist or retention")
        ->required();
    of_uid("admit", "Instances of a withdrawn study are taken again",
           [this] { return cli::study_admit(options_, id_, reason_); });
    auto* withdrawals = verb(*study, "withdrawals", "What was withdrawn, and who was told when",
                             [this] { return cli::study_withdrawals(options_, id_); });
    json(withdrawals);
    withdrawals->add_option("UID", id_, "Of one study, as the archive has it");
  }

  void add_devices() {
    auto* devices = app_.add_subcommand(
        "devices", "Cameras, their software and calibrations, and the private creators removed");
    json(devices);
    beside_verbs(
        devices, [] { return false; }, [this] { return cli::devices(options_); });
    auto* accept = verb(*devices, "accept",
                        "A camera and its software were looked at: instances of it are taken",
                        [this] { return cli::devices_accept(options_, id_, site_, reason_); });
    json(accept);
    accept->add_option("label", id_, "CAM-nn, as `dosigate devices` shows it")->required();
    accept->add_option("--site", site_,
                       "Code of its site, when several have a camera of that name");
    reason(*accept);
  }

  void add_key() {
    auto* key = group("key", "The keys under which everything is sealed");
    json(verb(*key, "status", "Whether a rotation is under way and the recovery key was verified",
              [this] { return cli::key_status(options_); }));
    auto* rotate = verb(*key, "rotate", "New keys, while the node works; pseudonyms and UIDs stay",
                        [this] { return cli::key_rotate(options_, credential_file_, reason_); });
    verb(*key, "recovery-verify",
         "Whether the printed recovery key opens the keyring; it is asked for on the terminal or "
         "read from standard input",
         [this] { return cli::key_recovery_verify(options_); });
    auto* compromise =
        verb(*key, "compromise", "What to do when somebody else had the keys",
             [this] { return cli::key_compromise(options_, credential_file_, reason_); });
    for (auto* command : {rotate, compromise}) {
      command->add_option("--reason", reason_, "Recorded; asked for when missing");
      command
          ->add_option("--credential-file", credential_file_,
                       "The master key when [node] key_file is not set")
          ->capture_default_str();
    }
  }

  void add_peer() {
    auto* peer = group("peer", "Other DICOM nodes, called from here");
    verb(*peer, "echo", "C-ECHO", [this] { return cli::peer_echo(options_, name_); })
        ->add_option("name", name_, "Name of a [[peer]] or dicom [[destination]]")
        ->required();
    verb(*peer, "test", "What it accepts of nuclear medicine",
         [this] { return cli::peer_test(options_, name_); })
        ->add_option("name", name_, "Name of a [[peer]] or dicom [[destination]]")
        ->required();
  }

  void add_administration() {
    auto* config = group("config", "The configuration");
    auto* check =
        verb(*config, "check", "Everything that is wrong with it, without a daemon", [this] {
          std::optional<cli::Who> who;
          if (!who_.empty()) who = cli::Who{who_[0], who_[1], who_[2]};
          return cli::config_check(options_, who);
        });
    check->add_option("file", options_.config, "Configuration file");
    check->add_option("--who", who_, "CALLED CALLING ADDRESS: the route of such an association")
        ->expected(3);
    verb(app_, "reload", "Routes and destinations as the file says now",
         [this] { return cli::reload(options_); });
    auto* audit = group("audit", "Who did what");
    json(verb(*audit, "verify", "Walks the whole hash chain",
              [this] { return cli::audit_verify(options_); }));
    verb(app_, "init", "Makes state directory, key and keyring once, and prints the recovery key",
         [this] { return cli::init(options_, credential_file_); })
        ->add_option("--credential-file", credential_file_,
                     "Where the key goes when [node] key_file is not set")
        ->capture_default_str();
  }

  void add_work(CLI::App& command) {
    command.add_option("--site", work_.site,
                       "Code of the site, in every pseudonym; XX without a configuration");
    command.add_option("--charset", work_.charset,
                       "What an absent (0008,0005) means, for example \"ISO_IR 100\"");
  }
  void add_profile(CLI::App& command) {
    command.add_option("--profile", work_.profile, "Name of a profile, or its .toml file")
        ->capture_default_str();
  }

  void add_offline() {
    auto* command =
        verb(app_, "deidentify", "A file, a folder, a ZIP archive or a DICOMDIR, without a network",
             [this] { return cli::deidentify(options_, work_, deidentify_); });
    command->footer(
        "Makes OUT/<pseudonym>/<study>/<instance>.dcm.\n"
        "Exit codes: 0 everything of DICOM was cleaned; 1 nothing was begun; 2 wrong command line; "
        "3 some was not cleaned: it is listed and not written.");
    command
        ->add_option("IN", deidentify_.in,
                     "A file, a folder with all below it, a ZIP archive or a DICOMDIR")
        ->required();
    command->add_option("OUT", deidentify_.out, "A folder, empty or not there yet")->required();
    add_profile(*command);
    auto* map = command->add_option("--map", deidentify_.map,
                                    "map.db of the node, or of a map of its own: the same patient "
                                    "keeps the same pseudonym");
    command->add_flag("--create-map", deidentify_.create_map, "Make the map of its own first")
        ->needs(map);
    command
        ->add_flag("--throwaway-map", deidentify_.throwaway_map,
                   "Forget whose each pseudonym is at the end")
        ->excludes(map);
    add_work(*command);
    command
        ->add_option("--jobs", deidentify_.jobs, "Instances at a time; 0 = as many as processors")
        ->check(CLI::Range(0U, 256U))
        ->capture_default_str();
    auto* report = command->add_option("--report", deidentify_.report,
                                       "What became of each file, as JSON, by its number");
    command
        ->add_flag("--report-paths", deidentify_.report_paths,
                   "The report names the files of IN, whose names may name patients")
        ->needs(report);
    add_profiles();
  }

  void add_profiles() {
    auto* explain =
        verb(app_, "explain", "What becomes of each element of a file, by which rule, and why",
             [this] { return cli::explain(options_, work_, file_, show_values_); });
    explain->footer("Exit codes: 0 it would be cleaned; 1 it cannot be read; 3 it would not.");
    json(explain);
    explain->add_option("FILE", file_, "One DICOM file")->required();
    add_profile(*explain);
    explain->add_flag("--show-values", show_values_,
                      "Values before and after: they identify; on a terminal only");
    add_work(*explain);

    auto* profile = group("profile", "The rules of de-identification");
    // Inherited by the verbs added below: the exit codes of `dosigate check` are not those of
    // `profile check`, and no daemon is asked.
    profile->footer(
        "Exit codes: 0 done; 1 not done, the reason is on stderr; 2 wrong command line.");
    auto* check = verb(*profile, "check", "Name, version and digest, or what is wrong with it",
                       [this] { return cli::profile_check(options_, name_); });
    json(check);
    check->add_option("PROFILE", name_, "Name of a profile, or its .toml file")->required();
    auto* diff = verb(*profile, "diff", "What would change in these files under another profile",
                      [this] { return cli::profile_diff(options_, work_, name_, other_, files_); });
    json(diff);
    diff->add_option("A", name_, "Name of a profile, or its .toml file")->required();
    diff->add_option("B", other_, "The other one")->required();
    diff->add_option("FILES", files_, "Files, folders, ZIP archives")->required();
    add_work(*diff);
  }

  CLI::App app_{"dosigate: the operator's command of the DICOM gateway that de-identifies"};
  cli::Options options_;
  std::function<int()> run_;
  std::vector<CLI::App*> asks_patient_id_;
  cli::AliasWanted alias_;
  std::string code_, site_, issuer_;
  bool yes_ = false;
  bool watch_ = false, all_ = false;
  unsigned max_ = 50, tolerance_min_ = 10;
  std::string id_, name_, study_, reason_;
  std::vector<std::string> accept_, who_;
  cli::Work work_;
  cli::DeidentifyOptions deidentify_;
  std::filesystem::path file_;
  std::string other_;
  std::vector<std::filesystem::path> files_;
  bool show_values_ = false, retention_ = false, with_master_key_ = false;
  cli::RestoreWanted restore_;
  std::filesystem::path credential_file_ = "/etc/dosigate/dosigate.key";
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a pager that is closed early ends us with an error, not a signal
  try {
    return CommandLine().run(argc, argv);
  } catch (const std::exception& broken) {
    dosigate::cli::complain(broken.what());
    return dosigate::cli::kNotDone;
  }
}
