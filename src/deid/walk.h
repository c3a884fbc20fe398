#pragma once

#include <set>
#include <string>
#include <vector>

#include "content.h"
#include "dosigate/base/result.h"
#include "dosigate/deid/trace.h"
#include "items.h"
#include "rules.h"
#include "text_cleaner.h"
#include "uids.h"

namespace dosigate {

/// What every element of one instance shares while it is cleaned.
struct WalkContext {
  const Rules& rules;
  const Subject& subject;
  UidMapper& uids;
  const TextCleaner& cleaner;
  std::string_view sop_class;  ///< UID
  /// Eight digits: moved, it would give the offset to whoever knows it. Empty: none is known, or
  /// the study is of that day and has to move.
  std::string_view birth_date;
  bool positions_matter = false;  ///< of content items: has_references_by_position()
  Trace* trace = nullptr;
};

/// What became of an instance besides its values.
struct WalkCounts {
  std::size_t dates_emptied = 0;  ///< values in dates, times, ages and numbers that are none
  std::size_t type_blind = 0;     ///< compound codes decided without the attribute's Type
  std::set<std::string, std::less<>> removed_creators;
};

/// Applies a profile to a data set at every depth (PS3.15 E.1.1), in place. UN is resolved already,
/// content items that may not stay are gone (prune_content).
class Walk {
 public:
  explicit Walk(const WalkContext& context) : context_(context) {}

  Result<void> clean(DcmItem& data_set);
  const WalkCounts& counts() const { return counts_; }

 private:
  using Element = std::unique_ptr<DcmElement>;
  /// What the elements of one item share.
  struct Surroundings {
    std::string charset;
    bool standard_code = false;              ///< the item's coding scheme is a public one
    const TypeLevel* types = nullptr;        ///< nullptr: Types are not known here
    const ContentRuling* content = nullptr;  ///< the item is a content item
    const Elements* siblings = nullptr;
    PrivateCreators creators;
  };
  /// What is to happen to one element, and who says so.
  struct Decision {
    Action action = Action::Remove;
    Action otherwise = Action::Empty;  ///< when CleanText leaves nothing
    DcmEVR vr = EVR_UNKNOWN;           ///< that it should have
    bool by_rule = false;
    std::string_view source;
    bool names_equipment = false;  ///< a UID that is the same for every patient of the site
    bool names_subject = false;    ///< the label is the patient's pseudonym
  };

  Result<void> clean_item(DcmItem& item, Surroundings around);
  Result<void> clean_sequence(DcmElement& sequence, const Surroundings& around);
  Result<void> judge(Element& element, const Surroundings& around);
  Decision decide_standard(DcmElement& element, const Surroundings& around);
  Decision decide_content(const Ruling& ruling, std::uint32_t tag,
                          const ContentRuling& content) const;
  Decision decide_private(DcmElement& element, std::string_view creator) const;
  Result<void> apply(const Decision& decision, Element& element, const Surroundings& around);

  // walk_actions.cpp
  void keep(Element& element, const Decision& decision, const Surroundings& around);
  void keep_private(Element& element, const Decision& decision);
  void shift(Element& element, DcmEVR vr);
  void map_uid_values(Element& element, bool equipment);
  void replace_by_dummy(Element& element, DcmEVR vr);
  void clean_text(Element& element, const Decision& decision, const Surroundings& around);
  void pseudonymise(Element& element, bool names_subject);

  Standing standing() const { return {context_.sop_class, path_}; }
  unsigned depth() const { return static_cast<unsigned>(path_.size()); }

  WalkContext context_;
  WalkCounts counts_;
  std::vector<std::uint32_t> path_;        ///< tags of the sequences around
  std::vector<std::size_t> item_numbers_;  ///< of the items in them, for the trace
};

/// Removes the content items that may not stay (PS3.15 E.3.4), before anything is proved of the
/// rest: places of items count in the proof.
void prune_content(DcmItem& data_set, const Options& options, bool positions_matter, Trace* trace);

}  // namespace dosigate
