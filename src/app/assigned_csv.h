#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/result.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {

/// Pseudonyms and whose they are as CSV (RFC 4180, UTF-8): the header
/// `site,patient_id,issuer,pseudonym,offset_days`, in any order of columns, of which `issuer` and
/// `offset_days` may be missing; then a row for each PatientID. The same form for import and
/// export.
std::string assigned_header();
std::string assigned_row(const PseudonymMap::Assigned& assigned);

/// All rows, in order. Invalid with the numbers of up to ten wrong rows and why, never a value of
/// the file; row 1 is the first after the header, as for PseudonymMap::import_assigned.
Result<std::vector<PseudonymMap::Assigned>> read_assigned(std::string_view csv);

}  // namespace dosigate
