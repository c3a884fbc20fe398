#include "known_persons.h"

#include <algorithm>

namespace dosigate {

namespace {

std::size_t size_of(const Identifiers& identifiers) {
  std::size_t size = 0;
  for (const auto* values : {&identifiers.patient_names, &identifiers.other_names, &identifiers.ids,
                             &identifiers.dates}) {
    for (const std::string& value : *values) size += value.size();
  }
  return size;
}

}  // namespace

std::shared_ptr<const KnownPerson> KnownPersons::find(Entries& entries,
                                                      const Identifiers& identifiers) {
  const auto known = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry->identifiers == identifiers;
  });
  if (known == entries.end()) return nullptr;
  std::rotate(entries.begin(), known, known + 1);
  return entries.front();
}

std::shared_ptr<const KnownPerson> KnownPersons::of(const Identifiers& identifiers) {
  if (auto known = entries_.with([&](Entries& entries) { return find(entries, identifiers); }))
    return known;
  auto made = std::make_shared<const KnownPerson>(identifiers, site_words_, fallback_);
  if (size_of(identifiers) > kLargest) return made;
  entries_.with([&](Entries& entries) {
    if (find(entries, identifiers) != nullptr) return;  // another thread was faster
    if (entries.size() == kMost) entries.pop_back();
    entries.insert(entries.begin(), made);
  });
  return made;
}

std::size_t KnownPersons::size() const {
  return entries_.with([](const Entries& entries) { return entries.size(); });
}

}  // namespace dosigate
