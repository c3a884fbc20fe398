#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "support/raw_scu.h"
#include "unit/dicom/builder.h"

namespace dosigate::testing {

/// How the node answered a peer.
struct Answer {
  enum class Kind { Accept, Reject, Abort, Status, Release, Close, Silence, Other };
  Kind kind;
  unsigned first = 0;   ///< result of a reject, source of an abort, DIMSE status
  unsigned second = 0;  ///< source of a reject, reason of an abort
  unsigned third = 0;   ///< reason of a reject
  bool operator==(const Answer&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Answer& answer);

inline Answer accepted() { return {Answer::Kind::Accept}; }
inline Answer rejected(unsigned result, unsigned source, unsigned reason) {
  return {Answer::Kind::Reject, result, source, reason};
}
/// By the provider: 1 unrecognised PDU, 2 unexpected PDU, 6 invalid parameter (PS3.8 Table 9-26).
inline Answer aborted(unsigned reason) { return {Answer::Kind::Abort, 2, reason}; }
inline Answer status(unsigned value) { return {Answer::Kind::Status, value}; }
inline Answer released() { return {Answer::Kind::Release}; }
inline Answer closed() { return {Answer::Kind::Close}; }

/// A peer of the node under attack.
class Attack {
 public:
  explicit Attack(std::uint16_t port) : port_(port) {}
  std::uint16_t port() const { return port_; }

  /// The first bytes of a connection, and what comes back.
  Answer first(ByteView bytes) const;
  /// The same on an association with all of kContexts.
  Answer then(ByteView bytes) const;
  /// A C-STORE in one go.
  Answer store(Byte context, ByteView command, ByteView data_set) const;
  RawScu open() const;
  /// The next PDU as an answer. After an abort, a reject or a release the node must close at once:
  /// Silence when it does not.
  static Answer next(RawScu& scu);

 private:
  std::uint16_t port_;
};

/// One decision of one of our readers, or of the state machine.
struct HostileCase {
  const char* name;
  const char* section;  ///< of the standard that the peer breaks, or that says what to answer
  Answer expected;
  const char*
      why;  ///< what our reader says of it, part of the sentence; empty when it says nothing
  std::function<Answer(const Attack&)> play;
  Bytes request{};  ///< of which read_association_request says `why`
  Bytes command{};  ///< of which read_command says `why`
};

/// What a failed test shows beside the name.
std::ostream& operator<<(std::ostream& out, const HostileCase& hostile);

/// The tables, one for each layer. Of a data set, `why` stands in the log.
std::vector<HostileCase> hostile_requests();
std::vector<HostileCase> hostile_user_items();
std::vector<HostileCase> hostile_pdus();
std::vector<HostileCase> hostile_commands();
std::vector<HostileCase> hostile_identities();
std::vector<HostileCase> hostile_data_sets();
std::vector<HostileCase> hostile_encodings();
std::vector<HostileCase> hostile_amounts();

// What the cases are made of.

inline constexpr const char* kVerificationClass = "1.2.840.10008.1.1";
inline constexpr const char* kCtClass = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr const char* kImplicitSyntax = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitSyntax = "1.2.840.10008.1.2.1";
/// Presentation contexts of `Attack::open`.
inline constexpr Byte kExplicitContext = 1, kEchoContext = 3, kImplicitContext = 5, kBigContext = 7,
                      kDeflatedContext = 9, kRefusedContext = 11, kJpegContext = 13;
const std::vector<RawScu::Context>& attack_contexts();

/// Largest instance that the node under attack takes, in MiB.
inline constexpr std::size_t kLargestMib = 20;

inline constexpr const char* kHonestInstance = "1.2.826.0.1.3680043.2.1143.77.1";

/// A CT image that the node takes, to be spoilt. Elements stand in their order whatever is put.
class Spoilt {
 public:
  explicit Spoilt(Encoding encoding = Encoding::ExplicitLittle,
                  const std::string& sop_instance = kHonestInstance);
  /// Replaces the element, or comes where its tag belongs.
  Spoilt&& put(std::uint32_t tag, const Wire& element) &&;
  Spoilt&& drop(std::uint32_t tag) &&;
  /// Comes after everything else.
  Spoilt&& end(const Wire& bytes) &&;
  Bytes bytes() const;

 private:
  std::map<std::uint32_t, Bytes> elements_;
  Bytes end_;
};

/// Sequences in each other, each of one item.
Wire nested(Encoding encoding, std::uint32_t tag, unsigned depth, bool undefined);

/// One element of a command set; `value` as it is.
Bytes command_element(std::uint16_t number, ByteView value);
Bytes u16(std::uint16_t value);

}  // namespace dosigate::testing
