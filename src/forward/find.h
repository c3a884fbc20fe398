#pragma once

#include <set>
#include <string>

#include "peer.h"

namespace dosigate {

/// Study Root Query/Retrieve Information Model - FIND (PS3.4 C.6.2.1).
extern const ProposedContext kStudyRootFind;

/// SOP Instance UIDs that an archive has of a study, by C-FIND: its series, then the instances of
/// each. Hierarchical, so that no archive needs extended negotiation for it (PS3.4 C.4.1.2.1).
///
/// @param until  for the whole study.
/// @return Denied when the archive answered with a failure (the association goes on); Unavailable
/// when it did not answer as it should: the association is of no use any more. Both in words. More
/// than 10,000 series or 200,000 instances are no answer either.
Result<std::set<std::string>> find_instances(Dialogue& dialogue, const Peer::Accepted& context,
                                             const Destination& peer, const std::string& study_uid,
                                             SteadyTime until);

}  // namespace dosigate
