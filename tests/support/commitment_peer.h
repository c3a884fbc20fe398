#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"
#include "support/raw_scu.h"

namespace dosigate::testing {

inline constexpr const char* kCommitmentClass = "1.2.840.10008.1.20.1";
inline constexpr const char* kCommitmentInstance = "1.2.840.10008.1.20.1.1";
inline constexpr const char* kFindClass = "1.2.840.10008.5.1.4.1.2.2.1";

/// An A-ASSOCIATE-RQ with one SCP/SCU role selection.
Bytes request_with_role(const std::string& called, const std::string& calling,
                        const std::vector<RawScu::Context>& contexts, const std::string& sop_class,
                        bool scu, bool scp);
/// A command set of numbers and UIDs by element of group 0000.
Bytes command_set(const std::map<std::uint16_t, std::uint16_t>& numbers,
                  const std::map<std::uint16_t, std::string>& uids);
/// N-EVENT-REPORT-RQ of storage commitment.
Bytes event_report(std::uint16_t event_type, bool with_data_set = true,
                   const std::string& sop_instance = kCommitmentInstance);
/// Its data set, Explicit VR Little Endian. @param failed  with the failure reason.
Bytes report_data(const std::string& transaction_uid, const std::vector<std::string>& committed,
                  const std::map<std::string, std::uint16_t>& failed = {});
/// A match of C-FIND, Explicit VR Little Endian; empty UIDs are left out.
Bytes match_data(const std::string& study, const std::string& series, const std::string& sop);
/// A whole message in PDUs of one PDV.
std::vector<Bytes> message(std::uint8_t context, ByteView command, ByteView data_set = {});

/// A scripted SCP on a free port of 127.0.0.1, one association after the other: accepts what it is
/// told to in the first transfer syntax, and answers each message with what the script says. It
/// speaks the wire itself.
class ScriptedScp {
 public:
  struct Message {
    std::uint8_t context = 0;
    std::map<std::uint16_t, Bytes> command;
    Bytes data_set;
    std::uint16_t number(std::uint16_t element) const;
    /// Values of an element with VR UI anywhere in the data set, in order.
    std::vector<std::string> uids(std::uint16_t group, std::uint16_t element) const;
    std::string transaction() const;
    /// Of the Referenced SOP Sequence.
    std::vector<std::string> instances() const;
  };
  /// PDUs to send; an empty one closes the connection.
  using Script = std::function<std::vector<Bytes>(const Message&)>;

  ScriptedScp(std::set<std::string> accepted_classes, Script script);
  ~ScriptedScp() = default;
  ScriptedScp(const ScriptedScp&) = delete;
  ScriptedScp& operator=(const ScriptedScp&) = delete;

  std::uint16_t port() const { return port_; }
  /// Messages of that command field so far.
  std::vector<Message> seen(std::uint16_t field) const;

 private:
  void run(const std::stop_token& stop);
  void serve(const std::stop_token& stop, int socket);

  std::set<std::string> classes_;
  Script script_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Message> seen_;
  std::jthread thread_;
};

/// Answers that scripts give.
std::vector<Bytes> action_response(const ScriptedScp::Message& request, std::uint16_t status);
std::vector<Bytes> find_response(const ScriptedScp::Message& request, std::uint16_t status,
                                 ByteView data_set = {});
std::vector<Bytes> operator+(std::vector<Bytes> first, const std::vector<Bytes>& then);

}  // namespace dosigate::testing
