#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/dosimetry/facts.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// What dosimetry wants to know of an instance. Reads the top level, the radiopharmaceutical items
/// and what else stands in sequences of dosimetry; never the pixels. `cleaned` is the data set
/// after every rule and the marking: anything read from the source would be identified.
InstanceFacts read_dosimetry_facts(DcmItem& cleaned, const Subject& subject);
/// When the acquisition began (Acquisition DateTime, or Date and Time), instant_text; or empty.
std::string acquired_at(DcmItem& cleaned);

/// The value of CleanInstance::facts(): facts_text and, on a line of its own, acquired_at when
/// there is one. The first line is equal for all slices of a series, so the ledger counts them in
/// one row.
std::string dosimetry_facts(DcmItem& cleaned, const Subject& subject);

}  // namespace dosigate
