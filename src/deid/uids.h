#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dosigate/identity/subject.h"

namespace dosigate {

/// Maps the UIDs of one instance and remembers the pairs, each original once. Patient UIDs under
/// the patient's salt and the study's revision, device UIDs under the site's. Thread: one; made per
/// instance.
class UidMapper {
 public:
  /// @param retain  leave every UID as it is (PS3.15 E.3.9, Retain UIDs): nothing is a pair then.
  explicit UidMapper(const Subject& subject, bool retain = false)
      : subject_(subject), retain_(retain) {}

  /// Gives one UID another than the one computed: the instance is a revision. Before any is mapped.
  void go_out_as(std::string_view original, std::string mapped);
  /// A pair for the way back that no element of the walk gave.
  void remember(std::string_view original, std::string mapped);

  /// One value, trimmed. Empty stays empty; one longer than 64 bytes names nothing that DICOM could
  /// refer to, and gives empty.
  const std::string& map_instance(std::string_view original);
  const std::string& map_device(std::string_view original);
  /// For an element: values between backslashes, each mapped unless it is well-known.
  std::string map_values(std::string_view values, bool device);

  /// Every UID that was mapped, for the leak check.
  bool is_original(std::string_view uid) const;
  /// Pairs under the patient's salt, for the way back.
  std::vector<UidPair> pairs() const;

 private:
  using Known = std::unordered_map<std::string, std::string>;
  const Subject& subject_;
  bool retain_;
  Known instances_, devices_;
  std::vector<const Known::value_type*> order_;
  std::vector<std::pair<std::string, std::string>> further_;
};

}  // namespace dosigate
