#include "wire/hospital.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/json.hpp>

#include "wire/stock_senders.h"
#include "wire/story_instance.h"

namespace dosigate::testing {

Hospital::Hospital(NodeProcess::Settings settings, bool with_second) {
  settings.archive_port = archive.port();
  if (with_second) settings.second_port = second.port();
  std::filesystem::create_directories(dir_.path / "sent");
  node_ = std::make_unique<NodeProcess>(dir_.path / "node", settings);
  node_->start();
}

void Hospital::send(unsigned count) {
  std::vector<std::filesystem::path> files;
  for (unsigned i = 0; i < count; ++i) {
    const std::string number = std::to_string(++sent_);
    files.push_back(dir_.path / "sent" / (number + ".dcm"));
    write_instance(files.back(),
                   {.person = "Joana", .headers = {.id = "77881234"}, .instance = number}, sent_);
  }
  store(files);
}

void Hospital::send_version(const std::string& kilograms) {
  const auto file = dir_.path / "sent" / (kilograms + ".dcm");
  write_instance(file,
                 {.person = "Joana",
                  .headers = {.id = "77881234"},
                  .modality = "PT",
                  .study = "2",
                  .weight = kilograms},
                 1);
  store({file});
}

void Hospital::store(const std::vector<std::filesystem::path>& files) {
  const Finished done = run(storescu_arguments(node_->port(), files), std::chrono::seconds(120));
  if (done.code != 0) throw std::runtime_error("storescu: " + done.output + node_->log());
}

boost::json::value Hospital::destination(const std::string& name) const {
  const boost::json::value status = node_->status();
  for (const auto& row : status.at("destinations").as_array())
    if (row.at("name") == boost::json::value(name)) return row;
  return boost::json::object{{"name", ""}, {"state", ""}, {"last_error", ""}};
}

bool Hospital::shows(const std::string& state, const std::string& words,
                     const std::string& name) const {
  const auto row = destination(name);
  return row.at("state") == boost::json::value(state) &&
         std::string(row.at("last_error").as_string()).find(words) != std::string::npos;
}

bool Hospital::is_down(const std::string& words) const { return shows("down", words); }

boost::json::array Hospital::queue() const {
  const Finished list = node_->dosigate({"queue", "list", "--json", "--max", "1000"});
  return boost::json::parse(list.output).at("items").as_array();
}

std::size_t Hospital::parked(const std::string& words) const {
  const auto rows = queue();
  return static_cast<std::size_t>(std::ranges::count_if(rows, [&](const auto& row) {
    return row.at("state") == boost::json::value("parked") &&
           std::string(row.at("reason").as_string()).find(words) != std::string::npos;
  }));
}

long long Hospital::attempts() const {
  long long sum = 0;
  for (const auto& row : queue()) sum += row.at("attempts").template to_number<long long>();
  return sum;
}

bool Hospital::all_delivered() const {
  const auto totals = node_->totals();
  return totals.add_up() && totals.received == sent_ && totals.delivered == sent_ &&
         totals.queued + totals.parked == 0;
}

void Hospital::rewrite(const std::string& from, const std::string& to) {
  const auto file = node_->directory() / "dosigate.toml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto where = text.find(from);
  if (where == std::string::npos) throw std::runtime_error("not in the configuration: " + from);
  text.replace(where, from.size(), to);
  std::ofstream(file) << text;
}

std::chrono::seconds one_step_after(unsigned tries) {
  return std::chrono::seconds(std::min(300U, 1U << std::min(tries, 9U)) + 15);
}

}  // namespace dosigate::testing
