#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {

struct ConnectionLimits {
  std::chrono::seconds read_deadline{30};   ///< for the next byte inside a PDU
  std::chrono::seconds write_deadline{30};  ///< for the peer to take a PDU
};

/// The transport connection under a DCMTK association: buffered reads, one send per PDU (head and
/// body together), TCP_NODELAY, TCP_QUICKACK re-armed after each read (it releases senders that
/// have Nagle on: 44-89 ms an instance otherwise), deadlines. Thread: one at a time.
class Connection final : public DcmTransportConnection {
 public:
  /// @param first  bytes already read from the socket, given back by the first reads.
  Connection(FileDescriptor socket, Bytes first, ConnectionLimits limits);
  ~Connection() override;

  OFCondition serverSideHandshake() override;
  OFCondition clientSideHandshake() override;
  OFCondition renegotiate(const char*) override;
  ssize_t read(void* buf, size_t nbyte) override;
  ssize_t write(void* buf, size_t nbyte) override;
  void close() override;
  void closeTransportConnection() override;
  unsigned long getPeerCertificateLength() override;
  unsigned long getPeerCertificate(void*, unsigned long) override;
  /// Looks into the buffer first, then polls.
  OFBool networkDataAvailable(int timeout) override;
  OFBool isTransparentConnection() override;
  OFString& dumpConnectionParameters(OFString& str) override;

  /// Numeric address of the peer, without port; empty when the connection is gone.
  std::string peer_address() const;

  /// Ends the sending side, throws away what still arrives until the peer closes or `grace` is
  /// over, then closes. After a last PDU (abort, reject): closing with unread bytes sends a reset,
  /// which would destroy that PDU at the peer.
  void finish(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gives DCMTK our Connection, inbound (the one handed over with `next`) and outbound (the socket
/// DCMTK connected). Thread: one layer per association thread.
class TransportLayer final : public DcmTransportLayer {
 public:
  explicit TransportLayer(ConnectionLimits limits);
  /// The socket and first bytes of the association that DCMTK is about to accept.
  void next(FileDescriptor socket, Bytes first);
  DcmTransportConnection* createConnection(DcmNativeSocketType openSocket,
                                           OFBool useSecureLayer) override;

 private:
  ConnectionLimits limits_;
  FileDescriptor next_socket_;
  Bytes next_first_;
};

/// Sets `dcmExternalSocketHandle` to one end of a connected loopback pair kept open for life, so
/// that ASC_receiveAssociation never listens; once, before the first thread. What DCMTK then thinks
/// of the remote address is the dummy's: never use it.
void prepare_external_sockets();

}  // namespace dosigate
