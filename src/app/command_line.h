#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "cli.h"

namespace dosigate {

/// Every command in the words of the README; `run` is what the parsed one does. One source a topic.
class CommandLine {
 public:
  CommandLine();
  int run(int argc, char** argv);

 private:
  static int no_patient_id_here(const CLI::App& command);
  CLI::App* group(const char* name, const char* text);
  CLI::App* verb(CLI::App& parent, const char* name, const char* text, std::function<int()> does);
  void json(CLI::App* command);
  void reason(CLI::App& command);
  /// A command that does something itself and has verbs, too. A callback of the command runs after
  /// that of its verb, and words that a verb does not take fall through to it.
  void beside_verbs(CLI::App* command, std::function<bool()> has_words, std::function<int()> does);
  void add_watching();
  void add_report();
  void add_queue();
  void add_quarantine();
  void add_revision();
  void add_study();
  void add_verify();
  void add_devices();
  void add_map();
  void add_corrections(CLI::App& map);
  void add_map_files(CLI::App& map);
  void add_work(CLI::App& command);
  void add_profile(CLI::App& command);
  void add_offline();
  void add_profiles();
  void add_backup();
  void add_key();
  void add_approvals();
  void add_tokens();
  void add_peer();
  void add_administration();
  void add_audit();

  CLI::App app_{"dosigate: the operator's command of the DICOM gateway that de-identifies"};
  cli::Options options_;
  std::function<int()> run_;
  std::vector<CLI::App*> asks_patient_id_;
  std::string from_input_;  ///< "-", and nothing else
  cli::AliasWanted alias_;
  std::string code_, site_, issuer_, day_, from_, to_;
  bool yes_ = false;
  bool watch_ = false, all_ = false;
  unsigned max_ = 50, tolerance_min_ = 10;
  std::string id_, name_, study_, reason_;
  std::vector<std::string> accept_, who_, rights_;
  unsigned days_ = 365;
  std::filesystem::path certificate_;
  cli::VerifyWanted verify_;
  cli::Work work_;
  cli::DeidentifyOptions deidentify_;
  std::filesystem::path file_;
  std::string other_;
  std::vector<std::filesystem::path> files_;
  bool show_values_ = false, retention_ = false, with_master_key_ = false;
  cli::AuditWanted audit_;
  unsigned incident_ = 0;
  bool csv_ = false, open_only_ = false;
  bool off_ = false, wait_ = false, new_ledger_ = false;
  cli::RestoreWanted restore_;
  std::filesystem::path credential_file_ = "/etc/dosigate/dosigate.key";
};

}  // namespace dosigate
