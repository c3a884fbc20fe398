#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dosigate/identity/subject.h"

namespace dosigate {

/// A PatientID made comparable. Empty when nothing is left.
std::string normalise_id(std::string_view id, const IdNormalisation& how);

/// True for an id that stands for "no id": blank, one digit repeated ("0", "000", "9999"), or a
/// word of the list in identifier.cpp, whatever its case, accents and punctuation. Two people must
/// never meet under one.
bool is_placeholder_id(std::string_view id);

/// Lower case, compatibility forms and accents removed (NFKD without marks, case folded). Bytes
/// that are not UTF-8 are kept with ASCII letters lowered. Not dicom's `fold`, which repairs
/// mojibake as well: blind indexes are made of this, so it must give the same for ever.
std::string fold_person_name(std::string_view text);

/// The eleven digits of a Brazilian CPF with right check digits; leading zeros that a spreadsheet
/// took are put back.
std::optional<std::string> as_cpf(std::string_view text);
/// The fifteen digits of a CNS (SUS card) with the right checksum and structure.
std::optional<std::string> as_cns(std::string_view text);

}  // namespace dosigate
