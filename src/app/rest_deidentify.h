#pragma once

#include "answers.h"
#include "dosigate/app/ingest.h"
#include "dosigate/receive/association_server.h"
#include "upload.h"

namespace dosigate {

/// What the service needs of a node.
struct RestParts {
  Ingest& ingest;
  AssociationServer& server;  ///< whose limits and memory budget hold
  Ledger& ledger;
  const PseudonymMap& map;
  Answers& answers;
};

/// How a request is to be answered, beyond its files.
struct RestOrder {
  std::shared_ptr<const Routing> routing;
  const Config::Route* route;  ///< of it
  const Deidentifier* engine;  ///< of it, or under another profile
  Origin origin;
  enum class Shape { Single, Multipart, Zip } shape;
};

/// Cleans every file of an upload as it arrives and puts the copies, and a report about all of
/// them, into an answer of the same shape. The answer lies sealed on disk until it is sent. Nothing
/// that is held, dropped or refused is in it, nor kept.
/// @param draft    becomes the answer when there is one.
/// @param request  digest of the whole body, asked for at the end; for Answers::Head.
/// Throws what the disk, the databases or the request body throw; copies then count as withdrawn.
ApiResponse deidentify(const RestParts& parts, const RestOrder& order, Upload& upload,
                       Answers::Draft draft, const std::function<std::string()>& request);

/// What would become of each file: verdicts, and of a single one its elements, without a value.
/// Under a map that is thrown away; nothing is counted or kept.
ApiResponse explain_upload(const RestParts& parts, const RestOrder& order,
                           const std::string& profile, Upload& upload);

/// The report of what became of a file, for both.
boost::json::object json_of_verdict(const Verdict& verdict, const Trace& trace);

}  // namespace dosigate
