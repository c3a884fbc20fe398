#include "spool_core.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"

namespace dosigate {
namespace {

constexpr std::uint64_t kMostPairBytes = 64U << 20U;
constexpr std::chrono::seconds kPutPatience{30};

Purpose purpose_of(Domain domain) {
  return domain == Domain::Archive ? Purpose::SpoolArchive : Purpose::SpoolHospital;
}

/// Runs when it is destroyed, whatever happens in between.
template <class Action>
struct AtEnd {
  Action action;
  ~AtEnd() { action(); }
};
template <class Action>
AtEnd(Action) -> AtEnd<Action>;

}  // namespace

SpoolCore::SpoolCore(Settings settings, Domain domain, const Keyring& keys, Ledger& ledger,
                     std::unique_ptr<SQLite::Database> queue)
    : settings_(std::move(settings)),
      domain_(domain),
      purpose_(purpose_of(domain)),
      keys_(keys),
      ledger_(ledger),
      files_(settings_.directory),
      index_(std::move(queue), settings_.directory / "queue.db"),
      in_flight_(settings_.directory / "in-flight"),
      enrolment_([this](const Enrolment::Instances& instances) { enter(instances); }) {}

std::int64_t SpoolCore::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(settings_.clock().time_since_epoch())
      .count();
}

bool SpoolCore::lacks_room(std::uint64_t bytes) {
  // statvfs once a second: a burst writes far less than any sensible low-water mark in that time.
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_now().time_since_epoch())
          .count();
  if (now - disk_checked_ms_ >= 1'000) {
    struct statvfs info {};
    if (::statvfs(settings_.directory.c_str(), &info) != 0) {
      throw std::system_error(errno, std::generic_category(),
                              "statvfs " + settings_.directory.string());
    }
    disk_free_ = std::uint64_t{info.f_bavail} * info.f_frsize;
    disk_checked_ms_ = now;
  }
  return disk_free_ < settings_.min_free_bytes + bytes;
}

Error SpoolCore::no_room() const {
  return fail(Fault::Busy, "less than " + std::to_string(settings_.min_free_bytes) +
                               " bytes are free in " + settings_.directory.string() +
                               ": nothing new is taken until there is room");
}

Result<std::unique_ptr<SealedFileWriter>> SpoolCore::receive_body(const InstanceId& id,
                                                                  std::uint64_t bytes) {
  if (lacks_room(bytes)) return no_room();
  return std::make_unique<SealedFileWriter>(keys_, files_.unfinished(id), id,
                                            static_cast<std::uint64_t>(to_unix(settings_.clock())));
}

std::uint64_t SpoolCore::write_file(const SpoolOffer& offer, const SpoolCard& card) const {
  const std::filesystem::path path = files_.path(offer.id);
  std::optional<SealedFileWriter> own;
  if (offer.passed == nullptr)
    own.emplace(keys_, path, offer.id, card.queued_unix,
                offer.place != nullptr ? offer.place->use() : FileDescriptor());
  SealedFileWriter& file = own ? *own : *offer.passed;
  const CleanInstance& instance = offer.instance;
  if (!instance.body().empty()) file.write(Section::Body, instance.body());
  if (!instance.header().empty()) file.write(Section::Header, instance.header());
  if (!instance.trailer().empty()) file.write(Section::Trailer, instance.trailer());
  if (!offer.sealed_pairs.empty()) file.write(Section::Pairs, offer.sealed_pairs);
  const std::uint64_t size = file.finish(purpose_, pack_card(card));
  if (!own) move_into_place(file.path(), path);
  return size;
}

void SpoolCore::undo_half_puts() {
  half_put_.with([&](auto& ids) {
    while (!ids.empty()) {
      const InstanceId id = *ids.begin();
      index_.remove(id);
      files_.erase(id);
      ids.erase(id);
      claims_.end_put(id);
    }
  });
}

bool SpoolCore::is_kept(const InstanceId& id) const {
  const auto file = open_file(id);
  return file && file->id() == id && is_whole(*file);
}

Result<SpoolCore::Put> SpoolCore::put(const SpoolOffer& offer) {
  const InstanceId& id = offer.id;
  const CleanInstance& instance = offer.instance;
  const ByteView fingerprint = offer.fingerprint, sealed_pairs = offer.sealed_pairs;
  if (offer.destinations.empty())
    return fail(Fault::Invalid,
                "an instance is to be queued for no destination: give its route at least one");
  if (disk_is_low()) return no_room();
  if (instance.passed_length() > 0 &&
      (offer.passed == nullptr || !offer.passed->is_open() || offer.passed->id() != id))
    throw std::logic_error("an instance is put without the file that its body went into");
  if (offer.place != nullptr && (offer.place->id() != id || offer.passed != nullptr))
    throw std::logic_error("an instance is put into the place of another one");
  undo_half_puts();
  enrolment_.check();

  // Until queue and ledger know it: an equal one that comes meanwhile has to find it there, and a
  // forwarder that is quicker than them would report a delivery of something unknown.
  const auto turn = claims_.begin_put(id, instance.sop_instance_uid(), steady_now() + kPutPatience);
  if (turn == Claims::Turn::TooLate)
    return fail(Fault::Busy, "the same instance is being taken in: send it once more");
  bool give_out = true;
  std::vector<Claims::Queued> queued;
  const AtEnd end_put{[&] {
    if (give_out) claims_.end_put(id, queued);
  }};

  auto known = index_.known(id, instance.sop_instance_uid(), fingerprint);
  if (known.id_is_there) return Put::Queued;
  std::optional<InstanceId> lost;
  if (known.is_live) {
    if (const auto live = index_.live(instance.sop_instance_uid())) {
      if (!std::ranges::equal(live->fingerprint, fingerprint)) return Put::Revision;
      // "Duplicate" is answered with success, so the one in the queue has to be there.
      if (is_kept(live->id)) return Put::Duplicate;
      if (index_.is_queued(live->id))
        return fail(Fault::Busy,
                    "the same instance is in the queue, but its file is damaged or missing: send "
                    "it once more when it is parked");
      lost = live->id;
    }
    known = index_.known(id, instance.sop_instance_uid(), fingerprint);
  }
  if (known.was_another) return Put::Revision;
  // The one that was waited for failed, or was delivered and gone in this very moment: then the
  // caller's look at the map is older than what the map knows now.
  if (turn == Claims::Turn::AfterAnother && !lost)
    return fail(Fault::Busy,
                "the same instance left the queue while it arrived again: send it once more");

  SpoolCard card{instance.sop_class_uid(),
                 instance.sop_instance_uid(),
                 instance.study_instance_uid(),
                 instance.transfer_syntax_uid(),
                 instance.pseudonym(),
                 {fingerprint.begin(), fingerprint.end()},
                 {},
                 static_cast<std::uint64_t>(to_unix(settings_.clock())),
                 offer.counted_before ? "" : instance.facts(),
                 offer.issued};
  std::map<std::string, QueueDelivery> deliveries;
  for (const std::string& destination : offer.destinations) deliveries[destination];
  for (const auto& [name, delivery] : deliveries) card.destinations.push_back(name);

  const std::uint64_t bytes = write_file(offer, card);  // ends with fdatasync
  const std::uint64_t length = instance.header().size() + instance.passed_length() +
                               instance.body().size() + instance.trailer().size();
  bool has_row = false;
  try {
    // The entry before the row: after a power cut there may be a file without a row, never a row
    // without a file.
    if (offer.place == nullptr) entries_.sync(files_.path(id).parent_path());
    fail_point("spool.after-sync");

    if (offer.place != nullptr && !lost) {
      enrolment_.add(
          {id, std::move(card), bytes, length, sealed_pairs.empty(), ledger_.announce()});
      give_out = false;
      return Put::Queued;
    }
    const auto [added, item_id] =
        index_.add(id, card, bytes, length, sealed_pairs.empty(), deliveries, now_ms(), lost);
    if (added != QueueIndex::Added::Yes)
      throw std::logic_error("queue: two of one SOP instance were put instance=" + to_hex(id));
    has_row = true;
    fail_point("spool.after-row");
    ledger_.queued(entry_of(id, card));
    if (lost) ledger_.superseded(*lost);
    queued = items_of(item_id, id, card, length);
  } catch (...) {
    if (has_row) {
      // Until the row is gone nobody may claim it. When even that fails (a full disk) the next put
      // does it, or the next start completes it: the sender was told that it failed and sends
      // again, which is then a duplicate.
      give_out = false;
      half_put_.with([&](auto& ids) { ids.insert(id); });
      undo_half_puts();
    } else {
      files_.erase(id);
    }
    throw;
  }
  if (lost) files_.erase(*lost);
  return Put::Queued;
}

void SpoolCore::enter(const Enrolment::Instances& instances) {
  const std::vector<std::int64_t> item_ids = index_.add(instances, now_ms());
  fail_point("spool.after-row");
  std::vector<Ledger::Entry> entries;
  std::vector<std::vector<Claims::Queued>> items;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const auto& one = instances[i];
    entries.push_back(entry_of(one.id, one.card));
    items.push_back(items_of(item_ids[i], one.id, one.card, one.length));
  }
  ledger_.queued(entries);
  // From here on nothing fails: what is given out must not be entered once more.
  for (std::size_t i = 0; i < instances.size(); ++i) claims_.end_put(instances[i].id, items[i]);
}

std::vector<Claims::Queued> SpoolCore::items_of(std::int64_t item_id, const InstanceId& id,
                                                const SpoolCard& card, std::uint64_t length) {
  const std::int64_t study = QueueIndex::number_of_study(card.study_instance_uid);
  std::vector<Claims::Queued> out;
  for (const std::string& destination : card.destinations)
    out.emplace_back(study, QueueIndex::item_of(item_id, id, card, length, destination));
  return out;
}

void SpoolCore::wait_for_rows() const {
  if (const auto failure = enrolment_.wait()) std::rethrow_exception(failure);
}

Ledger::Entry SpoolCore::entry_of(const InstanceId& id, const SpoolCard& card) const {
  return {id,
          card.study_instance_uid,
          card.destinations,
          card.sop_class_uid,
          card.sop_instance_uid,
          domain_,
          card.pseudonym,
          card.facts,
          card.issued};
}

Result<void> SpoolCore::read(const QueueItem& item,
                             const std::function<bool(ByteView)>& sink) const {
  const auto file = open_file(item.id);
  if (!file) return file.error();
  return file->read(Section::Header, Section::Trailer, sink);
}

std::vector<std::pair<InstanceId, Bytes>> SpoolCore::pairs_to_move(std::size_t max) {
  std::vector<std::pair<InstanceId, Bytes>> out;
  for (const InstanceId& id : index_.unmoved_pairs(max)) {
    const auto file = open_file(id);
    auto pairs =
        file ? file->read_all(Section::Pairs, kMostPairBytes) : Result<Bytes>(file.error());
    if (pairs) {
      out.emplace_back(id, std::move(*pairs));
    } else {
      index_.pairs_unreadable(id);
    }
  }
  return out;
}

void SpoolCore::pairs_moved(const std::vector<InstanceId>& ids) {
  for (const InstanceId& id : index_.pairs_moved(ids)) files_.erase(id);
}

void SpoolCore::pairs_refused(const std::vector<InstanceId>& ids) {
  for (const InstanceId& id : ids) index_.pairs_unreadable(id);
}

Result<std::size_t> SpoolCore::rewrap() {
  // A file whose writing began under the older key gets its end first; those that begin now are
  // under the newest.
  const auto until = steady_now() + kPutPatience;
  for (const InstanceId& id : claims_.being_put()) {
    if (!claims_.wait_for_put(id, until))
      return fail(Fault::Busy, "an instance is being written under an older key: try again");
  }
  std::size_t rewrapped = 0;
  std::optional<Error> trouble;
  files_.each([&](const InstanceId& id, const std::filesystem::path& file) {
    auto done = rewrap_sealed_file(keys_, purpose_, file);
    if (!done) {
      // One that was still being written is whole once it has its row.
      if (!index_.has(id)) return;
      done = rewrap_sealed_file(keys_, purpose_, file);
    }
    if (done) {
      rewrapped += *done ? 1 : 0;
    } else if (done.error().fault != Fault::NotFound && !trouble) {
      trouble = done.error();  // the others first: one that is damaged must not keep them back
    }
  });
  if (trouble) return *trouble;
  return rewrapped;
}

}  // namespace dosigate
