#include "dosigate/dosimetry/facts.h"

#include <boost/json.hpp>

namespace dosigate {
namespace {

namespace json = boost::json;

/// Writes members that are not at their default.
class Out {
 public:
  void text(const char* name, const std::string& value) {
    if (!value.empty()) object_[name] = value;
  }
  void flag(const char* name, bool value) {
    if (value) object_[name] = true;
  }
  void count(const char* name, std::uint64_t value) {
    if (value != 0) object_[name] = value;
  }
  void number(const char* name, const std::optional<double>& value) {
    if (value) object_[name] = *value;
  }
  void said(const char* name, Said value) {
    if (value != Said::Missing) object_[name] = value == Said::Good;
  }
  void list(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) object_[name] = json::array(values.begin(), values.end());
  }
  json::object& object() { return object_; }

 private:
  json::object object_;
};

/// Reads them back; `ok` turns false at the first member of another kind.
class In {
 public:
  explicit In(const json::object& object) : object_(object) {}
  bool ok = true;

  void text(const char* name, std::string& value) {
    if (const auto* found = object_.if_contains(name)) {
      if (const auto* string = found->if_string())
        value.assign(string->data(), string->size());
      else
        ok = false;
    }
  }
  void flag(const char* name, bool& value) {
    if (const auto* found = object_.if_contains(name)) {
      if (const auto* boolean = found->if_bool())
        value = *boolean;
      else
        ok = false;
    }
  }
  template <class Number>
  void count(const char* name, Number& value) {
    if (const auto* found = object_.if_contains(name)) {
      boost::system::error_code error;
      value = found->to_number<Number>(error);
      ok = ok && !error;
    }
  }
  void number(const char* name, std::optional<double>& value) {
    if (const auto* found = object_.if_contains(name)) {
      boost::system::error_code error;
      value = found->to_number<double>(error);
      ok = ok && !error;
    }
  }
  void said(const char* name, Said& value) {
    bool good = false;
    flag(name, good);
    if (object_.contains(name)) value = good ? Said::Good : Said::Bad;
  }
  void list(const char* name, std::vector<std::string>& values) {
    const auto* found = object_.if_contains(name);
    if (found == nullptr) return;
    const auto* array = found->if_array();
    ok = ok && array != nullptr;
    if (array == nullptr) return;
    for (const auto& value : *array) {
      ok = ok && value.is_string();
      if (value.is_string()) values.emplace_back(value.get_string());
    }
  }

 private:
  const json::object& object_;
};

/// One list of the members for both ways.
template <class Way, class Item>
void item_members(Way& way, Item& item) {
  way.text("nuclide", item.nuclide);
  way.flag("nuclide_said", item.nuclide_said);
  way.flag("nuclide_in_doubt", item.nuclide_in_doubt);
  way.number("dose", item.dose);
  way.number("half_life_s", item.half_life_s);
  way.said("injected", item.injected);
  way.text("injected_at", item.injected_at);
  way.flag("zone_unmatched", item.zone_unmatched);
  way.said("injected_time", item.injected_time);
  way.count("injected_time_us", item.injected_time_us);
  way.text("event_uid", item.event_uid);
}

template <class Way, class Facts>
void members(Way& way, Facts& facts) {
  way.text("modality", facts.modality);
  way.text("sop_class", facts.sop_class_uid);
  way.text("series", facts.series_uid);
  way.number("weight_kg", facts.weight_kg);
  way.text("camera", facts.camera);
  way.count("camera_epoch", facts.camera_epoch);
  way.flag("emission", facts.emission);
  way.flag("dose_in_mbq", facts.dose_in_mbq);
  way.text("frame_of_reference", facts.frame_of_reference);
  way.text("kind", facts.kind);
  way.text("series_at", facts.series_at);
  way.text("units", facts.units);
  way.text("mapped_units", facts.mapped_units);
  way.text("decay_correction", facts.decay_correction);
  way.list("corrections", facts.corrections);
  way.said("slope", facts.slope);
  way.said("frame_duration", facts.frame_duration);
  way.said("frame_reference", facts.frame_reference);
  way.count("energy_windows", facts.energy_windows);
  way.count("slices", facts.slices);
  way.count("time_slices", facts.time_slices);
  way.count("series_instances", facts.series_instances);
  way.count("study_instances", facts.study_instances);
  way.number("size_m", facts.size_m);
  way.flag("sex", facts.sex);
  way.flag("age", facts.age);
  way.list("vendor", facts.vendor);
}

constexpr const char* kItems = "radiopharmaceuticals";

}  // namespace

std::string facts_text(const InstanceFacts& facts) {
  Out out;
  members(out, facts);
  if (!facts.radiopharmaceuticals.empty()) {
    json::array items;
    for (const RadiopharmaceuticalFacts& item : facts.radiopharmaceuticals) {
      Out one;
      item_members(one, item);
      items.emplace_back(std::move(one.object()));
    }
    out.object()[kItems] = std::move(items);
  }
  return json::serialize(out.object());
}

Result<InstanceFacts> parse_facts(std::string_view text) {
  const auto broken = [] {
    return fail(Fault::Corrupt, "the facts of an instance are not what this program writes");
  };
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return broken();
  InstanceFacts facts;
  In in(value.get_object());
  members(in, facts);
  if (const auto* items = value.get_object().if_contains(kItems)) {
    const auto* array = items->if_array();
    if (array == nullptr) return broken();
    for (const auto& item : *array) {
      if (!item.is_object()) return broken();
      In one(item.get_object());
      item_members(one, facts.radiopharmaceuticals.emplace_back());
      in.ok = in.ok && one.ok;
    }
  }
  if (!in.ok) return broken();
  return facts;
}

}  // namespace dosigate
