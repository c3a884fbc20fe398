#include "syslog_sender.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>

#include <spdlog/spdlog.h>

#include "dosigate/base/backoff.h"
#include "dosigate/crypto/hash.h"
#include "syslog_connection.h"

namespace dosigate {
namespace {

/// A moment in which lines gather: each batch is a TLS session of its own.
constexpr std::chrono::milliseconds kGather{500};
constexpr Backoff kBackoff{std::chrono::milliseconds(1'000), std::chrono::milliseconds(60'000)};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string to_text(const AuditSettings& settings) {
  return settings.syslog_host + ":" + std::to_string(settings.syslog_port);
}

/// "2026-11-28T10:04:00.123Z"
std::int64_t unix_of(const std::string& rfc3339) {
  std::tm utc{};
  if (::strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return 0;
  return ::timegm(&utc);
}

}  // namespace

SyslogSender::SyslogSender(AuditSettings settings, const std::filesystem::path& audit_directory,
                           const AuditLog& audit, AuditSource source, PatientOf patient_of,
                           Send send)
    : settings_(std::move(settings)),
      audit_(audit),
      source_(std::move(source)),
      origin_{host_name(), static_cast<int>(::getpid())},
      patient_of_(std::move(patient_of)),
      send_(send ? std::move(send) : Send(send_to_syslog)),
      queue_(audit_directory, audit, to_text(settings_)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

SyslogSender::~SyslogSender() {
  thread_.request_stop();
  wake_.notify_all();
}

void SyslogSender::pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [] { return false; });
}

void SyslogSender::run(const std::stop_token& stop) {
  unsigned failures = 0;
  while (!stop.stop_requested()) {
    std::string trouble;
    try {
      if (step()) failures = 0;
      pause(stop, kGather);
      continue;
    } catch (const std::exception& broken) {
      trouble = broken.what();
    }
    const std::int64_t now = to_unix(wall_now());
    const bool first = state_.with([&](State& state) {
      const bool fresh = state.last_error != trouble;
      state.last_error = trouble;
      if (state.failing_since == 0) state.failing_since = now;
      return fresh;
    });
    if (first) spdlog::warn("cannot send the audit record on, tried again: {}", trouble);
    pause(stop, kBackoff.delay(++failures, static_cast<std::uint32_t>(random_between(
                                               0, std::numeric_limits<std::uint32_t>::max()))));
  }
}

bool SyslogSender::step() {
  SyslogQueue::Batch batch = queue_.next();
  state_.with([&](State& state) {
    state.sent_line = queue_.line();
    state.oldest_waiting = batch.events.empty() ? 0 : unix_of(batch.events.front().time);
  });
  if (batch.events.empty()) return false;
  std::string frames;
  for (AuditEvent& event : batch.events) {
    if (event.event.starts_with("instances."))
      if (auto patient = patient_of_(event.field("study")); !patient.empty())
        event.fields.emplace_back("pseudonym", std::move(patient));
    frames += syslog_frame(event, source_, origin_);
  }
  if (auto sent = send_(settings_, frames); !sent) throw std::runtime_error(sent.error().detail);
  queue_.sent(batch);
  state_.with([&](State& state) {
    state.sent_line = queue_.line();
    state.oldest_waiting = 0;
    state.last_success = to_unix(wall_now());
    state.failing_since = 0;
    state.last_error.clear();
  });
  return true;
}

SyslogSender::State SyslogSender::state() const {
  State out = state_.with([](const State& state) { return state; });
  const std::uint64_t last = audit_.head().number;
  out.waiting = last > out.sent_line ? last - out.sent_line : 0;
  return out;
}

}  // namespace dosigate
