#include "support/rsyslog.h"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include "support/free_port.h"

namespace dosigate::testing {

namespace fs = std::filesystem;

Rsyslog::Rsyslog(fs::path directory, const TestCa& ca, const std::string& permitted)
    : directory_(std::move(directory)), port_(free_port()) {
  fs::create_directories(directory_);
  // A copy: AppArmor's profile of the service, which may read nothing here, goes by its path.
  const fs::path installed = find_program("rsyslogd");
  fs::copy_file(installed.empty() ? "/usr/sbin/rsyslogd" : installed, directory_ / "rsyslogd",
                fs::copy_options::overwrite_existing);
  const TlsFiles own = ca.issue("rsyslog");
  std::ofstream(directory_ / "rsyslog.conf")
      << "global(workDirectory=\"" << directory_.string() << "\" maxMessageSize=\"64k\"\n"
      << "  defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"" << own.ca.string()
      << "\"\n  defaultNetstreamDriverCertFile=\"" << own.certificate.string()
      << "\" defaultNetstreamDriverKeyFile=\"" << own.key.string() << "\")\n"
      << "module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\"\n"
      << "  streamDriver.authMode=\"x509/name\" permittedPeer=[\"" << permitted << "\"])\n"
      << "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"" << port_ << "\")\n"
      << "template(name=\"fields\" type=\"string\" "
         "string=\"%pri%\\t%msgid%\\t%structured-data%\\t%msg%\\n\")\n"
      << "action(type=\"omfile\" file=\"" << (directory_ / "messages").string()
      << "\" template=\"fields\" asyncWriting=\"off\" flushOnTXEnd=\"on\")\n";
}

void Rsyslog::start() {
  process_ = std::make_unique<Process>(
      std::vector<std::string>{(directory_ / "rsyslogd").string(), "-n", "-f",
                               (directory_ / "rsyslog.conf").string(), "-i",
                               (directory_ / "pid").string()},
      directory_ / "rsyslogd.log");
}

void Rsyslog::stop() {
  process_->signal(SIGTERM);
  EXPECT_TRUE(process_->wait(std::chrono::seconds(30)).has_value()) << output();
}

std::vector<Rsyslog::Message> Rsyslog::messages() const {
  std::vector<Message> out;
  std::ifstream in(directory_ / "messages");
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    std::size_t begin = 0;
    for (std::size_t tab; fields.size() < 3 && (tab = line.find('\t', begin)) != std::string::npos;
         begin = tab + 1)
      fields.push_back(line.substr(begin, tab - begin));
    const auto xml = line.find('<', begin);
    if (fields.size() < 3 || xml == std::string::npos) {
      out.push_back({"", "", "", line});
      continue;
    }
    const auto quote = fields[2].find('"');
    const auto end = fields[2].find('"', quote + 1);
    out.push_back({fields[0], fields[1],
                   quote == std::string::npos ? "" : fields[2].substr(quote + 1, end - quote - 1),
                   line.substr(xml)});
  }
  return out;
}

std::string Rsyslog::output() const { return process_ ? process_->output() : ""; }

}  // namespace dosigate::testing
