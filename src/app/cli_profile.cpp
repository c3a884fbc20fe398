#include <iostream>
#include <map>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_offline.h"
#include "cli_progress.h"
#include "cli_text.h"
#include "offline_input.h"
#include "offline_map.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

int refuse(const std::string& why) {
  complain(why);
  return kNotDone;
}

/// "0054,0016[2].0018,1072" -> "0054,0016.0018,1072": what all items of a sequence share.
std::string without_items(const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto end = path[i] == '[' ? path.find(']', i) : std::string::npos;
    const bool is_item = end != std::string::npos && end > i + 1 &&
                         path.find_first_not_of("0123456789", i + 1) == end;
    if (is_item)
      i = end;
    else
      out += path[i];
  }
  return out;
}

struct Element {
  std::string name;
  std::set<std::string> became;  ///< "removed", or several where items differ
};
struct Judgement {
  std::string verdict;
  std::map<std::string, Element> elements;
};

Judgement judge(const Deidentifier& engine, const ReceivedInstance& instance) {
  Judgement out;
  Trace trace;
  const Verdict verdict = engine.clean(instance, {}, &trace);
  if (const auto* held = std::get_if<Held>(&verdict))
    out.verdict = "held: " + std::string(hold_reason_text(held->reason));
  else if (const auto* dropped = std::get_if<Dropped>(&verdict))
    out.verdict = "dropped: " + dropped->rule;
  else if (std::holds_alternative<Refused>(verdict))
    out.verdict = "refused";
  else
    out.verdict = "cleaned";
  for (const TraceLine& line : trace) {
    Element& element = out.elements[without_items(line.path)];
    element.name = line.name;
    std::string became(change_text(line.change));
    // The same class of change by another action may give another value.
    if (!line.action.empty()) became += " (" + line.action + ")";
    element.became.insert(std::move(became));
  }
  return out;
}

std::string joined(const std::set<std::string>& words) {
  if (words.empty()) return "not there";
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// Where two profiles decide differently, over all files.
class Differences {
 public:
  void compare(const Judgement& a, const Judgement& b) {
    ++compared_;
    if (a.verdict != b.verdict) {
      add("(the instance)", "", a.verdict, b.verdict);
      return;  // the elements of one that is not cleaned say nothing
    }
    if (a.verdict != "cleaned") return;
    static const Element none;
    std::set<std::string> paths;
    for (const auto& [path, element] : a.elements) paths.insert(path);
    for (const auto& [path, element] : b.elements) paths.insert(path);
    for (const std::string& path : paths) {
      const auto in = [&](const Judgement& judgement) -> const Element& {
        const auto found = judgement.elements.find(path);
        return found == judgement.elements.end() ? none : found->second;
      };
      const Element &left = in(a), &right = in(b);
      if (left.became == right.became) continue;
      add(path, left.name.empty() ? right.name : left.name, joined(left.became),
          joined(right.became));
    }
  }
  std::size_t compared() const { return compared_; }

  void print(const Profile& a, const Profile& b) const {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [key, count] : found_)
      rows.push_back({printable(key.path), printable(key.name), key.a, key.b,
                      thousands(static_cast<long long>(count))});
    if (!rows.empty())
      std::cout << table({"element", "name", "A: " + a.name(), "B: " + b.name(), ">files"}, rows)
                << "\n";
    std::cout << "A " << a.name() << " " << a.version() << " (" << a.digest() << ")\nB " << b.name()
              << " " << b.version() << " (" << b.digest() << ")\n"
              << rows.size() << " differences in " << compared_ << " files\n";
  }
  json::object as_json() const {
    json::array list;
    for (const auto& [key, count] : found_)
      list.push_back(json::object{{"path", printable(key.path)},
                                  {"name", printable(key.name)},
                                  {"a", key.a},
                                  {"b", key.b},
                                  {"files", count}});
    return {{"files", compared_}, {"differences", std::move(list)}};
  }

 private:
  struct Key {
    std::string path, name, a, b;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  void add(const std::string& path, const std::string& name, const std::string& a,
           const std::string& b) {
    ++found_[{path, name, a, b}];
  }
  std::map<Key, std::size_t> found_;
  std::size_t compared_ = 0;
};

}  // namespace

int profile_check(const Options& options, const std::string& name) {
  const auto place = Workplace::open(options);
  if (!place) return kNotDone;
  const auto profile = place->profile(name);
  if (!profile) return refuse(profile.error().detail);
  if (options.json)
    std::cout << json::serialize(json::object{{"name", profile->name()},
                                              {"version", profile->version()},
                                              {"digest", profile->digest()}})
              << "\n";
  else
    std::cout << "profile " << profile->name() << ", version " << profile->version() << ", digest "
              << profile->digest() << ": valid\n";
  return kDone;
}

int profile_diff(const Options& options, const Work& work, const std::string& a,
                 const std::string& b, const std::vector<std::filesystem::path>& inputs) {
  const auto place = Workplace::open(options);
  if (!place) return kNotDone;
  std::vector<offline::InputItem> items;
  for (const auto& input : inputs) {
    auto found = offline::list_input(input);
    if (!found) return refuse(found.error().detail);
    items.insert(items.end(), found->begin(), found->end());
  }
  auto map = offline::OfflineMap::throwaway();
  if (!map) return refuse(map.error().detail);
  std::vector<Profile> profiles;
  std::vector<std::unique_ptr<Deidentifier>> engines;
  for (const std::string& name : {a, b}) {
    Work one = work;
    one.profile = name;
    auto settings = place->settings(one);
    if (!settings) return refuse(settings.error().detail);
    profiles.push_back(settings->profile);
    engines.push_back(std::make_unique<Deidentifier>(std::move(*settings), map->map()));
  }

  Differences differences;
  std::size_t broken = 0;
  {
    ProgressBar bar(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const offline::FileContent content =
          offline::load_item(items[i], Config::Node{}.memory_budget_bytes);
      if (const auto* instance = std::get_if<ReceivedInstance>(&content))
        differences.compare(judge(*engines[0], *instance), judge(*engines[1], *instance));
      else if (std::holds_alternative<Refused>(content))
        ++broken;
      bar.show(i + 1, broken);
    }
  }
  if (differences.compared() == 0) return refuse("no file of DICOM is among what was named");
  if (options.json)
    std::cout << json::serialize(differences.as_json()) << "\n";
  else
    differences.print(profiles[0], profiles[1]);
  if (broken != 0) complain(std::to_string(broken) + " files are broken and were not compared");
  return kDone;
}

}  // namespace dosigate::cli
