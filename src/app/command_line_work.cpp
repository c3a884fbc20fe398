#include "command_line.h"

namespace dosigate {

void CommandLine::add_watching() {
  auto* status = verb(app_, "status", "What the node does", [this] {
    return retention_ ? cli::retention(options_) : cli::status(options_, watch_);
  });
  json(status);
  auto* watch = status->add_flag("--watch", watch_, "Every two seconds until Ctrl-C");
  status->add_flag("--retention", retention_, "What is kept where, how old it is, until when")
      ->excludes(watch);
  auto* drain = verb(app_, "drain", "Takes nothing new and finishes the queue",
                     [this] { return cli::drain(options_, off_, wait_); });
  json(drain);
  auto* off = drain->add_flag("--off", off_, "Takes instances again");
  drain->add_flag("--wait", wait_, "Until nothing is left; says what cannot go, then exits 1")
      ->excludes(off);
  verb(app_, "check", "One line and a Nagios exit code", [this] { return cli::check(options_); });
}

void CommandLine::add_report() {
  auto* report = verb(app_, "report", "What came in on a day (UTC) and what became of it", [this] {
    if (from_.empty() != to_.empty()) {
      cli::complain("--from and --to belong together");
      return static_cast<int>(cli::kUsage);
    }
    return cli::day_report(options_, from_.empty() ? day_ : from_, to_.empty() ? day_ : to_);
  });
  json(report);
  auto* day = report->add_option("--day", day_, "YYYY-MM-DD of UTC; today when left out")
                  ->expected(0, 1)
                  ->default_str("");
  report->add_option("--from", from_, "First day of a span")->excludes(day);
  report->add_option("--to", to_, "Last day of a span")->excludes(day);
}

void CommandLine::add_queue() {
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
  auto* pause = verb(*queue, "pause", "Sends nothing to a destination until it is resumed",
                     [this] { return cli::queue_pause(options_, name_, reason_); });
  auto* resume = verb(*queue, "resume", "Sends to a paused destination again",
                      [this] { return cli::queue_resume(options_, name_); });
  for (auto* command : {pause, resume}) {
    json(command);
    command->add_option("destination", name_, "As the configuration names it")->required();
  }
  pause->add_option("--reason", reason_, "Shown in the status and recorded in the audit log")
      ->required();
  auto* abandon = verb(*queue, "abandon", "Gives up what can never be delivered",
                       [this] { return cli::queue_abandon(options_, name_, id_, reason_); });
  json(abandon);
  auto* what = abandon->add_option_group("what");
  what->add_option("id", id_, "One parked instance, wherever it is parked");
  what->add_option("--destination", name_,
                   "Everything for a destination that is not configured any more");
  what->require_option(1);
  abandon->add_option("--reason", reason_, "Recorded in the audit log")->required();
}

void CommandLine::add_quarantine() {
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
  auto* release = verb(*quarantine, "release",
                       "De-identifies one again, under the present rules and your decision",
                       [this] { return cli::quarantine_release(options_, id_, reason_, accept_); });
  json(release);
  release->add_option("id", id_)->required();
  release->add_option("--reason", reason_, "Recorded in the audit log")->required();
  release->add_option("--accept", accept_,
                      "Reasons for holding that you have looked into, as `show` names them");
}

void CommandLine::add_revision() {
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

void CommandLine::add_study() {
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

  const auto of_uid = [this, study](const char* word, const char* text, std::function<int()> does) {
    auto* out = verb(*study, word, text, std::move(does));
    json(out);
    out->add_option("UID", id_, "Of the study, as the archive has it")->required();
    reason(*out);
    return out;
  };
  auto* reassign = of_uid("reassign",
                          "The study is of another person, whose PatientID is asked for on the "
                          "terminal or read from standard input",
                          [this] { return cli::study_reassign(options_, id_, issuer_, reason_); });
  reassign->add_option("--issuer", issuer_, "Issuer of the PatientID, when it has one");
  asks_patient_id_.push_back(reassign);
  of_uid("withdraw", "Tells each destination that the study is rejected; what comes of it is held",
         [this] { return cli::study_withdraw(options_, id_, code_, reason_); })
      ->add_option("--code", code_, "quality, safety, worklist or retention")
      ->required();
  of_uid("admit", "Instances of a withdrawn study are taken again",
         [this] { return cli::study_admit(options_, id_, reason_); });
  auto* proof = verb(*study, "proof", "What of a study was sent, to whom, when and how many",
                     [this] { return cli::study_proof(options_, id_); });
  json(proof);
  proof->add_option("UID", id_, "Of the study, as the archive has it")->required();
  auto* withdrawals = verb(*study, "withdrawals", "What was withdrawn, and who was told when",
                           [this] { return cli::study_withdrawals(options_, id_); });
  json(withdrawals);
  withdrawals->add_option("UID", id_, "Of one study, as the archive has it");
}

void CommandLine::add_devices() {
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
  accept->add_option("--site", site_, "Code of its site, when several have a camera of that name");
  reason(*accept);
}

void CommandLine::add_verify() {
  auto* verify = verb(app_, "verify", "Asks the destinations whether they hold what they got",
                      [this] { return cli::verify(options_, verify_); });
  json(verify);
  auto* scope = verify->add_option_group("scope");
  scope->add_option("--study", verify_.study, "UID of one study, as the archive has it");
  scope->add_option("--day", verify_.day, "What was received on YYYY-MM-DD (UTC)");
  scope->add_option("--since", verify_.since, "Since YYYY-MM-DD (UTC)");
  scope->require_option(0, 1);
  verify->add_option("--destination", verify_.destination, "One destination (all)");
  verify->add_option("--by", verify_.by, "C-FIND or storage commitment")
      ->check(CLI::IsMember({"auto", "find", "commitment"}))
      ->capture_default_str();
  verify
      ->add_option("--wait", verify_.wait_s,
                   "Seconds for a study's answers by C-FIND, or for a report by commitment")
      ->check(CLI::Range(1U, 3600U))
      ->capture_default_str();
}

}  // namespace dosigate
