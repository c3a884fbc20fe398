#include "command_line.h"

namespace dosigate {

void CommandLine::add_map() {
  auto* map = group("map", "The link between persons and pseudonyms");
  auto* lookup = verb(
      *map, "lookup",
      "Pseudonym of a PatientID, which is asked for on the terminal or read from standard input",
      [this, map] {
        if (from_input_.empty() || from_input_ == "-") return cli::map_lookup(options_, reason_);
        return no_patient_id_here(*map->get_subcommand("lookup"));
      });
  json(lookup);
  lookup->add_option("input", from_input_, "- is standard input, as without it");
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

void CommandLine::add_corrections(CLI::App& map) {
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
  auto* report = verb(map, "report",
                      "Everything sent of a person: when, to whom, for what, on which legal basis",
                      [this] { return cli::map_report(options_, id_ == "-" ? "" : id_, reason_); });
  json(report);
  report->add_option("pseudonym", id_, "Without it, or with -, the PatientID is asked for");
  reason(*report);
  asks_patient_id_.push_back(report);
  auto* forget =
      verb(map, "forget",
           "Destroys what leads from a person to the pseudonym, and has the "
           "destinations told; cannot be undone",
           [this] { return cli::map_forget(options_, id_ == "-" ? "" : id_, reason_, yes_); });
  json(forget);
  forget->add_option("pseudonym", id_, "Without it, or with -, the PatientID is asked for");
  forget->add_flag("--yes", yes_, "It is meant: no question is asked");
  reason(*forget);
  asks_patient_id_.push_back(forget);
}

void CommandLine::add_map_files(CLI::App& map) {
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

}  // namespace dosigate
