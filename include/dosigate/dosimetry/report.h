#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "dosigate/dosimetry/cycles.h"

namespace dosigate {

/// `withdrawn` of a study: null, or each withdrawal, newest first.
boost::json::value withdrawn_json(const std::vector<StudyWithdrawal>& withdrawn);

/// What `dosigate study NAME --json` shows (docs/http-api.md): every study with verdict, findings
/// and counts per series, and the cycles with their time points. Pseudonymous.
/// @param study_uid  only this study, and the time points that show it; empty: all.
boost::json::object patient_report(const PatientFacts& patient,
                                   std::chrono::minutes tolerance = kInjectionTolerance,
                                   std::string_view study_uid = {});

/// study.json: verdict, findings and series of one study, and the time points that show it. Empty
/// when the patient has no such study.
boost::json::object study_report(const PatientFacts& patient, std::string_view study_uid,
                                 std::chrono::minutes tolerance = kInjectionTolerance);

}  // namespace dosigate
