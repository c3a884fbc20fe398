#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"

namespace dosigate::testing {

/// A scripted SCU that sends PDUs byte by byte as a test wants them, also wrong ones. It knows the
/// wire, not DCMTK, so that both ends cannot share a mistake.
class RawScu {
 public:
  struct Context {
    std::uint8_t id;
    std::string abstract_syntax;
    std::vector<std::string> transfer_syntaxes;
  };
  struct Pdu {
    std::uint8_t type;
    Bytes body;
  };

  /// Connects to 127.0.0.1. Throws std::system_error when it cannot.
  /// @param from  a loopback address of ours, "127.0.0.7"; empty = whatever the kernel takes.
  explicit RawScu(std::uint16_t port, const std::string& from = "");
  /// Sends as far as the peer takes it at once; how many bytes that was.
  std::size_t try_send(ByteView bytes) const;

  void send(ByteView bytes) const;
  /// The next PDU; empty when the peer closes, or says nothing until the deadline (then
  /// `timed_out()`).
  std::optional<Pdu> receive(std::chrono::milliseconds deadline = std::chrono::seconds(10));
  bool timed_out() const { return timed_out_; }
  /// True when the peer closes within the deadline; what it still sends is thrown away.
  bool peer_closes(std::chrono::milliseconds deadline);
  void close() { socket_ = FileDescriptor(); }

  /// Proposes and returns the answer: type 2 (accept), 3 (reject) or 7 (abort).
  std::optional<Pdu> associate(const std::string& called, const std::string& calling,
                               const std::vector<Context>& contexts);
  /// Sends a C-STORE-RQ with its data set in fragments of `fragment` bytes, one PDU each, and
  /// returns the status of the response.
  std::optional<std::uint16_t> store(std::uint8_t context, const std::string& sop_class,
                                     const std::string& sop_instance, ByteView data_set,
                                     std::size_t fragment = 16'000);
  /// A-RELEASE, and waits for its answer.
  bool release();

  // The pieces, for tests that leave some out.
  static Bytes association_request(const std::string& called, const std::string& calling,
                                   const std::vector<Context>& contexts);
  static Bytes store_command(const std::string& sop_class, const std::string& sop_instance,
                             std::uint16_t message_id = 1, bool with_data_set = true);
  /// Any request without data set, for example C-ECHO (0x0030).
  static Bytes plain_command(std::uint16_t field, const std::string& sop_class,
                             std::uint16_t message_id = 1);
  /// P-DATA-TF with one PDV.
  static Bytes p_data(std::uint8_t context, bool command, bool last, ByteView data);
  /// Status (0000,0900) of a response PDU; empty when it is none.
  static std::optional<std::uint16_t> status_of(const Pdu& pdu);
  /// ErrorComment (0000,0902) of a response PDU.
  static std::string comment_of(const Pdu& pdu);
  /// Of an A-ASSOCIATE-AC: result of a context (0 = accepted), and its transfer syntax.
  static std::optional<std::uint8_t> result_of(const Pdu& accept, std::uint8_t context);
  static std::string transfer_syntax_of(const Pdu& accept, std::uint8_t context);

 private:
  FileDescriptor socket_;
  bool timed_out_ = false;
  std::uint16_t next_message_ = 1;
};

}  // namespace dosigate::testing
