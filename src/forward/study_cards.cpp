#include "study_cards.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include <spdlog/spdlog.h>

#include "dosigate/base/durable_file.h"
#include "dosigate/forward/folder.h"

namespace dosigate {
namespace {

constexpr std::chrono::seconds kPause{1}, kLongestPause{3600};
constexpr std::uint64_t kLongestMarker = 200;
constexpr const char* kMarkers = ".study-json";

}  // namespace

StudyCards::StudyCards(std::filesystem::path root, Text text)
    : root_(std::move(root)), text_(std::move(text)) {}

/// Not when the node starts: a folder that is not mounted yet must not keep it from starting.
void StudyCards::take_up() {
  const std::lock_guard lock(mutex_);
  if (taken_up_) return;
  if (std::filesystem::is_directory(root_ / kMarkers)) {
    for (const auto& entry : std::filesystem::directory_iterator(root_ / kMarkers)) {
      const std::string name = entry.path().filename();
      if (!is_plain_name(name)) continue;
      const Bytes content = read_file(entry.path(), kLongestMarker);
      if (is_plain_name(as_text(content)) && !studies_.contains(name))
        studies_[name].pseudonym = as_text(content);
    }
  }
  taken_up_ = true;
}

std::filesystem::path StudyCards::marker(const std::string& study_uid) const {
  return root_ / kMarkers / study_uid;
}

void StudyCards::arriving(const std::string& pseudonym, const std::string& study_uid) {
  // What cannot be a name is refused by write_to_folder, with the reason.
  if (!text_ || !is_plain_name(pseudonym) || !is_plain_name(study_uid)) return;
  const std::lock_guard lock(mutex_);
  const auto known = studies_.find(study_uid);
  if (known != studies_.end() && known->second.behind) return;
  make_folder(root_);
  make_private_directory(root_ / kMarkers);
  replace_file(marker(study_uid), as_bytes(pseudonym));
  State& state = known == studies_.end() ? studies_[study_uid] : known->second;
  state.pseudonym = pseudonym;
  state.behind = true;
}

void StudyCards::write(Which which) noexcept {
  if (!text_) return;
  try {
    take_up();
  } catch (const std::exception& broken) {
    // Said when an instance cannot be written either; until then nobody misses the folder.
    spdlog::debug("cannot look for study.json markers error={}", broken.what());
  }
  for (;;) {
    std::string study, pseudonym;
    {
      const std::lock_guard lock(mutex_);
      const SteadyTime now = steady_now();
      std::erase_if(studies_, [&](const auto& entry) {
        return !entry.second.behind && !entry.second.writing && now - entry.second.tried >= kPause;
      });
      State* next = nullptr;
      for (auto& [uid, state] : studies_) {
        if (!state.behind || state.writing) continue;
        // One that failed waits however quiet it is: the disk or its facts must be mended first.
        if ((which == Which::Due || state.failed) && now - state.tried < state.pause) continue;
        // The longest untried: one that can never be written must not keep the others waiting.
        if (next != nullptr && next->tried <= state.tried) continue;
        next = &state;
        study = uid;
      }
      if (next == nullptr) return;
      pseudonym = next->pseudonym;
      next->behind = false;
      next->writing = true;
      next->tried = now;
    }
    bool written = false;
    try {
      write_one(study, pseudonym);
      written = true;
    } catch (const std::exception& broken) {
      spdlog::error("cannot write study.json study={} error={}", study, broken.what());
    }
    const std::lock_guard lock(mutex_);
    State& state = studies_.at(study);
    state.writing = false;
    state.failed = !written;
    state.pause = written ? kPause : std::min(2 * state.pause, kLongestPause);
    if (!written)
      state.behind = true;
    else if (!state.behind)
      ::unlink(marker(study).c_str());  // not synced: a marker that comes back costs one card
    if (!written) return;
  }
}

void StudyCards::write_one(const std::string& study_uid, const std::string& pseudonym) {
  const std::filesystem::path directory = root_ / pseudonym / study_uid;
  if (!std::filesystem::is_directory(directory)) return;  // announced, and no instance was written
  const std::string text = text_(study_uid);
  if (!text.empty()) replace_file(directory / "study.json", as_bytes(text));
}

}  // namespace dosigate
