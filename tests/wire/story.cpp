#include "wire/story.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/json/parse.hpp>

#include "wire/arrival.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string text_of(const boost::json::value& value, const char* name) {
  return std::string(value.at(name).as_string());
}

boost::json::value looked_up(const NodeProcess& node, const std::string& patient_id) {
  const Finished answer =
      node.dosigate({"map", "lookup", "--reason", "story", "--json"}, patient_id + "\n");
  if (answer.code != 0) throw std::runtime_error("map lookup: " + answer.output);
  return boost::json::parse(answer.output);
}

}  // namespace

Story::Story(Settings settings) {
  if (!settings.folder) {
    archive_ = std::make_unique<StoreScp>(dir_.path / "archive");
    settings.node.archive_port = archive_->port();
  }
  if (settings.orthanc) {
    orthanc_ = std::make_unique<Orthanc>(dir_.path / "orthanc");
    settings.node.second_port = orthanc_->dicom_port();
    settings.node.second_ae = "ORTHANC";
  }
  std::filesystem::create_directories(dir_.path / "sent");
  node_ = std::make_unique<NodeProcess>(dir_.path / "node", settings.node);
  node_->start();
}

Story::Written Story::write(const SourceInstance& instance) {
  const unsigned mark = ++files_;
  const auto file = dir_.path / "sent" / (std::to_string(mark) + ".dcm");
  write_instance(file, instance, mark);
  const std::string series =
      std::string(kStoryUidRoot) + "." + instance.study + "." + instance.series;
  truths_[mark] = {instance.person, instance.study, series + "." + instance.instance,
                   instance.date};
  const auto more = planted_in(instance);
  planted_.insert(planted_.end(), more.begin(), more.end());
  return {file, mark};
}

std::filesystem::path Story::edited(const Written& written,
                                    const std::vector<std::string>& arguments) {
  auto copy = dir_.path / "sent" / ("edited-" + std::to_string(++files_) + ".dcm");
  std::filesystem::copy_file(written.file, copy);
  std::vector<std::string> argv{"dcmodify", "-nb"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(copy.string());
  if (const Finished done = run(argv); done.code != 0)
    throw std::runtime_error("dcmodify: " + done.output);
  return copy;
}

bool Story::send_files(const std::vector<std::filesystem::path>& files) {
  return run(storescu_arguments(node_->port(), files)).code == 0 && node_->settles();
}

bool Story::reconfigure(const std::string& from, const std::string& to) {
  const auto file = node_->directory() / "dosigate.toml";
  std::string text = text_of(file);
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not in the configuration: " + from);
  text.replace(at, from.size(), to);
  std::ofstream(file) << text;
  return node_->dosigate({"reload"}).code == 0;
}

::testing::AssertionResult Story::done(const std::vector<std::string>& arguments,
                                       const std::string& input) {
  const Finished finished = node_->dosigate(arguments, input);
  if (finished.code != 0) return ::testing::AssertionFailure() << finished.output;
  if (!node_->settles()) return ::testing::AssertionFailure() << "something stays queued";
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult Story::release_all() {
  for (const Held& one : held())
    if (auto released = done({"quarantine", "release", one.id, "--reason", "corrected"}); !released)
      return released;
  return ::testing::AssertionSuccess();
}

Census Story::at_archive() const {
  return Census(archive_ ? archive_->files() : part10_files(node_->arrived()));
}

Census Story::at_orthanc() const {
  const auto folder = dir_.path / "from-orthanc";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const std::string& instance : orthanc_->instances())
    orthanc_->download(instance, folder / instance);
  return Census(part10_files(folder));
}

std::vector<std::string> Story::pseudonyms_of(const std::string& patient_id) const {
  std::vector<std::string> out;
  const auto body = looked_up(*node_, patient_id);
  for (const auto& found : body.at("found").as_array()) out.push_back(text_of(found, "pseudonym"));
  return out;
}

std::vector<std::string> Story::studies_of(const std::string& patient_id,
                                           const std::string& other_than) const {
  std::vector<std::string> out;
  const auto body = looked_up(*node_, patient_id);
  for (const auto& found : body.at("found").as_array())
    for (const auto& study : found.at("study_uids").as_array())
      if (study.as_string() != other_than) out.emplace_back(study.as_string());
  return out;
}

std::vector<Story::Held> Story::held() const {
  const auto list = boost::json::parse(node_->dosigate({"quarantine", "list", "--json"}).output);
  std::vector<Held> out;
  for (const auto& item : list.at("items").as_array())
    out.push_back({text_of(item, "id"), text_of(item, "reason"), text_of(item, "detail")});
  return out;
}

long long Story::alarms() const {
  return node_->status().at("map").at("alarms").to_number<long long>();
}

void Story::is_truly(const std::string& study, const std::string& person) {
  for (auto& [mark, truth] : truths_)
    if (truth.study == study) truth.person = person;
}

void Story::is_stale(const std::vector<ArchivedObject>& copies) {
  for (const ArchivedObject& copy : copies) stale_.insert(copy.sop_uid);
}

void Story::count(const Census& census, const std::string& where,
                  std::vector<std::string>& out) const {
  const auto note = [&](std::size_t number, const std::string& what) {
    if (number != 0) out.push_back(where + ": " + std::to_string(number) + " " + what);
  };
  note(census.wrong_joins(truths_), "wrong joins");
  note(census.splits(truths_, apart_), "splits");
  note(census.unmarked_stale(stale_), "unmarked stale copies");
  for (const std::string& oddity : census.oddities(truths_)) out.push_back(where + ": " + oddity);
}

std::vector<std::string> Story::faults() const {
  std::vector<std::string> out;
  count(at_archive(), "archive", out);
  if (orthanc_) count(at_orthanc(), "Orthanc", out);
  if (!node_->totals().add_up()) out.emplace_back("the ledger does not add up");
  // What lies in "sent" names people, and so does nothing else.
  const auto leaks = leak_lines(dir_.path, planted_, {dir_.path / "sent"});
  out.insert(out.end(), leaks.begin(), leaks.end());
  return out;
}

}  // namespace dosigate::testing
