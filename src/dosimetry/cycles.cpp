#include "dosigate/dosimetry/cycles.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace dosigate {
namespace {

using namespace std::chrono;

/// One item of one series: what may belong to a cycle.
struct Entry {
  SeriesAt series;
  std::optional<Instant> acquired;
  std::string nuclide, event_uid;
  Injection injection;
  std::optional<double> mbq;
};

bool is_dated(const Entry& entry) { return entry.injection.at.has_value(); }

/// Rows of one series that differ (another weight in some slices) are one series.
void merge_rows(std::vector<Entry>& entries) {
  std::vector<Entry> out;
  for (Entry& entry : entries) {
    const auto same = std::ranges::find_if(out, [&](const Entry& other) {
      return other.series.series_uid == entry.series.series_uid &&
             other.series.study_uid == entry.series.study_uid && other.nuclide == entry.nuclide &&
             other.event_uid == entry.event_uid && other.injection.at == entry.injection.at;
    });
    if (same == out.end()) {
      out.push_back(std::move(entry));
      continue;
    }
    same->series.instances += entry.series.instances;
    if (entry.acquired && (!same->acquired || *entry.acquired < *same->acquired))
      same->acquired = entry.acquired;
  }
  entries = std::move(out);
}

std::vector<Entry> entries_of(const PatientFacts& patient, minutes tolerance) {
  std::vector<Entry> out;
  for (const StudyFacts& study : patient.studies) {
    for (const FactsRow& row : study.rows) {
      const InstanceFacts& facts = row.facts;
      if (!facts.emission) continue;
      Entry plain;
      plain.series = {study.study_uid, facts.series_uid, facts.modality,
                      facts.kind,      std::nullopt,     row.first_acquired.empty(),
                      row.instances,   facts.camera,     facts.camera_epoch};
      plain.acquired = acquisition_of(row);
      std::vector<Entry> of_row;
      bool later = false;  // an item that was injected after this image was taken
      for (const RadiopharmaceuticalFacts& item : facts.radiopharmaceuticals) {
        Entry entry = plain;
        entry.nuclide = item.nuclide;
        entry.event_uid = item.event_uid;
        entry.injection = injection_of(item, plain.acquired, patient, tolerance);
        entry.mbq = judge_activity(item, facts.dose_in_mbq).mbq;
        if (is_dated(entry) && plain.acquired && *entry.injection.at > *plain.acquired) {
          later = true;
          continue;
        }
        of_row.push_back(std::move(entry));
      }
      if (of_row.empty()) {
        // An image whose injection is wrong is still an image of that nuclide.
        if (later) plain.nuclide = facts.radiopharmaceuticals.front().nuclide;
        of_row.push_back(std::move(plain));
      }
      std::ranges::move(of_row, std::back_inserter(out));
    }
  }
  merge_rows(out);
  return out;
}

struct Group {
  Cycle cycle;
  std::vector<Entry> entries;
};

bool belongs(const Entry& entry, const Group& group, minutes tolerance) {
  const Entry& first = group.entries.front();
  if (is_dated(entry) != is_dated(first)) return false;
  if (!is_dated(entry))
    return entry.nuclide == first.nuclide && entry.series.study_uid == first.series.study_uid;
  const bool same_event =
      !entry.event_uid.empty() && std::ranges::any_of(group.entries, [&](const Entry& other) {
        return other.event_uid == entry.event_uid;
      });
  if (same_event &&
      (entry.nuclide == first.nuclide || entry.nuclide.empty() || first.nuclide.empty()))
    return true;
  // The earliest decides, so that a chain of near ones does not grow over the tolerance.
  return entry.nuclide == first.nuclide &&
         abs(*entry.injection.at - *first.injection.at) <= tolerance;
}

/// Of instants that differ by rounding: the one that most series say, the earliest of equals; a
/// date with a time before a time without a date.
void choose_instant(Group& group, minutes tolerance) {
  std::map<Instant, std::size_t> votes;
  InjectionBasis best = InjectionBasis::None;
  for (const InjectionBasis basis :
       {InjectionBasis::SameDay, InjectionBasis::OtherSeries, InjectionBasis::DateTime})
    for (const Entry& entry : group.entries)
      if (is_dated(entry) && entry.injection.basis == basis) best = basis;
  group.cycle.basis = best;
  for (const Entry& entry : group.entries)
    if (is_dated(entry) && entry.injection.basis == best) ++votes[*entry.injection.at];
  if (votes.empty()) return;
  const auto most = std::ranges::max_element(
      votes, [](const auto& a, const auto& b) { return a.second < b.second; });
  group.cycle.injected = most->first;
  for (const Entry& entry : group.entries)
    if (is_dated(entry) && abs(*entry.injection.at - most->first) > tolerance)
      group.cycle.instants_disagree = true;
}

void choose_activity(Group& group) {
  constexpr double kSame = 0.01;
  std::optional<double> first;
  for (const Entry& entry : group.entries) {
    if (!entry.mbq) continue;
    if (!first) first = entry.mbq;
    if (std::abs(*entry.mbq - *first) > kSame * *first) return;
  }
  group.cycle.activity_mbq = first;
}

bool has_ct(const PatientFacts& patient, const std::string& study_uid) {
  for (const StudyFacts& study : patient.studies)
    if (study.study_uid == study_uid)
      for (const FactsRow& row : study.rows)
        if (row.facts.modality == "CT") return true;
  return false;
}

void make_time_points(Group& group, const PatientFacts& patient) {
  std::ranges::stable_sort(group.entries, [](const Entry& a, const Entry& b) {
    if (a.acquired.has_value() != b.acquired.has_value()) return a.acquired.has_value();
    return a.acquired && *a.acquired < *b.acquired;
  });
  std::optional<Instant> last;
  for (Entry& entry : group.entries) {
    const bool together = !group.cycle.time_points.empty() &&
                          entry.acquired.has_value() == last.has_value() &&
                          (!entry.acquired || *entry.acquired - *last < kTimePointGap);
    if (!together) group.cycle.time_points.emplace_back();
    last = entry.acquired;
    TimePoint& point = group.cycle.time_points.back();
    if (group.cycle.injected && entry.acquired)
      entry.series.hours =
          duration<double, std::ratio<3600>>(*entry.acquired - *group.cycle.injected).count();
    if (point.series.empty()) point.hours = entry.series.hours;
    point.ct = point.ct || has_ct(patient, entry.series.study_uid);
    point.series.push_back(entry.series);
  }
}

using Judged = std::map<std::string, std::vector<Finding>>;

void judge_time_points(Cycle& cycle, const Judged& judged) {
  for (TimePoint& point : cycle.time_points) {
    std::map<std::string, std::vector<std::string>> series;
    for (const SeriesAt& one : point.series) series[one.study_uid].push_back(one.series_uid);
    for (const auto& [study, uids] : series)
      std::ranges::copy(findings_of(judged.at(study), uids), std::back_inserter(point.findings));
    point.readiness = readiness_of(point.findings);
  }
}

template <class Value>
void add_once(std::vector<Value>& list, const Value& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

}  // namespace

std::uint64_t TimePoint::instances() const {
  std::uint64_t out = 0;
  for (const SeriesAt& one : series) out += one.instances;
  return out;
}

std::string TimePoint::modalities() const {
  std::vector<std::string> names;
  for (const SeriesAt& one : series) add_once(names, one.modality);
  if (ct) names.emplace_back("CT");
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "+") + name;
  return out;
}

std::vector<std::string> TimePoint::cameras() const {
  std::vector<std::string> out;
  for (const SeriesAt& one : series)
    if (!one.camera.empty())
      add_once(out,
               one.camera + "/" + (one.camera_epoch == 0 ? "?" : std::to_string(one.camera_epoch)));
  return out;
}

std::vector<Cycle> cycles_of(const PatientFacts& patient, minutes tolerance) {
  auto entries = entries_of(patient, tolerance);
  std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) {
    if (is_dated(a) != is_dated(b)) return is_dated(a);
    return is_dated(a) && *a.injection.at < *b.injection.at;
  });
  std::vector<Group> groups;
  for (Entry& entry : entries) {
    const auto mine = std::ranges::find_if(
        groups, [&](const Group& group) { return belongs(entry, group, tolerance); });
    Group& group = mine == groups.end() ? groups.emplace_back() : *mine;
    group.entries.push_back(std::move(entry));
  }

  Judged judged;
  for (const StudyFacts& study : patient.studies)
    judged[study.study_uid] = judge(study, patient, tolerance);
  std::vector<Cycle> out;
  for (Group& group : groups) {
    for (const Entry& entry : group.entries) {
      if (group.cycle.nuclide.empty()) group.cycle.nuclide = entry.nuclide;
      if (group.cycle.event_uid.empty()) group.cycle.event_uid = entry.event_uid;
    }
    choose_instant(group, tolerance);
    choose_activity(group);
    make_time_points(group, patient);
    judge_time_points(group.cycle, judged);
    out.push_back(std::move(group.cycle));
  }
  return out;
}

}  // namespace dosigate
