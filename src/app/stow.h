#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dosigate/api/http.h"
#include "dosigate/receive/association_server.h"
#include "upload.h"

namespace dosigate {

/// Who takes instances into custody: as for a C-STORE, with the same statuses.
struct StowParts {
  AssociationServer& server;  ///< whose limits and memory budget hold
  AssociationServer::Handle take;
  AssociationServer::Begin begin;
};

/// What became of the instances of one STOW-RS request (PS3.18 10.5). The UIDs are the sender's own
/// and go back to it alone.
struct StowOutcome {
  struct One {
    std::string sop_class_uid;
    Phi sop_instance_uid;
    std::uint16_t reason = 0;  ///< (0008,1197): the status of a C-STORE
  };
  std::vector<One> stored, failed;
  std::size_t unread = 0;         ///< parts that are no instance
  std::optional<Error> broken{};  ///< the request ended early, or is none
};
/// @param study  of the target resource, when it names one: others are refused.
StowOutcome stow(const StowParts& parts, const Origin& origin, const std::string& study,
                 Upload& upload);

/// 200, 202 or 409 with the Store Instances Response Module (PS3.18 Annex I.2.2): DICOM JSON, or
/// the Native DICOM Model in XML for who accepts nothing else.
ApiResponse stow_response(const StowOutcome& outcome, const std::string& accept);

}  // namespace dosigate
