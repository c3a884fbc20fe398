#pragma once

#include <sys/stat.h>

#include <fstream>

#include "fixture.h"
#include "support/fake_web_archive.h"

namespace dosigate::testing {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

/// A spool with a DICOMweb archive that it may be forwarded to.
class Stowing : public Queueing {
 protected:
  using Web = FakeWebArchive;
  using Request = FakeWebArchive::Request;
  using Reply = FakeWebArchive::Reply;

  static Destination stow_destination(std::uint16_t port) {
    Destination to = dicom_destination(0);
    to.kind = Destination::Kind::Stow;
    to.stow.url = {false, "127.0.0.1", port, "/dicom-web"};
    return to;
  }
  Destination here() { return stow_destination(web.port()); }
  /// A file of a secret.
  std::filesystem::path secret(const std::string& name, const std::string& text,
                               mode_t mode = 0600) const {
    const auto file = dir.path / name;
    std::filesystem::remove(file);
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  void replies(std::function<Reply(const Request&, int)> reply) { web.set({std::move(reply)}); }
  bool down_with(const ArchiveForwarder& forwarder, const std::string& words) {
    return eventually([&] {
      const auto state = forwarder.state();
      return state.state == "down" && state.last_error.find(words) != std::string::npos;
    });
  }

  Web web;
};

}  // namespace dosigate::testing
