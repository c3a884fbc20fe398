#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dosigate/deid/profile.h"
#include "dosigate/deid/trace.h"
#include "dosigate/dicom/instance.h"
#include "values.h"

namespace dosigate {

/// Writes the line of one element while it is judged; costs nothing without a trace.
class Tracer {
 public:
  struct Where {
    std::span<const std::uint32_t> path;  ///< sequences around, outermost first
    std::span<const std::size_t> item_numbers;
    std::string_view creator;
  };
  /// Takes the value as it is now. The line stands before those of the elements inside.
  Tracer(Trace* trace, DcmElement& element, const Where& where);
  /// @param after  nullptr when the element went.
  void finish(Action action, std::string_view source, DcmElement* after);

 private:
  Trace* trace_;
  std::size_t line_ = 0;
  std::string before_;  ///< all of it, where the line holds the beginning
  bool was_sequence_ = false;
};

/// One content item that goes with all below it.
void trace_removed_content(Trace& trace, DcmSequenceOfItems& sequence, std::string_view source);
/// What the marking adds or replaces (PS3.15 E.1.1).
void trace_added(Trace& trace, DcmItem& data_set, const DcmTagKey& tag);

/// The value that passed as it came; its line goes where its tag is.
void trace_pixels(Trace& trace, const PassedPixels& pixels);

}  // namespace dosigate
