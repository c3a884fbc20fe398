#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcvr.h>

#include "dosigate/deid/profile.h"
#include "iod_types.h"
#include "tag_key.h"

namespace dosigate {

/// What one profile says about one standard attribute.
struct Ruling {
  /// One action for each Type, by AttributeType; they differ where Table E.1-1 has a compound code.
  using ByType = std::array<Action, 4>;
  static constexpr ByType always(Action action) { return {action, action, action, action}; }

  ByType action = always(Action::Remove);
  ByType otherwise = always(Action::Empty);  ///< when CleanText leaves nothing
  DcmEVR vr = EVR_UNKNOWN;      ///< of the data dictionary, ambiguous ones resolved to the wider
  bool by_rule = false;         ///< the profile's own rule: final, whatever VR the stream declares
  bool has_conditions = false;  ///< a rule with a path or a SOP class may decide before this one
  std::array<std::uint16_t, 4> source{};  ///< for source_text(), by Type

  std::uint16_t source_for(AttributeType type) const {
    return source[static_cast<std::size_t>(type)];
  }
  Action action_for(AttributeType type) const { return action[static_cast<std::size_t>(type)]; }
  Action otherwise_for(AttributeType type) const {
    return otherwise[static_cast<std::size_t>(type)];
  }
  bool depends_on_type() const {
    return action != always(action[0]) || otherwise != always(otherwise[0]);
  }
  /// Whatever the Type.
  bool is(Action wanted) const { return action == always(wanted); }
};

/// What one profile says about one private element that stays in some form.
struct PrivateRuling {
  Action action = Action::Remove;
  Action otherwise = Action::Empty;
  DcmEVR vr = EVR_UNKNOWN;  ///< EVR_UNKNOWN where the list gives none
  bool by_rule = false;
  std::uint16_t source = 0;
};

/// Where an element stands, for rules that ask for it.
struct Standing {
  std::string_view sop_class;             ///< UID
  std::span<const std::uint32_t> inside;  ///< sequences around it, outermost first
};

/// One profile compiled into a decision for every attribute that the data dictionary knows:
/// computed once, then one hash look-up an element. Throws std::runtime_error when the data
/// dictionary is not loaded or an embedded table is broken.
class Rules {
 public:
  explicit Rules(Profile profile);

  /// What counts wherever the attribute stands. nullptr: one that nobody knows; it is removed.
  const Ruling* find(std::uint32_t tag) const;
  /// The same at one place of a data set.
  const Ruling* find(std::uint32_t tag, const Standing& standing) const;
  /// nullopt: not listed, removed.
  std::optional<PrivateRuling> find_private(std::string_view creator, std::uint16_t group,
                                            std::uint8_t element, const Standing& standing) const;
  /// As what a private element is read; EVR_UNKNOWN when neither profile nor lists say it.
  DcmEVR private_vr(std::string_view creator, std::uint16_t group, std::uint8_t element) const;
  /// What an attribute that neither profile nor table names gets, by its VR.
  Action by_vr(DcmEVR vr) const;

  /// What decided, for `explain`: "profile dosimetry line 57", "PS3.15 Table E.1-1: X/Z/D, Type 2",
  /// ...
  const std::string& source_text(std::uint16_t source) const { return sources_[source]; }

  const Profile& profile() const { return profile_; }
  const Options& options() const { return profile_.options(); }
  bool shifts_dates() const { return options().retain_long_modified_dates; }

 private:
  std::uint16_t source(std::string text);
  void add_dictionary();
  void add_table();
  void add_dates_that_others_know();
  void add_own_rules();

  struct Conditional {
    std::size_t rule;  ///< index into the profile's rules
    Ruling ruling;
  };
  Profile profile_;
  std::unordered_map<std::uint32_t, Ruling> rulings_;
  std::unordered_map<std::uint32_t, std::vector<Conditional>>
      conditional_;                                                   ///< in the file's order
  std::vector<std::pair<std::size_t, std::uint16_t>> private_rules_;  ///< rule, source
  std::uint16_t safe_private_source_ = 0;
  std::vector<std::string> sources_;
};

}  // namespace dosigate
