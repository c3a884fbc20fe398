#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/forward/forwarder.h"
#include "dosigate/net/association_request.h"

#include <dcmtk/dcmnet/assoc.h>

#include "dialogue.h"
#include "throttle.h"

namespace dosigate {

struct DropNetwork {
  void operator()(T_ASC_Network* network) const noexcept { ASC_dropNetwork(&network); }
};
/// What DCMTK needs for requesting associations over our own transport connection. Made before the
/// first thread that uses it; empty where nothing is requested. Thread: one.
struct Requestor {
  std::unique_ptr<T_ASC_Network, DropNetwork> network;
  TransportLayer* layer = nullptr;  ///< the network's
};
Requestor make_requestor(const Destination& peer);

inline constexpr long kOurMaxPdu = 16'384;  ///< only responses come this way

/// The limit that PDUs with data wait for, and what ends the waiting.
struct Pace {
  Throttle& throttle;
  const std::stop_token& stop;
};

struct ProposedContext {
  std::string sop_class_uid;
  std::vector<std::string> transfer_syntaxes;
};

/// One association with a peer, requested by us (PS3.8 7.1). Thread: one.
///
/// Faults: Denied when the peer says no for good (a person must change something there or here),
/// Unavailable for everything that may pass.
class Peer {
 public:
  /// At most 128 contexts. `detail` of an error says what to do.
  static Result<std::unique_ptr<Peer>> open(const Destination& to, Requestor& requestor,
                                            const std::vector<ProposedContext>& contexts);
  /// Aborts what was not released.
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  struct Accepted {
    std::uint8_t id;
    std::string sop_class_uid, transfer_syntax_uid;
  };
  const std::vector<Accepted>& accepted() const { return accepted_; }
  /// nullptr when that class was not accepted in exactly that syntax.
  const Accepted* find(std::string_view sop_class_uid, std::string_view transfer_syntax_uid) const;
  /// One in which pixel data are not compressed, explicit VR first.
  const Accepted* find_native(std::string_view sop_class_uid) const;
  bool was_proposed(std::string_view sop_class_uid, std::string_view transfer_syntax_uid) const;

  /// False after a fault of `store` or `echo`: nothing more can be sent, destroy it.
  bool usable() const { return association_ != nullptr && !dialogue_->ended(); }
  /// The peer closed or released while nothing was going on: not a failure, open another one.
  bool is_stale() { return dialogue_->waiting(); }

  struct Answer {
    std::uint16_t status;
    std::string comment;  ///< the peer's ErrorComment
  };
  using Sink = std::function<bool(ByteView)>;
  using Source = std::function<Result<void>(const Sink&)>;
  /// C-STORE. `source` gives the data set to the sink, which fills PDUs of the peer's size: nothing
  /// is held twice, nothing is parsed. A fault of the source is returned as it is, and the
  /// association is aborted, so that the peer keeps nothing.
  /// @param pace  the limit of the link, taken per PDU; nullptr: none.
  Result<Answer> store(const Accepted& context, const std::string& sop_instance_uid,
                       const Source& source, const Pace* pace = nullptr);
  /// C-ECHO.
  Result<Answer> echo();

  /// Other messages over the same association.
  Dialogue& dialogue() { return *dialogue_; }

  void release();

 private:
  Peer(Destination to, T_ASC_Association* association);
  Result<void> send_data(std::uint8_t context, const Source& source, const Pace* pace);
  Result<Answer> receive_answer(std::uint16_t message_id, std::uint16_t response,
                                const char* during);
  void close(bool orderly);

  Destination to_;
  T_ASC_Association* association_;
  std::unique_ptr<Dialogue> dialogue_;
  std::vector<ProposedContext> proposed_;
  std::vector<Accepted> accepted_;
};

}  // namespace dosigate
