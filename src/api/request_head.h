#pragma once

#include <optional>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "dosigate/api/http.h"
#include "wiping_memory.h"

namespace dosigate {

/// What requests carry may be an identity or a credential: their memory is wiped.
using WipedFields = boost::beast::http::basic_fields<WipingAllocator<char>>;
using RequestHead = boost::beast::http::request_header<WipedFields>;

/// Fills in what a head says, over what is known of the peer. False: the target is no path.
bool read_head(const RequestHead& head, ApiRequest& into);

}  // namespace dosigate
