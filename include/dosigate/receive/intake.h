#pragma once

#include <memory>
#include <optional>

#include "dosigate/receive/association_server.h"

namespace dosigate {

/// One instance that comes by another way than an association: held and handed on as by
/// AssociationServer, under its limits and its memory budget. Must not outlive the server. Thread:
/// one at a time.
class Intake {
 public:
  /// @param instance  what is known before the data set comes.
  /// @param begin     takes large ones, as of AssociationServer; outlives this.
  Intake(AssociationServer& server, ReceivedInstance instance,
         const AssociationServer::Begin& begin);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  /// The next bytes of the data set. False: no more is wanted.
  bool take(ByteView piece);

  struct Arrived {
    ReceivedInstance instance;
    std::unique_ptr<AssociationServer::Passage> passage;  ///< it is large: to be finished there
    std::optional<Error> refused;                         ///< why it is not taken
    std::string detail;  ///< more of that: tags and places, never a value
  };
  /// The data set has come to its end. The share of memory is given back with this object.
  Arrived done();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
