#include "command_line.h"

namespace dosigate {

void CommandLine::add_backup() {
  auto* backup =
      verb(app_, "backup", "Map, ledger, audit log and configuration, sealed, while the node runs",
           [this] { return cli::backup(options_, file_); });
  json(backup);
  backup->add_option("DIR", file_, "Where the daemon makes a folder; on another disk")->required();
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

void CommandLine::add_key() {
  auto* key = group("key", "The keys under which everything is sealed");
  json(verb(*key, "status", "Whether a rotation is under way and the recovery key was verified",
            [this] { return cli::key_status(options_); }));
  auto* rotate = verb(*key, "rotate", "New keys, while the node works; pseudonyms and UIDs stay",
                      [this] { return cli::key_rotate(options_, credential_file_, reason_); });
  verb(*key, "recovery-verify",
       "Whether the printed recovery key opens the keyring; it is asked for on the terminal or "
       "read from standard input",
       [this] { return cli::key_recovery_verify(options_); });
  auto* compromise = verb(*key, "compromise", "What to do when somebody else had the keys", [this] {
    return cli::key_compromise(options_, credential_file_, reason_);
  });
  for (auto* command : {rotate, compromise}) {
    command->add_option("--reason", reason_, "Recorded; asked for when missing");
    command
        ->add_option("--credential-file", credential_file_,
                     "The master key when [node] key_file is not set")
        ->capture_default_str();
  }
}

void CommandLine::add_approvals() {
  auto* approvals = app_.add_subcommand(
      "approvals", "What waits for a second person ([access] two_persons); and its verbs");
  json(approvals);
  beside_verbs(
      approvals, [] { return false; }, [this] { return cli::approvals_list(options_); });
  auto* approve = verb(*approvals, "approve", "Carries it out; never by who has asked for it",
                       [this] { return cli::approvals_approve(options_, id_); });
  json(approve);
  auto* reject = verb(*approvals, "reject", "Takes it back",
                      [this] { return cli::approvals_reject(options_, id_, reason_); });
  reason(*reject);
  for (auto* command : {approve, reject})
    command->add_option("id", id_, "As `dosigate approvals` shows it")->required();
}

void CommandLine::add_tokens() {
  auto* token = group("token", "What programs show to ask over HTTP ([http])");
  auto* add = verb(*token, "add", "A new one: shown this once, and kept by nobody here",
                   [this] { return cli::token_add(options_, name_, rights_, days_, reason_); });
  json(add);
  add->add_option("name", name_, "Of the program: letters, digits, - _ .")->required();
  add->add_option("--right", rights_,
                  "deidentify, store, metrics, operate, manage or reveal; may be given again")
      ->required();
  add->add_option("--days", days_, "Until it expires, at most 3650")
      ->capture_default_str()
      ->check(CLI::Range(1, 3650));
  json(verb(*token, "list", "All of them: rights, end, last use",
            [this] { return cli::token_list(options_); }));
  auto* revoke = verb(*token, "revoke", "No longer taken, nor those that were made by it",
                      [this] { return cli::token_revoke(options_, name_, reason_); });
  json(revoke);
  revoke->add_option("name", name_, "As `dosigate token list` shows it")->required();
  for (auto* command : {add, revoke}) reason(*command);
}

void CommandLine::add_peer() {
  auto* peer = group("peer", "Other DICOM nodes, called from here");
  verb(*peer, "echo", "C-ECHO, or a search by QIDO-RS",
       [this] { return cli::peer_echo(options_, name_); })
      ->add_option("name", name_, "Name of a [[peer]] or a dicom or stow [[destination]]")
      ->required();
  verb(*peer, "test", "What it accepts of nuclear medicine",
       [this] { return cli::peer_test(options_, name_); })
      ->add_option("name", name_, "Name of a [[peer]] or a dicom or stow [[destination]]")
      ->required();
}

void CommandLine::add_audit() {
  auto* audit = group("audit", "Who did what");
  auto* verify = verb(*audit, "verify",
                      "Walks the whole hash chain, also while no daemon runs, and against what was "
                      "kept elsewhere",
                      [this] { return cli::audit_verify(options_, audit_); });
  json(verify);
  verify->add_option("--head", audit_.heads,
                     "NUMBER:CHAIN-VALUE, as `report` and `backup` print it; may be given again");
  verify->add_option("--report", audit_.reports,
                     "A file that holds such heads: a kept report, or what `backup` printed");
  verify->add_option("--backup", audit_.backup, "A folder that `backup` made");

  auto* incidents =
      app_.add_subcommand("incidents",
                          "Who was refused, what the leak check stopped, who asked the "
                          "map against the rules, what does not authenticate");
  json(incidents);
  incidents->add_flag("--csv", csv_, "Every field, times in UTC (RFC 4180)");
  incidents->add_flag("--open", open_only_, "Only those that nobody has closed");
  beside_verbs(
      incidents, [] { return false; },
      [this] { return cli::incidents(options_, csv_, open_only_); });
  auto* close = verb(*incidents, "close", "A person has dealt with it; it stays on record",
                     [this] { return cli::incident_close(options_, incident_, reason_); });
  close->add_option("number", incident_, "As `dosigate incidents` shows it")->required();
  reason(*close);
}

void CommandLine::add_administration() {
  auto* config = group("config", "The configuration");
  auto* check =
      verb(*config, "check", "Everything that is wrong with it, without a daemon", [this] {
        std::optional<cli::Who> who;
        if (!who_.empty()) who = cli::Who{who_[0], who_[1], who_[2], certificate_};
        return cli::config_check(options_, who);
      });
  check->add_option("file", options_.config, "Configuration file");
  check->add_option("--who", who_, "CALLED CALLING ADDRESS: the route of such an association")
      ->expected(3);
  check->add_option("--certificate", certificate_, "PEM file that this peer shows on a TLS port")
      ->needs("--who");
  verb(app_, "reload", "Routes and destinations as the file says now",
       [this] { return cli::reload(options_); });
  auto* init =
      verb(app_, "init", "Makes state directory, key and keyring once, and prints the recovery key",
           [this] {
             return new_ledger_ ? cli::init_ledger(options_, credential_file_)
                                : cli::init(options_, credential_file_);
           });
  init->add_option("--credential-file", credential_file_,
                   "Where the key goes when [node] key_file is not set")
      ->capture_default_str();
  init->add_flag("--new-ledger", new_ledger_,
                 "Only an empty ledger, for a node whose ledger.db is lost and in no backup");
}

}  // namespace dosigate
