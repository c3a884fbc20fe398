#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "spool_core.h"

// At start files, rows and ledger are brought together. What each of them can be after a crash:
//
//   put:      file (synced) < success, and file < row < ledger "queued": neither of these two is
//             synced, both may come after the success
//   settled:  ledger (synced) < row < file erased
//
// So the ledger is never behind on what is final, the row is never there without its file, and a
// file tells everything that a row needs. Where they disagree the ledger is right about states, the
// file about content, and what is in neither was never acknowledged.

namespace dosigate {
namespace {

constexpr const char* kMissing = "the spool file is missing";

bool is_final(DeliveryState state) {
  return state == DeliveryState::Delivered || state == DeliveryState::Withdrawn;
}

bool all_final(const std::map<std::string, DeliveryState>& deliveries) {
  for (const auto& [name, state] : deliveries) {
    if (!is_final(state)) return false;
  }
  return true;
}

/// True when the file ends as a complete one does. One that does and still does not authenticate
/// was damaged or belongs elsewhere; it is kept for a person to look at.
bool has_end_mark(const std::filesystem::path& file) {
  constexpr std::uint64_t kTail = 8;
  const FileDescriptor open = open_for_reading(file);
  const std::uint64_t size = std::filesystem::file_size(file);
  std::array<Byte, 4> mark{};
  return size >= kTail && read_exactly_at(open.get(), mark, size - kTail, file) &&
         std::memcmp(mark.data(), "DSGE", mark.size()) == 0;
}

}  // namespace

Result<void> SpoolCore::recover() {
  recovered_.removed_incomplete += files_.remove_unfinished();
  index_.offer_unreadable_pairs_again();
  std::int64_t last = 0;
  for (;;) {
    const auto items = index_.items_after(last, kBatch);
    if (items.empty()) break;
    for (const auto& item : items) agree_with_ledger(item);
    last = items.back().item_id;
  }
  if (auto taken = take_in_all(); !taken) return taken;
  find_lost();
  remember_in_flight();
  return {};
}

/// What was on its way when the process ended has its mark in the row before the file forgets it.
void SpoolCore::remember_in_flight() {
  std::vector<std::pair<InstanceId, std::string>> sent;
  for (auto& [id, destination] : in_flight_.left_over()) sent.emplace_back(id, destination);
  if (!sent.empty()) index_.mark_sent(sent);
  in_flight_.clear();
}

/// Makes a row say what the ledger says, and both say so when the file is gone.
void SpoolCore::agree_with_ledger(const QueueIndex::Standing& item) {
  const bool has_file = std::filesystem::exists(files_.path(item.id));
  if (item.finished) {
    if (has_file) return;
    ++recovered_.rows_without_file;  // its pairs are lost with it; every delivery was made
    index_.remove(item.id);
    return;
  }

  auto in_ledger = ledger_.destinations(item.id);
  if (in_ledger.empty()) {
    // Killed between row and ledger, or a power cut took the ledger's unsynced entry.
    Ledger::Entry entry{item.id, item.study_uid, {}, item.sop_class_uid, item.sop_instance_uid,
                        domain_};
    if (const auto file = open_file(item.id); file && file->id() == item.id) {
      if (const auto card = unpack_card(file->card())) entry = entry_of(item.id, *card);
    }
    entry.destinations.clear();
    for (const auto& [name, state] : item.deliveries) entry.destinations.push_back(name);
    ledger_.queued(entry);
    in_ledger = ledger_.destinations(item.id);
  }

  if (!has_file) {
    ++recovered_.rows_without_file;
    std::vector<Ledger::Change> changes;
    std::vector<QueueIndex::Verdict> verdicts;
    for (auto& [name, state] : in_ledger) {
      if (!is_final(state)) {
        changes.push_back({item.id, name, DeliveryState::Parked, 0});
        state = DeliveryState::Parked;
      }
      verdicts.push_back(
          {item.item_id, name, state, 0, state == DeliveryState::Parked ? kMissing : "", false});
    }
    ledger_.changed(changes);
    index_.settle(verdicts, now_ms());
    return;
  }

  std::vector<QueueIndex::Verdict> verdicts;
  for (const auto& [name, state] : item.deliveries) {
    const auto booked = in_ledger.find(name);
    if (booked == in_ledger.end() || booked->second == state) continue;
    verdicts.push_back(
        {item.item_id, name, booked->second, 0,
         booked->second == DeliveryState::Parked ? "parked before the last start" : "", false});
  }
  if (verdicts.empty()) return;
  if (all_final(in_ledger)) ++recovered_.finished;
  for (const InstanceId& id : index_.settle(verdicts, now_ms())) files_.erase(id);
}

/// Files without a row. Those that the ledger knows come first: of two files of one instance, the
/// acknowledged one is among them.
Result<void> SpoolCore::take_in_all() {
  bool unknown_left = false;
  for (const Found pass : {Found::Known, Found::Unknown}) {
    if (pass == Found::Unknown && !unknown_left) break;
    Result<void> result{};
    files_.each([&](const InstanceId& id, const std::filesystem::path& file) {
      if (result && !index_.has(id)) result = take_in(id, file, pass, unknown_left);
    });
    if (!result) return result;
  }
  return {};
}

Result<void> SpoolCore::take_in(const InstanceId& id, const std::filesystem::path& file, Found pass,
                                bool& unknown_left) {
  const auto outcome = ledger_.outcome(id);
  if (!outcome && pass == Found::Known) {
    unknown_left = true;
    return {};
  }
  if (!outcome && std::filesystem::is_empty(file)) {  // of a place that nobody used
    files_.erase(id);
    return {};
  }
  const auto remove = [&] {
    files_.erase(id);
    ++recovered_.removed_incomplete;
  };
  const bool waiting =
      outcome == Outcome::Queued || outcome == Outcome::Parked || outcome == Outcome::Delivered;
  // Quarantined: a release that an operator ordered. Its original may be gone already, because the
  // ledger's word of it was not synced: a whole file is that release. Dropped, discarded,
  // duplicate: the file lost the race of two equal puts, nobody was told that it is kept.
  const bool released = outcome == Outcome::Quarantined;
  if (outcome && !waiting && !released) {
    remove();
    return {};
  }

  const auto reader = open_file(id);
  if (!reader && reader.error().fault == Fault::Denied) return reader.error();
  const auto card = reader ? unpack_card(reader->card()) : std::nullopt;
  if (!reader || reader->id() != id || !card || card->destinations.empty() ||
      (!waiting && !is_whole(*reader))) {
    if (!waiting && !has_end_mark(file)) {
      remove();
    } else {
      set_aside(id, file);
    }
    return {};
  }

  auto booked = ledger_.destinations(id);
  std::map<std::string, QueueDelivery> deliveries;
  for (const std::string& destination : card->destinations) {
    QueueDelivery& delivery = deliveries[destination];
    if (const auto found = booked.find(destination); found != booked.end())
      delivery.state = found->second;
    if (delivery.state == DeliveryState::Parked)
      delivery.reason = "parked before the queue was rebuilt";
  }
  const std::uint64_t length = reader->length(Section::Header) + reader->length(Section::Body) +
                               reader->length(Section::Trailer);
  const bool no_pairs = reader->length(Section::Pairs) == 0;
  const bool finished = !booked.empty() && all_final(booked);
  // Killed between row and erasing; or the power cut brought back the file of a forgotten study,
  // whose pairs nobody takes.
  if (finished && (no_pairs || ledger_.is_forgotten(card->study_instance_uid))) {
    files_.erase(id);
    ++recovered_.finished;
    return {};
  }
  // The process may have been killed before it synced the file, and nobody was told: from here on
  // the ledger would say that it is kept. What it knows as waiting was synced before it heard of
  // it.
  if (!waiting) {
    sync_data(open_for_reading(file).get(), file);
    sync_directory(file.parent_path());
  }
  const auto added = index_.add(id, *card, std::filesystem::file_size(file), length, no_pairs,
                                deliveries, now_ms());
  if (added.what == QueueIndex::Added::SopIsThere) {
    // Puts of one instance follow each other, up to the row: this one was refused, or had not come
    // to its end when the node was killed.
    if (waiting) {
      set_aside(id, file);
    } else {
      remove();
    }
    return {};
  }
  // A rebuild is of what the ledger knows in full: nothing to tell it, and no commit for each file.
  if (booked.size() != deliveries.size() || released) ledger_.queued(entry_of(id, *card));
  ++(finished ? recovered_.finished : recovered_.taken_in);
  return {};
}

/// Reads everything: a file that the ledger does not know may have an end on disk and a hole before
/// it.
bool SpoolCore::is_whole(const SealedFileReader& reader) const {
  return reader.read(Section::Header, Section::Pairs, [](ByteView) { return true; }).has_value();
}

void SpoolCore::set_aside(const InstanceId& id, const std::filesystem::path& file) {
  std::filesystem::path kept = file;
  kept += ".damaged";
  if (::rename(file.c_str(), kept.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), "rename " + file.string());
  sync_directory(file.parent_path());
  ++recovered_.damaged;
  park_in_ledger(id);
}

void SpoolCore::park_in_ledger(const InstanceId& id) {
  std::vector<Ledger::Change> changes;
  for (const auto& [name, state] : ledger_.destinations(id)) {
    if (!is_final(state)) changes.push_back({id, name, DeliveryState::Parked, 0});
  }
  ledger_.changed(changes);
}

/// The ledger waits for instances of which nothing is left here: they must not be shown as queued
/// for ever.
void SpoolCore::find_lost() {
  InstanceId after{};
  for (;;) {
    const auto open = ledger_.open_instances(domain_, after, kBatch);
    if (open.empty()) return;
    for (const InstanceId& id : open) {
      if (index_.has(id)) continue;
      std::filesystem::path damaged = files_.path(id);
      damaged += ".damaged";
      if (!std::filesystem::exists(damaged)) ++recovered_.lost;
      park_in_ledger(id);
    }
    after = open.back();
  }
}

}  // namespace dosigate
