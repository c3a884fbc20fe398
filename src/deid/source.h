#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "dosigate/base/result.h"
#include "dosigate/identity/subject.h"
#include "values.h"

namespace dosigate {

/// Everything in a source that names its persons, for the text cleaner and the leak check. Decoded
/// to UTF-8. Never logged.
struct Identifiers {
  std::vector<std::string> patient_names;  ///< PatientName, other and birth names
  std::vector<std::string> other_names;    ///< physicians, operators, reviewers: every other PN
  std::vector<std::string> ids;            ///< patient, accession, admission, order numbers
  std::vector<std::string> dates;          ///< YYYYMMDD: birth and study

  bool operator==(const Identifiers&) const = default;
};

using Uids = std::unordered_set<std::string>;

/// What must not come out. The identifiers are as a rule those of the instance before, the UIDs
/// never.
struct Identifying {
  Identifiers identifiers;
  Uids uids;  ///< that name an instance, those in removed elements too
};

/// The patient as the top level of a data set names it.
/// Uncertain (hold for CharacterSet) when a value that identifies the patient cannot be decoded.
Result<SourceIdentity> source_identity(DcmItem& data_set, std::string_view fallback_charset);

/// At every depth. A name that does not decode gives its ASCII words.
Identifying collect_identifying(DcmItem& data_set, std::string_view fallback_charset);

/// (0008,0005) of an item as one string.
std::string charset_of(DcmItem& item);

}  // namespace dosigate
