#pragma once

#include "dosigate/deid/profile.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// The `[[subject]]` of the profile that this source is: a phantom, a quality control; nullptr when
/// it is a person.
const SubjectRule* subject_of(const Profile& profile, const SourceIdentity& source);

}  // namespace dosigate
