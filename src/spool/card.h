#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// What the authenticated end of a spool file says about it: everything that its row in queue.db
/// needs, so that the queue can be rebuilt from the files alone. The format is final: a new field
/// means a new version number.
struct SpoolCard {
  std::string sop_class_uid, sop_instance_uid, study_instance_uid, transfer_syntax_uid, pseudonym;
  Bytes fingerprint;
  std::vector<std::string> destinations;
  std::uint64_t queued_unix = 0;
  std::string facts{};  ///< CleanInstance::facts() as the ledger counts them; since version 2
  bool issued = false;  ///< made by this node, not received; since version 3
};

Bytes pack_card(const SpoolCard& card);
/// Empty when it is not a card of a version we know, complete to the last byte.
std::optional<SpoolCard> unpack_card(ByteView bytes);

}  // namespace dosigate
