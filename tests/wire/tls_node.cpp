#include "wire/tls_node.h"

#include <gtest/gtest.h>

#include <fstream>

#include <boost/json/value.hpp>

#include "support/free_port.h"

namespace dosigate::testing {
namespace {

constexpr auto kDeadline = std::chrono::seconds(90);

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TlsNode::TlsNode(Settings settings)
    : ca(dir.path, "ca", TestCa::Keys::Rsa),
      files(settings.files ? *settings.files : ca.issue("node")),
      sender(ca.issue("sender")),
      phantom(write_phantom({.directory = dir.path / "sent"})),
      tls_port_(free_port()) {
  for (const PhantomFile& file : phantom.files) paths.push_back(file.path);
  if (settings.listens)
    settings.node.node += "listen_tls = [\"127.0.0.1:" + std::to_string(tls_port_) + "\"]\n";
  settings.node.route += "\n" + settings.peers + "\n[tls]\ncertificate = \"" +
                         files.certificate.string() + "\"\nkey = \"" + files.key.string() +
                         "\"\nca = \"" + files.ca.string() + "\"\n";
  node_ = std::make_unique<NodeProcess>(dir.path / "node", settings.node);
  node_->start();
}

std::vector<std::string> TlsNode::dcmtk_options(const TlsFiles& files) {
  return {"+tls", files.key.string(), files.certificate.string(), "+cf", files.ca.string()};
}

Finished TlsNode::storescu(const TlsFiles& with, const std::vector<std::filesystem::path>& what,
                           const std::vector<std::string>& more) const {
  auto argv = joined({"storescu", "-R", "-aet", "STORESCU", "-aec", "DOSIGATE"},
                     joined(dcmtk_options(with), more));
  argv = joined(argv, {"127.0.0.1", std::to_string(tls_port_)});
  for (const auto& file : what) argv.push_back(file.string());
  return run(argv, kDeadline);
}

Finished TlsNode::echoscu(const TlsFiles& with, const std::vector<std::string>& more) const {
  return run(joined(joined({"echoscu", "-aec", "DOSIGATE"}, joined(dcmtk_options(with), more)),
                    {"127.0.0.1", std::to_string(tls_port_)}),
             kDeadline);
}

Finished TlsNode::s_client(const std::vector<std::string>& more, const std::string& input) const {
  return run(
      joined({"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(tls_port_)}, more),
      kDeadline, input);
}

std::uint64_t TlsNode::failures(const std::string& words) const {
  std::uint64_t out = 0;
  const auto status = node().status();
  for (const auto& failure : status.at("tls").at("failures").as_array())
    if (std::string(failure.at("reason").as_string().c_str()).find(words) != std::string::npos)
      out += failure.at("count").to_number<std::uint64_t>();
  return out;
}

std::string tls_peer(const std::string& name, const std::string& ae_title, std::uint16_t port,
                     const std::string& more) {
  return "[[peer]]\nname = \"" + name + "\"\nae_title = \"" + ae_title +
         "\"\nhost = \"127.0.0.1\"\nport = " + std::to_string(port) + "\ntls = true\n" + more +
         "\n";
}

void edit_configuration(const NodeProcess& node, const std::string& from, const std::string& to) {
  const auto file = node.directory() / "dosigate.toml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  std::ofstream(file) << text;
}

}  // namespace dosigate::testing
