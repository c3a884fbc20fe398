#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "dosigate/deid/element_budget.h"
#include "dosigate/deid/pixel_stream.h"
#include "dosigate/deid/profile.h"
#include "dosigate/deid/trace.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {

/// Why an instance waits for a person. The text form (hold_reason_text) is what an operator reads
/// and a drop rule names; it is written into ledger and quarantine.
enum class HoldReason {
  UnknownSopClass,  ///< private or not in our table
  TransferSyntax,   ///< unknown, or pixel data elsewhere (JPIP)
  SecondaryCapture,
  BurnedIn,  ///< (0028,0301) YES
  Ultrasound,
  Recording,         ///< a photograph, a video or sound can show or name a person
  StructuredReport,  ///< and the profile does not clean structured content
  EncapsulatedDocument,
  PatientInDoubt,  ///< PseudonymMap::resolve said Uncertain
  CharacterSet,    ///< text that cannot be decoded cannot be checked
  Leak,            ///< the leak check found a value of this patient in the output
  Proof,           ///< an interval, a SUV input, a vector or a pixel byte would have changed
  Revision,        ///< same instance, other pixels or other dosimetry inputs
  NewDevice,       ///< a camera or software never seen before, on a route that holds such
};
std::string_view hold_reason_text(HoldReason reason);
std::optional<HoldReason> parse_hold_reason(std::string_view text);

/// What a person decided about a held instance. Only reasons that a look at the pixels can answer
/// may be accepted (SecondaryCapture, BurnedIn, Ultrasound,
/// Recording); the leak check can never be waived.
struct Decision {
  std::set<HoldReason> accepted;
  /// Above 0: it goes out as this revision of the instance, under a SOP Instance UID and Series
  /// Instance UID of its own (map_revised_uid), so that no series holds two versions of one image,
  /// and names the version before where its IOD has a place for it.
  std::uint32_t revision = 0;
};

/// A rejection note (PS3.16 TID 2010; titles of IHE RAD IOCM) among what was received.
struct Rejection {
  std::string code{};  ///< "113001", "113037", "113038" or "113039" (DCM)
  /// What it names, as it went out; each study and object once.
  struct Study {
    std::string study_uid;
    std::vector<std::string> sop_uids;
  };
  std::vector<Study> studies{};
};
/// "Rejected for Quality Reasons", ...; empty for a code that is no title of a rejection note.
std::string_view rejection_meaning(std::string_view code);

struct Cleaned {
  CleanInstance instance;
  PairBatch memory;               ///< fingerprint and UID pairs, for the map
  std::size_t dates_emptied = 0;  ///< dates ("00000000", a range), times, ages and numbers that are
                                  ///< none, emptied
  std::size_t type_blind = 0;     ///< compound codes decided without knowing the attribute's Type
  std::vector<std::string> removed_creators;  ///< private creators of which an element was removed,
                                              ///< each once; text from the wire: sealed or counted,
                                              ///< never logged
  std::int64_t device = 0;                    ///< Subject::device: of whom the creators are counted
  std::optional<Rejection> rejection{};       ///< when the instance is a rejection note
};
struct Held {
  HoldReason reason;
  std::string detail;       ///< tags and kinds, never a value
  std::string pseudonym{};  ///< of the patient, when it was known by then
};
struct Dropped {
  std::string rule;
};
struct Refused {
  Fault fault;
  std::string detail;
};
using Verdict = std::variant<Cleaned, Held, Dropped, Refused>;

/// De-identifies one instance after PS3.15 Table E.1-1 and a profile, in memory. The value of the
/// pixel data is never changed, nor parsed with the rest.
///
/// Order: structure (walker) and identity of the data set (SOP class and instance UID = command =
/// context), drop rules, holds by class and pixels, patient (map), actions by tag at every depth,
/// marking, proof, leak check, encoding. Thread: const and re-entrant; one Deidentifier per route,
/// shared by all associations.
class Deidentifier {
 public:
  struct Settings {
    Profile profile;
    SitePolicy site;
    std::vector<DropRule> drop;
    std::string default_charset;  ///< for an absent (0008,0005): "" = ASCII only, "ISO_IR 100", ...
    std::size_t max_inflated = 512U << 20U;
    std::shared_ptr<ElementBudget> elements{};    ///< shared by all engines of a node
    NewDevices new_devices = NewDevices::Accept;  ///< Hold: HoldReason::NewDevice
  };
  Deidentifier(Settings settings, PseudonymMap& map);
  ~Deidentifier();

  /// Never throws for anything that came off the wire; std::bad_alloc and std::system_error mean a
  /// broken machine.
  /// @param trace   when given, a line for every element that was judged, in order.
  /// @param pixels  through which the value of the pixel data has passed, when it is not in
  ///                `received`; the output then has no body (CleanInstance::body).
  /// @return what must not outlive `received`.
  Verdict clean(const ReceivedInstance& received, const Decision& decision = {},
                Trace* trace = nullptr, PixelStream* pixels = nullptr) const;
  /// The same; what comes out keeps of `received` what it shows.
  Verdict clean(ReceivedInstance&& received, const Decision& decision = {}, Trace* trace = nullptr,
                PixelStream* pixels = nullptr) const;

  /// Whom an original names, as `clean` reads it, judged by nothing. An error says why it cannot be
  /// read: structure, transfer syntax, character set.
  Result<SourceIdentity> identity_of(const ReceivedInstance& received) const;

  /// What a rejection note of our own says, all UIDs and names pseudonymous.
  struct Note {
    std::string pseudonym, study_uid;
    std::string code;                 ///< rejection_meaning(code) is not empty
    std::vector<SentObject> objects;  ///< at least one
  };
  /// A Key Object Selection document (PS3.3 A.35.4, PS3.16 TID 2010) that rejects them, with UIDs
  /// of its own, in Explicit VR Little Endian. Holds nothing that is not in `note`, and no date.
  /// Throws std::invalid_argument when the note is empty or its code is none.
  static CleanInstance make_rejection_note(const Note& note);

  /// As it was given: name, version and digest go into the audit.
  const Profile& profile() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
