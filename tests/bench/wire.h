#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"

namespace dosigate::bench {

/// What the relay, the sink and the load share: PDUs over one TCP connection, as few system calls
/// and copies as a plain program needs. No DCMTK, and nothing of the node's way of bytes.

inline constexpr std::uint32_t kMaxPdu = 131'072;
inline constexpr std::size_t kPduHead = 6, kPdvHead = 6;

/// CLOCK_MONOTONIC in nanoseconds: the same clock in every process of the machine.
std::uint64_t now_ns();

/// A socket that listens on 127.0.0.1, or on every address. Throws std::system_error.
FileDescriptor listen_on(std::uint16_t port, bool everywhere = false);
/// The next connection, with TCP_NODELAY.
FileDescriptor accept_from(const FileDescriptor& listener);
/// Throws std::system_error.
FileDescriptor connect_to(const std::string& address, std::uint16_t port);

/// All bytes of the pieces. Throws std::system_error when the peer is gone.
/// @param more  that the next call follows at once (MSG_MORE): the kernel may wait for it.
void send_all(int socket, std::vector<iovec> pieces, bool more = false);
inline iovec piece(ByteView bytes) {
  return {const_cast<Byte*>(bytes.data()), bytes.size()};  // sendmsg does not write to it
}

/// Reads PDUs through one buffer.
class PduReader {
 public:
  explicit PduReader(int socket) : socket_(socket), buffer_(4 * (kMaxPdu + kPduHead)) {}
  /// The next PDU, its head included, valid until the next call; empty when the peer has closed.
  /// Throws std::runtime_error when one is longer than the buffer.
  std::optional<ByteView> next();

 private:
  bool fill(std::size_t wanted);
  int socket_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

/// One fragment in a P-DATA-TF.
struct Pdv {
  Byte context;
  bool command, last;
  ByteView data;
};
/// Those of a P-DATA-TF. Throws std::runtime_error when lengths do not add up.
std::vector<Pdv> pdvs_of(ByteView pdu);
/// Head of a P-DATA-TF with one fragment of `size` bytes, which follows.
void put_pdv_head(Bytes& out, Byte context, bool command, bool last, std::size_t size);

/// What an association agreed on.
struct Context {
  std::string sop_class, syntax;
};
using Contexts = std::map<Byte, Context>;

/// Answers A-ASSOCIATE-RQ: every context with the first syntax that it offers.
/// @return the A-ASSOCIATE-AC.
Bytes accept_all(ByteView request, Contexts& contexts);
/// Proposes these and reads the answer.
/// @return what was accepted. Throws std::runtime_error when the association is refused.
Contexts associate(int socket, PduReader& reader, const std::string& called,
                   const std::string& calling, const std::vector<Context>& wanted);

/// A command set, as far as a storage SCP needs it.
struct Command {
  std::uint16_t field = 0, message_id = 0, status = 0;
  std::string sop_class, sop_instance;
};
Command read_command(ByteView set);
/// The response to it, as one whole PDU.
Bytes response_to(const Command& request, Byte context);
/// Remembers the last bytes of a data set, which are pixels, and what they were: equal at both ends
/// when nothing has touched them.
class Tail {
 public:
  static constexpr std::size_t kSize = 2'048;
  void add(ByteView bytes);
  /// FNV-1a of the last kSize bytes, or of all when there were fewer. Forgets them.
  std::uint64_t take();

 private:
  Bytes last_;
};

/// A-RELEASE-RQ (5) or -RP (6).
Bytes release_pdu(Byte type);

}  // namespace dosigate::bench
