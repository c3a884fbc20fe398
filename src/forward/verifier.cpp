#include "dosigate/forward/verifier.h"

#include <algorithm>

#include "commitment.h"
#include "dosigate/dicom/status.h"
#include "dosigate/forward/folder.h"
#include "find.h"
#include "web_find.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kMostUids = 20;  ///< of missing instances that are named
constexpr std::size_t kMostWithdrawals = 1000;

/// The books of one destination while it is asked.
class Tally {
 public:
  Tally(const Ledger& ledger, const Ledger::DeliveredScope& scope, Verifier::Outcome& outcome)
      : ledger_(ledger), scope_(scope), outcome_(outcome) {
    scope_.destination = outcome.destination;
    for (auto& study : ledger_.delivered_studies(scope_)) {
      outcome_.studies.push_back({study.study_uid, study.objects, 0, 0, 0, study.objects, {}, {}});
      pseudonyms_.push_back(std::move(study.pseudonym));
    }
    const bool all_days = scope_.from_day == Ledger::DeliveredScope().from_day;
    if (!all_days || !scope_.study_uid.empty())
      outcome_.folded = ledger_.delivered_and_folded(scope_);
  }

  std::size_t size() const { return outcome_.studies.size(); }
  Verifier::Study& study(std::size_t index) { return outcome_.studies[index]; }
  const std::string& pseudonym(std::size_t index) const { return pseudonyms_[index]; }

  /// Calls `use` with each object of a study; ends early when it returns false.
  template <class Use>
  bool each_object(std::size_t index, const Use& use) {
    Ledger::DeliveredScope scope = scope_;
    scope.study_uid = study(index).study_uid;
    std::string after;
    while (true) {
      const auto page = ledger_.delivered_objects(scope, after, kPage);
      for (const auto& object : page)
        if (!use(object)) return false;
      if (page.size() < kPage) return true;
      after = page.back().sop_instance_uid;
    }
  }

  void found(std::size_t index) {
    --study(index).unasked;
    ++study(index).found;
  }
  void absent(std::size_t index, const Ledger::DeliveredObject& object) {
    Verifier::Study& of = study(index);
    --of.unasked;
    if (object.note || is_rejected(of.study_uid, object.sop_instance_uid)) {
      ++of.rejected;
      return;
    }
    ++of.missing;
    if (of.missing_uids.size() < kMostUids) of.missing_uids.push_back(object.sop_instance_uid);
  }

 private:
  bool is_rejected(const std::string& study_uid, const std::string& sop_uid) {
    if (rejected_of_ != study_uid) {
      rejected_of_ = study_uid;
      rejected_ = ledger_.rejected_at(study_uid, scope_.destination);
      all_rejected_ = false;
      // Which objects a note of the PACS names is not in the book, unless it names them all.
      for (const auto& one : ledger_.withdrawals(study_uid, kMostWithdrawals)) {
        const auto told = one.told.find(scope_.destination);
        all_rejected_ |= one.cause == "received" && one.whole_study && told != one.told.end() &&
                         told->second > 0;
      }
    }
    return all_rejected_ || rejected_.contains(sop_uid);
  }

  const Ledger& ledger_;
  Ledger::DeliveredScope scope_;
  Verifier::Outcome& outcome_;
  std::vector<std::string> pseudonyms_;
  std::string rejected_of_;
  std::set<std::string> rejected_;
  bool all_rejected_ = false;
};

/// The first reason stays: what follows is mostly its consequence.
void because(std::string& problem, const std::string& why) {
  if (problem.empty()) problem = why;
}

void look_into_folder(const Destination& to, Tally& tally, Verifier::Outcome& outcome,
                      const std::stop_token& stop) {
  outcome.by = "folder";
  std::error_code failed;
  if (!std::filesystem::is_directory(to.path, failed)) {
    outcome.problem = to.path.string() + " is no folder now: is its disk or share mounted?";
    return;
  }
  for (std::size_t i = 0; i < tally.size(); ++i) {
    if (tally.pseudonym(i).empty()) {
      tally.study(i).problem =
          "the pseudonym of this study is not kept (forgotten, or sent by an old version): where "
          "its files lie is not known";
      continue;
    }
    const bool done = tally.each_object(i, [&](const Ledger::DeliveredObject& object) {
      if (stop.stop_requested()) return false;
      const std::filesystem::path file =
          to.path / folder_path({tally.pseudonym(i), tally.study(i).study_uid, object.sop_class_uid,
                                 object.sop_instance_uid, ""});
      std::error_code error;
      const auto size = std::filesystem::file_size(file, error);
      if (!error && size > 0) {
        tally.found(i);
      } else if (!error || error == std::errc::no_such_file_or_directory) {
        tally.absent(i, object);
      } else {
        because(tally.study(i).problem, "files could not be looked at: " + error.message());
      }
      return true;
    });
    if (!done) {
      outcome.problem = "the node is stopping: verify again after the restart";
      return;
    }
  }
}

void ask_by_web(const Destination& to, Tally& tally, Verifier::Outcome& outcome,
                const std::stop_token& stop) {
  std::unique_ptr<HttpLink> link;
  for (std::size_t i = 0; i < tally.size(); ++i) {
    if (stop.stop_requested()) {
      outcome.problem = "the node is stopping: verify again after the restart";
      return;
    }
    if (!link || !link->usable() || link->is_stale()) {
      auto opened = HttpLink::open(to);
      if (!opened) {
        outcome.problem = opened.error().detail;
        return;
      }
      link = std::move(*opened);
    }
    outcome.by = "qido";
    const auto there = web_find_instances(*link, to.stow, tally.study(i).study_uid);
    if (!there && there.error().fault != Fault::Denied) {
      outcome.problem = there.error().detail;
      return;
    }
    if (!there) {
      tally.study(i).problem = there.error().detail;
      continue;
    }
    tally.each_object(i, [&](const Ledger::DeliveredObject& object) {
      if (there->contains(object.sop_instance_uid))
        tally.found(i);
      else
        tally.absent(i, object);
      return true;
    });
  }
}

void ask_by_find(Dialogue& dialogue, const Peer::Accepted& context, const Destination& to,
                 Tally& tally, Verifier::Outcome& outcome, std::chrono::seconds wait) {
  outcome.by = "find";
  for (std::size_t i = 0; i < tally.size(); ++i) {
    const auto there =
        find_instances(dialogue, context, to, tally.study(i).study_uid, steady_now() + wait);
    if (!there && there.error().fault != Fault::Denied) {
      outcome.problem = there.error().detail;
      return;
    }
    if (!there) {
      tally.study(i).problem = there.error().detail;
      continue;
    }
    tally.each_object(i, [&](const Ledger::DeliveredObject& object) {
      if (there->contains(object.sop_instance_uid))
        tally.found(i);
      else
        tally.absent(i, object);
      return true;
    });
  }
}

/// Objects of several studies go into one transaction: an archive may take its time for each.
class Commitments {
 public:
  Commitments(Dialogue& dialogue, const Peer::Accepted& context, const Destination& to,
              CommitmentDesk& desk, std::chrono::seconds wait, Tally& tally,
              Verifier::Outcome& outcome)
      : dialogue_(dialogue),
        context_(context),
        to_(to),
        desk_(desk),
        wait_(wait),
        tally_(tally),
        outcome_(outcome) {
    outcome_.by = "commitment";
  }

  void run() {
    bool going_on = true;
    for (std::size_t i = 0; going_on && i < tally_.size(); ++i) {
      going_on = tally_.each_object(i, [&](const Ledger::DeliveredObject& object) {
        objects_.push_back(object);
        studies_.push_back(i);
        return objects_.size() < kMostCommitted || ask();
      });
    }
    if (going_on && !objects_.empty()) (void)ask();
  }

 private:
  /// False when the archive cannot be asked any more.
  bool ask() {
    const auto report = ask_commitment(dialogue_, context_, to_, desk_, objects_, wait_);
    if (!report && report.error().fault != Fault::Denied) {
      outcome_.problem = report.error().detail;
      return false;
    }
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (report)
        judge(*report, studies_[i], objects_[i]);
      else
        because(tally_.study(studies_[i]).problem, report.error().detail);
    }
    objects_.clear();
    studies_.clear();
    return true;
  }

  void judge(const CommitmentReport& report, std::size_t study,
             const Ledger::DeliveredObject& object) {
    if (report.committed.contains(object.sop_instance_uid)) return tally_.found(study);
    const auto failed = report.failed.find(object.sop_instance_uid);
    if (failed == report.failed.end())
      return because(tally_.study(study).problem,
                     at(to_) +
                         " reported without a word on some instances: the archive is at "
                         "fault");
    if (failed->second == kNoSuchInstance) return tally_.absent(study, object);
    because(tally_.study(study).problem,
            at(to_) + " does not commit itself to some instances: " + status_text(failed->second) +
                ": see the archive's log");
  }

  Dialogue& dialogue_;
  const Peer::Accepted& context_;
  const Destination& to_;
  CommitmentDesk& desk_;
  std::chrono::seconds wait_;
  Tally& tally_;
  Verifier::Outcome& outcome_;
  std::vector<Ledger::DeliveredObject> objects_;
  std::vector<std::size_t> studies_;  ///< of each object
};

std::string not_offered(const Destination& to, Verifier::By by) {
  const char* what = [by] {
    switch (by) {
      case Verifier::By::Find:
        return "C-FIND (Study Root)";
      case Verifier::By::Commitment:
        return "Storage Commitment Push Model";
      case Verifier::By::Auto:
        break;
    }
    return "neither C-FIND (Study Root) nor Storage Commitment Push Model";
  }();
  return at(to) + (by == Verifier::By::Auto ? " accepts " : " does not accept ") + what +
         " from our AE title " + to.calling_ae +
         ": have it allowed there, or verify by other means";
}

}  // namespace

bool Verifier::Outcome::complete() const {
  return problem.empty() && folded == 0 && std::ranges::all_of(studies, [](const Study& study) {
           return study.missing == 0 && study.unasked == 0;
         });
}

struct Verifier::Impl {
  const Ledger& ledger;
  CommitmentDesk& desk;
  Requestor requestor;

  void ask(const Destination& to, const Order& order, Tally& tally, Outcome& outcome,
           const std::stop_token& stop);
};

void Verifier::Impl::ask(const Destination& to, const Order& order, Tally& tally, Outcome& outcome,
                         const std::stop_token& stop) {
  std::vector<ProposedContext> contexts;
  if (order.by != By::Commitment) contexts.push_back(kStudyRootFind);
  if (order.by != By::Find) contexts.push_back(kStorageCommitment);
  const auto opened = Peer::open(to, requestor, contexts);
  if (!opened) {
    outcome.problem = opened.error().detail;
    return;
  }
  Peer& peer = **opened;
  Dialogue& dialogue = peer.dialogue();
  dialogue.until_stopped(stop);
  const auto* find = peer.find_native(kStudyRootFind.sop_class_uid);
  const auto* commitment = peer.find_native(kStorageCommitment.sop_class_uid);
  if (find != nullptr)
    ask_by_find(dialogue, *find, to, tally, outcome, order.wait);
  else if (commitment != nullptr)
    Commitments(dialogue, *commitment, to, desk, order.wait, tally, outcome).run();
  else
    outcome.problem = not_offered(to, order.by);
  if (outcome.problem.empty()) peer.release();
}

Verifier::Verifier(const Ledger& ledger, CommitmentDesk& desk)
    : impl_(std::make_unique<Impl>(Impl{ledger, desk, make_requestor(Destination())})) {}

Verifier::~Verifier() = default;

std::vector<Verifier::Outcome> Verifier::run(const Order& order, const std::stop_token& stop) {
  std::vector<Outcome> out;
  const auto verify = [&](const std::string& name, const auto& ask) {
    Outcome outcome;
    outcome.destination = name;
    Tally tally(impl_->ledger, order.scope, outcome);
    if (tally.size() > 0) ask(tally, outcome);
    if (outcome.folded > 0)
      because(outcome.problem, std::to_string(outcome.folded) +
                                   " deliveries are older than [node] ledger_keep_days and not "
                                   "known one by one any more: compare counts at the archive");
    outcome.when = wall_now();
    out.push_back(std::move(outcome));
  };
  for (const Destination& to : order.destinations) {
    verify(to.name, [&](Tally& tally, Outcome& outcome) {
      if (to.kind == Destination::Kind::Folder)
        look_into_folder(to, tally, outcome, stop);
      else if (to.kind == Destination::Kind::Stow)
        ask_by_web(to, tally, outcome, stop);
      else
        impl_->ask(to, order, tally, outcome, stop);
    });
  }
  for (const std::string& name : order.removed) {
    verify(name, [](Tally&, Outcome& outcome) {
      outcome.problem = "it is no longer in the configuration: it cannot be asked";
    });
  }
  return out;
}

}  // namespace dosigate
