#include "retention.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "audit_span.h"
#include "dosigate/base/clock.h"
#include "incident_lines.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

constexpr std::array<RetentionStore, 16> kStores{{
    {"spool", "every destination has it, or it is withdrawn"},
    {"answers", "the client has it; [http] keep_answers_h under an Idempotency-Key"},
    {"quarantine", "a person has released or discarded it; never by time"},
    {"ledger", "[node] ledger_keep_days, then folded into totals"},
    {"ledger totals", "for good: counts, study UIDs of ours and facts of studies, nobody's name"},
    {"map patients", "a person forgets the patient"},
    {"map studies", "the patient is forgotten"},
    {"map pairs", "the patient is forgotten"},
    {"map copies", "a person removes them, or a patient is forgotten"},
    {"journal", "a patient is forgotten: it is written anew without"},
    {"audit", "for good: pseudonyms and reasons, nobody's name"},
    {"approvals", "carried out, taken back, or [access] approval_hours are over"},
    {"incidents", "for good: at least the five years of Res. CD/ANPD 15/2024 art. 10"},
    {"keyring", "for good; the keys in it are replaced by `key rotate`"},
    {"keyring copy", "as the keyring, in journal_dir"},
    {"last backup", "who has it destroys it: backups are not in the node's hands"},
}};

struct stat look_at(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) info = {};
  return info;
}

std::uint64_t bytes_of(const fs::path& file) {
  return static_cast<std::uint64_t>(look_at(file).st_size);
}
std::uint64_t database_bytes(const fs::path& file) {
  return bytes_of(file) + bytes_of(file.string() + "-wal");
}

/// One file: its bytes, and since when it is as it is.
void tell_file(StoreAge& age, const fs::path& file) {
  const struct stat info = look_at(file);
  age.count = info.st_mode != 0 ? 1 : 0;
  age.bytes = static_cast<std::uint64_t>(info.st_size);
  age.oldest_unix = info.st_mtime;
}

void add_file(StoreAge& age, const fs::path& file) {
  const struct stat info = look_at(file);
  ++*age.count;
  *age.bytes += static_cast<std::uint64_t>(info.st_size);
  if (age.oldest_unix == 0 || info.st_mtime < age.oldest_unix) age.oldest_unix = info.st_mtime;
}

/// What lies in a folder without others in it.
void tell_folder(StoreAge& age, const fs::path& folder) {
  age.count = 0;
  age.bytes = 0;
  std::error_code away;
  for (const auto& entry : fs::directory_iterator(folder, away)) add_file(age, entry.path());
}

/// What migrations left beside the databases: map.db.v3, ledger.db.v1 ...
void tell_copies(StoreAge& age, const fs::path& state_dir) {
  age.count = 0;
  age.bytes = 0;
  for (const fs::path& directory : {state_dir / "identity", state_dir, state_dir / "archive"}) {
    std::error_code away;
    for (const auto& entry : fs::directory_iterator(directory, away)) {
      const std::string name = entry.path().filename().string();
      const auto mark = name.rfind(".db.v");
      if (mark == std::string::npos ||
          name.find_first_not_of("0123456789", mark + 5) != std::string::npos)
        continue;
      add_file(age, entry.path());
    }
  }
}

}  // namespace

std::span<const RetentionStore> retention_stores() { return kStores; }

std::vector<StoreAge> retention(const Config::Node& node, PseudonymMap& map, const Ledger& ledger,
                                const ArchiveSpool& spool, const Quarantine& quarantine) {
  std::vector<StoreAge> out;
  for (const RetentionStore& store : kStores) out.push_back({store, {}, {}, 0});
  const auto of = [&](std::string_view name) -> StoreAge& {
    const auto found = std::find_if(out.begin(), out.end(),
                                    [&](const StoreAge& age) { return age.store.name == name; });
    if (found == out.end()) throw std::logic_error("no such store");
    return *found;
  };

  StoreAge& queue = of("spool");
  queue.count = 0;
  queue.bytes = spool.bytes();
  for (const auto& [name, waiting] : spool.destinations()) {
    *queue.count += waiting.queued + waiting.parked;
    const auto oldest = static_cast<long long>(waiting.oldest_queued_unix);
    if (oldest > 0 && (queue.oldest_unix == 0 || oldest < queue.oldest_unix))
      queue.oldest_unix = oldest;
  }

  tell_folder(of("answers"), node.state_dir / "answers");

  const auto held = quarantine.totals();
  of("quarantine").count = held.count;
  of("quarantine").bytes = held.bytes;
  of("quarantine").oldest_unix = static_cast<long long>(held.oldest_unix);

  of("ledger").bytes = database_bytes(node.state_dir / "ledger.db");
  of("ledger").oldest_unix = ledger.oldest_day().value_or(0) * kSecondsPerDay;
  of("ledger totals").count = ledger.totals().received;

  const auto totals = map.totals();
  of("map patients").count = static_cast<std::uint64_t>(totals.patients);
  of("map patients").bytes = database_bytes(node.state_dir / "identity" / "map.db");
  of("map studies").count = static_cast<std::uint64_t>(totals.studies);
  of("map pairs").count = static_cast<std::uint64_t>(totals.uid_pairs);
  tell_copies(of("map copies"), node.state_dir);

  if (!node.journal_dir.empty()) {
    tell_file(of("journal"), node.journal_dir / "identity.journal");
    of("journal").oldest_unix = 0;  // when it was last written says nothing of what is in it
    tell_file(of("keyring copy"), node.journal_dir / "keyring");
  }
  if (const auto audit = audit_span(node.state_dir / "audit" / "audit.jsonl")) {
    of("audit").count = audit->lines;
    of("audit").bytes = audit->bytes;
    of("audit").oldest_unix = audit->first_unix;
  }
  tell_file(of("approvals"), node.state_dir / "approvals");
  const fs::path incidents = node.state_dir / kIncidents;
  if (const auto register_ = audit_span(incidents)) {
    of("incidents").count = register_->lines;
    of("incidents").bytes = register_->bytes;
    of("incidents").oldest_unix = register_->first_unix;
  }
  tell_file(of("keyring"), node.state_dir / "keyring");
  of("last backup").oldest_unix = ledger.milestone("backup");
  return out;
}

}  // namespace dosigate
