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

/// All rows, in order; element 0 stands in row 2 of the file. Invalid with the numbers of up to ten
/// wrong rows (the header is row 1) and why; never a value of the file.
Result<std::vector<PseudonymMap::Assigned>> read_assigned(std::string_view csv);

}  // namespace dosigate
