#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/base/tls_identity.h"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

namespace dosigate {

// TLS 1.2 and 1.3 with the ciphers of BCP 195 (RFC 9325; PS3.15 B.12), by OpenSSL over a connected
// socket. No renegotiation, no compression, no resumption: each session shows its certificate.

/// PEM files. `certificate` may be followed by its chain. `ca` holds the authorities that peers are
/// checked against, and nothing else is trusted: not the system's store.
struct TlsFiles {
  std::filesystem::path certificate, key, ca;
};
enum class TlsFile { Certificate, Key, Ca };

/// Which certificates of the CA are the right ones; an empty list demands nothing.
struct TlsPin {
  std::vector<std::string> names;         ///< one of them, in either case; "*.x" in the certificate
                                          ///< stands for one label
  std::vector<std::string> fingerprints;  ///< one of them, as in TlsIdentity
  bool admits(const TlsIdentity& peer) const;
  bool empty() const { return names.empty() && fingerprints.empty(); }
  friend bool operator==(const TlsPin&, const TlsPin&) = default;
};
/// "AB:CD:…" or "abcd…" as 64 lower-case digits; nothing when it is no SHA-256.
std::optional<std::string> tls_fingerprint(std::string_view text);
/// Whom the certificate names that the peer of a session has shown and that was found good; nothing
/// when it showed none.
std::optional<TlsIdentity> tls_identity_of(ssl_st* session);
/// Whom the first certificate of a PEM file names.
Result<TlsIdentity> tls_identity_of(const std::filesystem::path& certificate);

/// Certificate, key and CA as read from their files, checked: shared by all sessions, immutable.
/// A changed file is another context. Thread: any.
class TlsContext {
 public:
  /// Refuses, in words: files that cannot be read; a key that others could read or change (mode
  /// 0400 or 0600, a systemd credential also 0440), of another owner, with a passphrase, or of
  /// another certificate; a certificate or CA that has expired.
  /// @param at_fault  is told which of the three files the error is about.
  static Result<std::shared_ptr<const TlsContext>> server(const TlsFiles& files,
                                                          TlsFile* at_fault = nullptr);
  /// `certificate` and `key` may both be empty: then we have none to show.
  static Result<std::shared_ptr<const TlsContext>> client(const TlsFiles& files,
                                                          TlsFile* at_fault = nullptr);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Of our own certificate; epoch and empty when we have none.
  WallTime expires() const { return own_.expires; }
  const std::string& subject() const { return own_.subject; }
  const std::string& fingerprint() const { return own_.fingerprint; }
  /// Of the CA that ends first among those valid when the files were read.
  WallTime ca_expires() const { return ca_.expires; }
  const std::string& ca_subject() const { return ca_.subject; }

  bool is_server() const { return is_server_; }
  bool has_certificate() const { return !own_.fingerprint.empty(); }
  /// Whether both were made of files with the same content.
  bool same_files(const TlsContext& other) const { return digest_ == other.digest_; }
  /// Whether there is a CA: without one nobody's certificate can be checked.
  bool has_ca() const { return !ca_.subject.empty(); }
  ssl_ctx_st* native() const { return context_; }
  /// One more owner of it, who frees it (SSL_CTX_free).
  ssl_ctx_st* share() const;

 private:
  struct Named {
    WallTime expires{};
    std::string subject, fingerprint;
  };
  explicit TlsContext(bool is_server) : is_server_(is_server) {}
  static Result<std::shared_ptr<const TlsContext>> make(bool is_server, const TlsFiles& files,
                                                        TlsFile* at_fault);
  Result<void> set_up(const TlsFiles& files, TlsFile& at_fault);
  Result<void> read_certificate(const std::filesystem::path& file);
  Result<void> read_key(const std::filesystem::path& file);
  Result<void> read_ca(const std::filesystem::path& file);

  ssl_ctx_st* context_ = nullptr;
  bool is_server_;
  Named own_, ca_;
  std::string digest_;
};

/// One session over a connected socket, whether that is in blocking mode or not. The handshake
/// checks the peer's chain, name and pin, and fails closed: before it is done nothing is read or
/// written, and after a failure nothing can be.
///
/// Everything from the peer is counted against a deadline, also bytes that carry no data.
/// Thread: one at a time.
class TlsSession {
 public:
  /// @param socket  stays the caller's, who closes it after this object.
  /// @param pin     of the peer, beyond the CA.
  /// @param host    a client says it to a server that has several names; empty: nothing.
  TlsSession(std::shared_ptr<const TlsContext> context, int socket, TlsPin pin,
             const std::string& host = {});
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Step { Done, WantRead, WantWrite };
  /// As far as it comes without waiting. The error is in words: "the peer's certificate …";
  /// Unavailable when it may pass (closed, silent), Denied when a person must change something.
  Result<Step> try_handshake();
  Result<void> handshake(SteadyTime deadline);

  /// At least one byte; 0 when the peer has ended; -1 with errno: EAGAIN when nothing is there
  /// (`try_read`), ETIMEDOUT, EPROTO (then `failure` says why), or the socket's.
  ssize_t try_read(std::span<Byte> into);
  ssize_t read(std::span<Byte> into, SteadyTime deadline);
  /// All parts, one after the other, in one send when the socket takes it. False with errno.
  bool write(std::span<const ByteView> parts, SteadyTime deadline);
  bool write(ByteView bytes, SteadyTime deadline) { return write({&bytes, 1}, deadline); }

  /// Whether a read has bytes that left the socket already.
  bool pending() const;
  /// Waits until a read has something to say: data, the end, or a failure. What carries no data
  /// (the tickets of a server) is taken in and waited past. False at the deadline.
  bool await(SteadyTime deadline);
  /// Tells the peer that nothing more comes, if the socket takes it at once.
  void shutdown();
  /// Whether the peer has ended the session in so many words (close_notify): what it got is whole.
  bool ended_by_peer() const;
  /// A last message and the end of the session, encrypted, for the caller to send as they are.
  Bytes last_words(ByteView message);

  /// After the handshake.
  const TlsIdentity& peer() const { return peer_; }
  const std::vector<std::string>& peer_names() const { return peer_.names; }
  const std::string& peer_fingerprint() const { return peer_.fingerprint; }
  std::string protocol() const;  ///< "TLSv1.3"
  /// Why the session failed, in fixed words of ours that a counter can stand under; empty: it has
  /// not. What the peer chose is only in the text of the handshake's error.
  const std::string& failure() const { return failure_; }

 private:
  friend struct TlsVerification;
  enum class Filled { Some, Nothing, End, Broken };
  Filled fill();
  bool flush();
  bool flush_answers();
  bool flush_until(SteadyTime deadline);
  void failed(const char* during);
  Error handshake_error() const;

  std::shared_ptr<const TlsContext> context_;
  int socket_;
  TlsPin pin_;
  ssl_st* ssl_ = nullptr;
  bio_st *incoming_ = nullptr, *outgoing_ = nullptr;  ///< memory, owned by ssl_
  std::size_t sent_ = 0;                              ///< of what is in outgoing_
  Bytes buffer_, plain_;
  TlsIdentity peer_;
  std::string failure_, names_shown_;
  bool done_ = false;
  bool asked_for_certificate_ = false;
};

}  // namespace dosigate
