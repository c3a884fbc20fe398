#pragma once

#include <filesystem>
#include <optional>

#include "dosigate/base/durable_file.h"

namespace dosigate {

/// A listening Unix socket. One of our own making is removed with the object; one from systemd
/// stays.
class AdminListener {
 public:
  /// Throws std::system_error: the path is no socket, too long, or another process answers there.
  AdminListener(std::filesystem::path path, std::optional<int> inherited_fd);
  AdminListener(const AdminListener&) = delete;
  AdminListener& operator=(const AdminListener&) = delete;
  ~AdminListener();
  /// Gives the descriptor away; the path is still removed at the end.
  int release() { return socket_.release(); }

 private:
  std::filesystem::path path_;
  FileDescriptor socket_;
  std::optional<std::pair<dev_t, ino_t>>
      made_;  ///< what we bound, so that a successor's socket is left alone
};

}  // namespace dosigate
