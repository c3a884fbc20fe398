#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/phi.h"
#include "dosigate/base/result.h"
#include "dosigate/base/secret.h"

namespace dosigate {

/// How a PatientID is made comparable before it becomes a key. Control characters and spaces at
/// both ends always go; then upper case, then punctuation, then zeros ("0-0123" = "123").
struct IdNormalisation {
  bool upper = false;  ///< "ab12" = "AB12"; ASCII letters only, so that it never depends on a
                       ///< Unicode version
  bool strip_leading_zeros = false;  ///< "00012345" = "12345" (dosimetry.md A3-12)
  bool strip_punctuation = false;    ///< "12.345-6" = "123456"

  /// "trim", "trim+upper+zeros+punctuation" ...: stored with the site, fixed with its first
  /// patient.
  std::string text() const;
  /// The other way round; Fault::Invalid for any other text.
  static Result<IdNormalisation> parse(std::string_view text);
};

/// What the map has to know of one `[[site]]`.
struct SitePolicy {
  std::string code;                  ///< 1 to 4 characters A-Z 0-9, in every pseudonym
  std::vector<std::string> issuers;  ///< equivalent to an absent IssuerOfPatientID
  IdNormalisation normalisation;
};

/// Who an instance says it belongs to, from the top level of the data set, decoded to UTF-8.
struct SourceIdentity {
  Phi patient_id;
  Phi issuer;
  Phi name;        ///< PN as received, component groups and all
  Phi birth_date;  ///< DA
  Phi sex;
  std::vector<Phi> other_ids;  ///< OtherPatientIDs and OtherPatientIDsSequence

  Phi study_uid;       ///< StudyInstanceUID as received, trimmed: an opaque key of 1 to 64 bytes
  Bytes study_source;  ///< packed study-level originals, kept sealed for the way back

  Phi manufacturer, model, serial_number, station_name;  ///< a camera; all empty = none named
  std::string software_versions;
  Phi last_calibration;  ///< DA, true date, or empty
};

/// What de-identification needs of one patient and study. Made by PseudonymMap only; durable in map
/// and journal before anyone sees it.
struct Subject {
  std::int64_t patient = 0;  ///< map.db row
  std::int64_t study = 0;    ///< map.db row
  std::string pseudonym;     ///< PatientID and PatientName at the archive: DSG-<site>-XXXX-XXXX-XXX
  std::chrono::days offset{0};  ///< negative, never 0, the same for every instance of the patient
  std::string study_uid;        ///< pseudonymous
  std::uint32_t uid_revision = 0;  ///< for map_uid of the UIDs of this study; 0 until a study was
                                   ///< taken from a patient and given back
  std::int64_t device = 0;         ///< map.db row; 0 when the instance names no device
  std::string device_label;        ///< CAM-nn; empty when the instance names no device
  std::uint32_t device_epoch = 0;  ///< 1, 2, ... of the device: another software version or date of
                                   ///< last calibration; 0 when the instance names no device
  bool device_accepted = true;  ///< false: a new camera or software that nobody has accepted yet;
                                ///< see NewDevices
  std::shared_ptr<const Secret> salt;       ///< of the patient
  std::shared_ptr<const Secret> site_salt;  ///< for UIDs of devices, which outlive patients
};

/// Pseudonymous UID: "2.25." and the decimal form of a UUID version 8 (RFC 9562) whose 122 free
/// bits are the first ones of keyed_hash(salt, "uid", {revision as 4 bytes little-endian,
/// original}).
///
/// @param original  1 to 64 bytes, an opaque key after trimming trailing NUL and spaces: leading
/// zeros and
///                  letters (old cameras) stay. Empty gives empty.
/// @return          a valid UID of at most 44 characters, the same for ever.
/// Thread: any.
std::string map_uid(const Secret& salt, std::uint32_t revision, std::string_view original);
/// The SOP Instance UID or Series Instance UID of a revision of an instance (the corrected weight):
/// like map_uid of it, under the label "uid-revision" and the number of the revision.
/// @param instance_revision  1, 2, ...; 0 gives map_uid(salt, study_revision, original).
std::string map_revised_uid(const Secret& salt, std::uint32_t study_revision,
                            std::uint32_t instance_revision, std::string_view original);
/// The 16 bytes of the UUID in a UID made by map_uid, for compact rows. Throws
/// std::invalid_argument for any other UID.
std::array<Byte, 16> uuid_of(std::string_view mapped_uid);
/// The other way round. Of 16 bytes that are no UUID version 8 the six bits that say so are set.
std::string uid_of(std::array<Byte, 16> uuid);
/// A random UID of the same form, for an object that nobody sent.
std::string fresh_uid();

/// A short non-empty label that depends on the patient's salt: StudyID and the like (10 base-32
/// characters).
std::string map_label(const Secret& salt, std::string_view kind, std::string_view original);

/// Says whether a later instance with the same UID is the same or a revision: 34 bytes,
/// version u8 = 1 | pixel form u8 (0 none, 1 native little-endian, 2 encapsulated) | 16 bytes of
/// the pixel data | 16 bytes of the inputs of dosimetry. Made of the source, under the patient's
/// salt; not of PACS-coerced text nor of our output.
using Fingerprint = std::array<Byte, 34>;

/// One pair to be remembered for the way back.
struct UidPair {
  Phi original;
  std::string mapped;
};

/// What one instance leaves in the map after its acknowledgement.
struct PairBatch {
  std::int64_t study = 0;
  std::string sop_uid;  ///< pseudonymous, as first sent: the same for every revision
  Fingerprint fingerprint{};
  std::vector<UidPair> pairs;
  std::uint32_t revision = 0;  ///< of the instance; 0 as first sent
  std::string sent_uid{};      ///< the SOP Instance UID it went out under; empty: sop_uid
  std::string series_uid{};    ///< as it went out; empty under Retain UIDs: the map has no original
  std::string sop_class_uid{};
};

/// One version of an instance that was sent on.
struct KnownInstance {
  std::uint32_t revision = 0;
  Fingerprint fingerprint{};
};

/// An object at the destinations, all UIDs as they went out: what a rejection note names.
struct SentObject {
  std::string sop_class_uid, series_uid, sop_uid;
  std::uint32_t revision = 0;
  std::string first_uid{};  ///< the UID of revision 0
};

}  // namespace dosigate
