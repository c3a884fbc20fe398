#include "command_line.h"

namespace dosigate {

void CommandLine::add_work(CLI::App& command) {
  command.add_option("--site", work_.site,
                     "Code of the site, in every pseudonym; XX without a configuration");
  command.add_option("--charset", work_.charset,
                     "What an absent (0008,0005) means, for example \"ISO_IR 100\"");
}

void CommandLine::add_profile(CLI::App& command) {
  command.add_option("--profile", work_.profile, "Name of a profile, or its .toml file")
      ->capture_default_str();
}

void CommandLine::add_offline() {
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
  command->add_option("--jobs", deidentify_.jobs, "Instances at a time; 0 = as many as processors")
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

void CommandLine::add_profiles() {
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
  profile->footer("Exit codes: 0 done; 1 not done, the reason is on stderr; 2 wrong command line.");
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

}  // namespace dosigate
