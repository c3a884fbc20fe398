// PDUs and PDVs of an established association, read by the message loop from a socket: it ends, and
// answers each request once at most.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include <spdlog/spdlog.h>

#include "fuzz/fuzz.h"
#include "receive/message_loop.h"

using namespace dosigate;

namespace {

// What the loop answers waits in the socket until it ends.
constexpr std::size_t kLargest = 16U << 10U;

AcceptedContexts contexts() {
  AcceptedContexts out;
  const char* const ct = "1.2.840.10008.5.1.4.1.1.2";
  out[1] = AcceptedContext{AbstractSyntax::Storage, ct, "1.2.840.10008.1.2.1", false};
  out[3] = AcceptedContext{AbstractSyntax::Verification, "1.2.840.10008.1.1", "1.2.840.10008.1.2",
                           false};
  out[5] = AcceptedContext{AbstractSyntax::NotStorage, "1.2.840.10008.1.20.1", "1.2.840.10008.1.2",
                           true};
  return out;
}

/// What a large instance gives away as it comes, and what it says of that at its end.
struct Passing final : AssociationServer::Passage {
  explicit Passing(std::size_t& count) : stored(count) {}
  void pixels(ByteView piece) override { bytes += piece.size(); }
  AssociationServer::Answer finish(ReceivedInstance instance) override {
    must(instance.passed && instance.passed->length == bytes &&
         instance.passed->at <= instance.data_set.size());
    ++stored;
    return {0, ""};
  }
  std::size_t& stored;
  std::uint64_t bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    spdlog::set_level(spdlog::level::off);
    return true;
  }();
  must(quiet);
  std::size_t stored = 0, reported = 0;
  AssociationServer::Settings settings;
  settings.max_instance_bytes = 8U << 10U;
  settings.held_bytes = 512;
  settings.memory_budget_bytes = 1U << 20U;  // enough: without, an instance waits for others
  settings.max_pdu = 4096;
  settings.dimse_timeout = std::chrono::seconds(2);
  ServerState state(
      settings,
      [&](ReceivedInstance instance) -> AssociationServer::Answer {
        must(instance.data_set.size() <= settings.max_instance_bytes);
        must(!instance.sop_instance_uid.reveal().empty() &&
             instance.sop_instance_uid.reveal().size() <= 64);
        ++stored;
        return {0, ""};
      },
      {},
      [&](const AssociationServer::EventReport&) -> AssociationServer::Answer {
        ++reported;
        return {0, ""};
      },
      [&](const ReceivedInstance& begun) -> Result<std::unique_ptr<AssociationServer::Passage>> {
        must(begun.passed && begun.passed->at == begun.data_set.size());
        return std::make_unique<Passing>(stored);
      });
  int ends[2];
  must(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const FileDescriptor peer(ends[0]);
  size = std::min(size, kLargest);
  must(::send(peer.get(), data, size, 0) == static_cast<ssize_t>(size));
  (void)::shutdown(peer.get(), SHUT_WR);

  const Origin origin{"DOSIGATE", "FUZZ", "127.0.0.1", "all"};
  static const AcceptedContexts open = contexts();
  Connection connection(FileDescriptor(ends[1]), {},
                        {std::chrono::seconds(2), std::chrono::seconds(2)});
  const auto place = state.places.take(origin.address);
  MessageLoop loop(state, origin, connection, open, *place);
  const auto end = loop.run();

  must(end != MessageLoop::End::Idle && end != MessageLoop::End::Stopping);
  must(loop.tally().instances == stored && loop.tally().reports >= reported);
  return 0;
}
