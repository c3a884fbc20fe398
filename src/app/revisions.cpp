#include "revisions.h"

#include <algorithm>

namespace dosigate {

Standing standing_among(const std::vector<KnownInstance>& known, const Fingerprint& fingerprint) {
  Standing out;
  if (known.empty()) return out;
  const KnownInstance& last = known.back();
  out.last = last.revision;
  out.next = last.revision;
  out.kind = Standing::Kind::Same;
  if (last.fingerprint == fingerprint) return out;
  const bool came_before =
      std::ranges::find(known, fingerprint, &KnownInstance::fingerprint) != known.end();
  out.kind = came_before ? Standing::Kind::Older : Standing::Kind::Revised;
  out.next = last.revision + 1;
  out.differs = difference(last.fingerprint, fingerprint);
  return out;
}

std::string difference_text(const Standing& standing) {
  std::string out = standing.differs.pixels ? "other pixels" : "";
  if (!standing.differs.comparable)
    out = "perhaps other pixels (an earlier dosigate fingerprinted them in another way)";
  if (standing.differs.inputs)
    out += out.empty() ? "other inputs of dosimetry" : " and other inputs of dosimetry";
  return out;
}

std::string hold_text(const Standing& standing) {
  const std::string against = standing.last == 0
                                  ? "the version that went out first"
                                  : "revision " + std::to_string(standing.last) + ", the last one";
  const std::string would_be = "; sent on, it is revision " + std::to_string(standing.next);
  if (standing.kind == Standing::Kind::Older)
    return "an older version came back, after " + against + ", with " + difference_text(standing) +
           would_be;
  return difference_text(standing) + " than " + against + would_be;
}

}  // namespace dosigate
