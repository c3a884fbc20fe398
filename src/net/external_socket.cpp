#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dul.h>

#include <mutex>

#include "dosigate/net/connection.h"
#include "loopback_pair.h"

namespace dosigate {

void prepare_external_sockets() {
  static std::once_flag once;
  std::call_once(once, [] {
    // DCMTK asks this socket for its peer (getpeername) at each association, so both ends stay open
    // until the process ends. It reads "sock > 0" as "given", and no descriptor below 3 is ours.
    static LoopbackPair pair;
    pair = connected_loopback_pair();
    dcmExternalSocketHandle.set(pair.ours.get());
    // A name server that does not answer must not delay an association; we log numeric addresses.
    dcmDisableGethostbyaddr.set(OFTrue);
  });
}

}  // namespace dosigate
