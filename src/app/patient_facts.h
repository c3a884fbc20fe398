#pragma once

#include <string>

#include "dosigate/dosimetry/study.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

/// What the ledger knows of a patient, by pseudonym; no studies when it knows none. A study that
/// arrived before facts were kept has no rows. Throws std::runtime_error when the ledger holds what
/// this program did not write.
PatientFacts patient_facts(const Ledger& ledger, const std::string& pseudonym);

/// study.json of a folder destination; empty when the ledger knows nothing of the study. Of one
/// that was forgotten only that it is withdrawn.
std::string study_card(const Ledger& ledger, const std::string& study_uid);

}  // namespace dosigate
