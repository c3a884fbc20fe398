#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "dosigate/app/audit_settings.h"
#include "dosigate/base/guarded.h"
#include "syslog_message.h"
#include "syslog_queue.h"

namespace dosigate {

/// Sends the audit record on, line by line in order, at least once. A thread of its own: nothing
/// waits for the server. Thread: any; construct and destroy in one.
class SyslogSender {
 public:
  using Send = std::function<Result<void>(const AuditSettings&, const std::string& frames)>;
  /// Whose study it is: the lines of arrivals and deliveries name the study only. Empty once the
  /// patient is forgotten.
  using PatientOf = std::function<std::string(const std::string& study_uid)>;
  /// @param send  another one in tests.
  SyslogSender(AuditSettings settings, const std::filesystem::path& audit_directory,
               const AuditLog& audit, AuditSource source, PatientOf patient_of, Send send = {});
  ~SyslogSender();

  struct State {
    std::uint64_t sent_line = 0;      ///< the last line that the server has
    std::uint64_t waiting = 0;        ///< lines
    std::int64_t oldest_waiting = 0;  ///< Unix seconds of the first of them; 0: none waits
    std::int64_t last_success = 0;    ///< Unix seconds, since the start; 0: none yet
    std::int64_t failing_since = 0;   ///< 0: it works
    std::string last_error;           ///< of the present failure, in words
  };
  State state() const;
  const AuditSettings& settings() const { return settings_; }

 private:
  void run(const std::stop_token& stop);
  /// True when something was sent.
  bool step();
  void pause(const std::stop_token& stop, std::chrono::milliseconds time);

  const AuditSettings settings_;
  const AuditLog& audit_;
  const AuditSource source_;
  const SyslogOrigin origin_;
  const PatientOf patient_of_;
  const Send send_;
  SyslogQueue queue_;
  Guarded<State> state_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace dosigate
