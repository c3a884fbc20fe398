#pragma once

#include "command.h"
#include "dosigate/net/pdv_reader.h"
#include "negotiation.h"
#include "server_state.h"

namespace dosigate {

/// The messages of one established association: reads a command, acts on it, answers it, until
/// something ends it. Thread: the association's.
class MessageLoop {
 public:
  enum class End {
    Released,
    PeerAborted,
    TimedOut,
    TooSlow,
    ProtocolError,
    Idle,
    SentAway,  ///< its place was given to another
    Fruitless,
    Stopping,
    CannotAnswer
  };
  struct Tally {
    std::uint64_t echoes = 0, instances = 0, failed = 0, bytes = 0, reports = 0;
  };

  MessageLoop(ServerState& state, const Origin& origin, Connection& connection,
              const AcceptedContexts& contexts, Place& place);
  End run();
  const Tally& tally() const { return tally_; }
  /// Of the A-ABORT after End::ProtocolError.
  std::uint8_t abort_reason() const { return reader_.abort_reason(); }

 private:
  std::optional<End> wait();
  End end_of(Ending ending) const;
  std::variant<Command, End> read_command_set(std::uint8_t& context);
  std::optional<End> act_on(const Command& command, std::uint8_t context);
  std::optional<End> store(const Command& command, std::uint8_t context);
  std::optional<End> report(const Command& command, std::uint8_t context);
  std::optional<End> skip_data_set(const Command& command, std::uint8_t context);
  std::optional<End> answer(const Command& command, std::uint8_t context, std::uint16_t status,
                            std::string_view comment);
  /// @param passage  through which its pixel data went; null: it is whole.
  AssociationServer::Answer handle(ReceivedInstance instance, AssociationServer::Passage* passage);
  AssociationServer::Answer handle(AssociationServer::EventReport event);

  ServerState& state_;
  const Origin& origin_;
  Connection& connection_;
  const AcceptedContexts& contexts_;
  Place& place_;
  PdvReader reader_;
  Tally tally_;
  unsigned fruitless_ = 0;  // messages since the last instance
};

const char* text_of(MessageLoop::End end);

}  // namespace dosigate
