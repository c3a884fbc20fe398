#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/net/tls.h"

namespace dosigate {

struct ConnectionLimits {
  std::chrono::seconds read_deadline{30};   ///< for the next byte inside a PDU
  std::chrono::seconds write_deadline{30};  ///< for the peer to take a PDU
};

/// How an association that we request is secured: by whom the peer must prove to be.
struct TlsClient {
  std::shared_ptr<const TlsContext> context;
  TlsPin pin;
  std::string host;                 ///< as it is dialled
  std::chrono::seconds within{10};  ///< for the handshake
};

/// Why an association that we requested came to nothing, in words, where DCMTK's conditions have
/// none: the TLS session, or an answer that is none. `lasting`: only a person can change it.
struct OutboundTrouble {
  std::string words;
  bool lasting = false;
};

/// The transport connection under a DCMTK association, plain or through a TLS session: buffered
/// reads, one send per PDU (head and body together), TCP_NODELAY, TCP_QUICKACK re-armed after each
/// read (it releases senders that have Nagle on: 44-89 ms an instance otherwise), deadlines.
///
/// Of an association that we request, the peer's first PDU is judged by our own code
/// (association_answer.h) before DCMTK reads a byte of it. Thread: one at a time.
class Connection final : public DcmTransportConnection {
 public:
  /// @param first  bytes already read from the socket, given back by the first reads.
  /// @param tls    of the socket, its handshake done; null: plain.
  Connection(FileDescriptor socket, Bytes first, ConnectionLimits limits,
             std::unique_ptr<TlsSession> tls = nullptr);
  /// One that we asked for.
  /// @param tls      how it is secured; nothing: plain.
  /// @param trouble  is told why it failed.
  Connection(FileDescriptor socket, ConnectionLimits limits, const std::optional<TlsClient>& tls,
             std::shared_ptr<OutboundTrouble> trouble);
  ~Connection() override;

  OFCondition serverSideHandshake() override;
  /// Of TLS; DCMTK calls it for an association that we request.
  OFCondition clientSideHandshake() override;
  OFCondition renegotiate(const char*) override;
  ssize_t read(void* buf, size_t nbyte) override;
  ssize_t write(void* buf, size_t nbyte) override;
  void close() override;
  void closeTransportConnection() override;
  unsigned long getPeerCertificateLength() override;
  unsigned long getPeerCertificate(void*, unsigned long) override;
  /// Looks into the buffers first, then polls. What only TLS itself has to say is no data.
  OFBool networkDataAvailable(int timeout) override;
  OFBool isTransparentConnection() override;
  OFString& dumpConnectionParameters(OFString& str) override;

  /// Numeric address of the peer, without port; empty when the connection is gone.
  std::string peer_address() const;
  /// Why the TLS session failed, in words; empty: it has not, or there is none.
  std::string tls_failure() const;

  /// Ends the sending side, throws away what still arrives until the peer closes or `grace` is
  /// over, then closes. After a last PDU (abort, reject): closing with unread bytes sends a reset,
  /// which would destroy that PDU at the peer.
  void finish(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gives DCMTK our Connection, inbound (the one handed over with `next`) and outbound (the socket
/// DCMTK connected, secured as `secure` said last). Thread: one layer per association thread.
class TransportLayer final : public DcmTransportLayer {
 public:
  explicit TransportLayer(ConnectionLimits limits);
  /// The socket and first bytes of the association that DCMTK is about to accept.
  void next(FileDescriptor socket, Bytes first, std::unique_ptr<TlsSession> tls = nullptr);
  /// Of the associations requested from now on; nothing: plain.
  void secure(std::optional<TlsClient> tls) { outbound_tls_ = std::move(tls); }
  /// Of the last association requested; empty words: none that DCMTK's condition does not tell.
  OutboundTrouble trouble() const { return *trouble_; }
  DcmTransportConnection* createConnection(DcmNativeSocketType openSocket,
                                           OFBool useSecureLayer) override;

 private:
  ConnectionLimits limits_;
  FileDescriptor next_socket_;
  Bytes next_first_;
  std::unique_ptr<TlsSession> next_tls_;
  std::optional<TlsClient> outbound_tls_;
  std::shared_ptr<OutboundTrouble> trouble_ = std::make_shared<OutboundTrouble>();
};

/// Sets `dcmExternalSocketHandle` to one end of a connected loopback pair kept open for life, so
/// that ASC_receiveAssociation never listens; once, before the first thread. What DCMTK then thinks
/// of the remote address is the dummy's: never use it.
void prepare_external_sockets();

}  // namespace dosigate
