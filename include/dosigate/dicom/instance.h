#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dosigate/base/bytes.h"
#include "dosigate/base/phi.h"
#include "dosigate/base/tls_identity.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {

/// Where an instance came from. Nothing here identifies a patient.
struct Origin {
  std::string called_ae;
  std::string calling_ae;
  std::string address;  ///< numeric, without port
  std::string route;    ///< name of the route that admitted it
  /// Who the peer proved to be; nothing over a plain connection, nor of a held original.
  std::optional<TlsIdentity> certificate{};
};

/// The value of the pixel data of a data set in whose bytes it is not.
struct PassedPixels {
  PixelElement element;
  std::size_t at = 0;        ///< where it belongs in the bytes
  std::uint64_t length = 0;  ///< of it, bytes
  std::size_t elements = 0;  ///< of the whole, its items included
};

/// One instance as it arrived, before anyone has judged it. Identified: never leaves receive, deid,
/// quarantine and app.
struct ReceivedInstance {
  Origin origin;
  std::string sop_class_uid;        ///< of the C-STORE command, trimmed
  Phi sop_instance_uid;             ///< of the C-STORE command, trimmed
  std::string transfer_syntax_uid;  ///< of the presentation context
  /// The bytes of the PDVs, in that transfer syntax, no meta header: all of them, or all but the
  /// value of the pixel data.
  Bytes data_set;
  std::optional<PassedPixels> passed{};  ///< that value, when it is elsewhere
};

/// One de-identified instance, complete and checked. Only Deidentifier can make one, and the spool
/// takes nothing else: no code path reaches a destination without it (PS3.15 E.1).
class CleanInstance {
 public:
  const std::string& sop_class_uid() const { return sop_class_uid_; }
  const std::string& sop_instance_uid() const { return sop_instance_uid_; }
  const std::string& study_instance_uid() const { return study_instance_uid_; }
  const std::string& transfer_syntax_uid() const { return transfer_syntax_uid_; }
  const std::string& pseudonym() const { return pseudonym_; }
  /// The data set in its transfer syntax is header + body + trailer: up to the value of the pixel
  /// data, that value, and what follows it. Body and trailer may be empty.
  ByteView header() const { return header_; }
  /// May stand in the instance as it was received: valid while that is there, unless it was given
  /// to Deidentifier::clean to be kept.
  ByteView body() const { return body_; }
  /// Bytes of the body that stand before it somewhere else: they passed before the instance was
  /// complete. `body` is then the byte that makes their number even, or empty.
  std::uint64_t passed_length() const { return passed_length_; }
  ByteView trailer() const { return trailer_; }
  /// What dosimetry wants to know of this instance, made of the cleaned data set: dates are moved,
  /// labels are ours. One line of JSON that is equal for all slices of a series, and for an
  /// emission image a second line, when it was acquired (deid/dosimetry_facts.h).
  const std::string& facts() const { return facts_; }

 private:
  friend class Deidentifier;
  CleanInstance() = default;
  std::string sop_class_uid_, sop_instance_uid_, study_instance_uid_, transfer_syntax_uid_,
      pseudonym_, facts_;
  Bytes header_, trailer_;
  ByteView body_;
  std::shared_ptr<const void> owner_;  ///< of what `body_` shows, when nobody else has it
  std::uint64_t passed_length_ = 0;
};

}  // namespace dosigate
