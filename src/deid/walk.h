#pragma once

#include "dosigate/base/result.h"
#include "items.h"
#include "rules.h"
#include "uids.h"

namespace dosigate {

/// Applies a profile to a data set at every depth (PS3.15 E.1.1), in place. UN is resolved already.
class Walk {
 public:
  Walk(const Rules& rules, const Subject& subject, UidMapper& uids,
       std::string_view fallback_charset)
      : rules_(rules), subject_(subject), uids_(uids), fallback_(fallback_charset) {}

  Result<void> clean(DcmItem& data_set) { return clean_item(data_set, 0, {}); }

  /// Values in dates, times, ages and numbers that are none, emptied.
  std::size_t dates_emptied() const { return dates_emptied_; }

 private:
  /// What the elements of one item share.
  struct Surroundings {
    unsigned depth = 0;
    std::string charset;
    bool standard_code = false;  ///< the item's coding scheme is a public one
    PrivateCreators creators;
  };
  using Element = std::unique_ptr<DcmElement>;

  Result<void> clean_item(DcmItem& item, unsigned depth, std::string_view charset);
  Result<void> clean_sequence(DcmElement& sequence, const Surroundings& around);
  Result<void> clean_standard(Element& element, const Surroundings& around);
  Result<void> clean_private(Element& element, const Surroundings& around);
  Result<void> apply(Action action, Element& element, const Ruling& ruling,
                     const Surroundings& around);

  void keep(Element& element, const Ruling& ruling, const Surroundings& around);
  void shift(Element& element, DcmEVR vr);
  void map_uid_values(Element& element);
  void replace_by_dummy(Element& element, DcmEVR vr);
  void clean_text(Element& element, const Ruling& ruling, const Surroundings& around);
  void pseudonymise(Element& element, const Surroundings& around);

  const Rules& rules_;
  const Subject& subject_;
  UidMapper& uids_;
  std::string_view fallback_;
  std::size_t dates_emptied_ = 0;
};

}  // namespace dosigate
