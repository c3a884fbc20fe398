#include "command_line.h"

#include <algorithm>
#include <set>

#include "argv.h"

namespace dosigate {
namespace {

void names_of(const CLI::App& app, std::set<std::string>& into) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    into.insert(command->get_name());
    names_of(*command, into);
  }
}

/// The last command that was understood, when a word came after it where one of its subcommands
/// belongs.
const CLI::App* lacks_verb(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto left = app.remaining(true);
  const bool word =
      std::ranges::any_of(left, [](const auto& one) { return !one.starts_with('-'); });
  return word && at->get_require_subcommand_min() > 0 ? at : nullptr;
}

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 not done, the reason is on stderr; 2 wrong command line; 3 no daemon "
    "answers.\n"
    "`check` instead: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, with one line on stdout (Nagios).";

}  // namespace

CommandLine::CommandLine() {
  app_.set_version_flag("--version", std::string("dosigate ") + DOSIGATE_VERSION);
  app_.add_option("--config", options_.config, "Configuration file")->capture_default_str();
  app_.add_option("--socket", options_.socket, "Admin socket, instead of the configured one");
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer(kExitCodes);
  add_watching();
  add_report();
  add_queue();
  add_quarantine();
  add_revision();
  add_map();
  add_study();
  add_verify();
  add_devices();
  add_key();
  add_approvals();
  add_tokens();
  add_peer();
  add_administration();
  add_audit();
  add_offline();
  add_backup();
}

int CommandLine::run(int argc, char** argv) {
  std::set<std::string> commands;
  names_of(app_, commands);
  const std::vector<std::string> words = take_arguments(argc, argv, commands);
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  try {
    app_.parse(argc, arguments.data());
  } catch (const CLI::ParseError& wrong) {
    // CLI11 repeats what it did not expect; of all words a PatientID must not be repeated.
    const auto asking =
        std::ranges::find_if(asks_patient_id_, [](const auto& one) { return one->parsed(); });
    if (asking != asks_patient_id_.end() &&
        wrong.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
      return no_patient_id_here(**asking);
    }
    if (const CLI::App* const group = lacks_verb(app_);
        group != nullptr &&
        wrong.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
      // The word itself is not repeated: it may be a name.
      const std::string name = group == &app_ ? "dosigate" : "dosigate " + group->get_name();
      cli::complain(name + ": there is no such subcommand; `" + name + " --help` names them");
      return cli::kUsage;
    }
    // CLI11 has a code of its own for each mistake; scripts get one, and --help is none.
    return app_.exit(wrong) == 0 ? cli::kDone : cli::kUsage;
  }
  options_.config_named = app_.get_option("--config")->count() > 0;
  return run_();
}

int CommandLine::no_patient_id_here(const CLI::App& command) {
  cli::complain(command.get_parent()->get_name() + " " + command.get_name() +
                " takes no PatientID as an argument, where the process list and the shell's "
                "history show it: type it when asked, or give it on standard input; what was "
                "given is overwritten in this process, take it out of the shell's history");
  return cli::kUsage;
}

CLI::App* CommandLine::group(const char* name, const char* text) {
  CLI::App* out = app_.add_subcommand(name, text);
  out->require_subcommand(1);
  out->fallthrough();
  return out;
}

CLI::App* CommandLine::verb(CLI::App& parent, const char* name, const char* text,
                            std::function<int()> does) {
  CLI::App* out = parent.add_subcommand(name, text);
  out->fallthrough();
  out->callback([this, does = std::move(does)] { run_ = does; });
  return out;
}

void CommandLine::json(CLI::App* command) {
  command->add_flag("--json", options_.json, "One line of JSON");
}

void CommandLine::reason(CLI::App& command) {
  command.add_option("--reason", reason_,
                     "Recorded; asked for when missing (or a line of standard input)");
}

void CommandLine::beside_verbs(CLI::App* command, std::function<bool()> has_words,
                               std::function<int()> does) {
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

}  // namespace dosigate
