#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

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
};
std::string_view hold_reason_text(HoldReason reason);
std::optional<HoldReason> parse_hold_reason(std::string_view text);

/// What a person decided about a held instance. Only reasons that a look at the pixels can answer
/// may be accepted (SecondaryCapture, BurnedIn, Ultrasound,
/// Recording); the leak check can never be waived.
struct Decision {
  std::set<HoldReason> accepted;
};

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
};
struct Held {
  HoldReason reason;
  std::string detail;  ///< tags and kinds, never a value
};
struct Dropped {
  std::string rule;
};
struct Refused {
  Fault fault;
  std::string detail;
};
using Verdict = std::variant<Cleaned, Held, Dropped, Refused>;

/// De-identifies one instance after PS3.15 Table E.1-1 and a profile, in memory.
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
  };
  Deidentifier(Settings settings, PseudonymMap& map);
  ~Deidentifier();

  /// Never throws for anything that came off the wire; std::bad_alloc and std::system_error mean a
  /// broken machine.
  /// @param trace  when given, a line for every element that was judged, in order.
  Verdict clean(const ReceivedInstance& received, const Decision& decision = {},
                Trace* trace = nullptr) const;

  /// As it was given: name, version and digest go into the audit.
  const Profile& profile() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
