#pragma once

#include <string>

namespace dosigate {

// Why a TLS session failed, in fixed words: nothing of them was chosen by the peer, so they can
// stand in logs and under counters.

/// Of the chain of the peer's certificate. @param verdict  X509_V_ERR_…
std::string certificate_words(long verdict);
/// Of the oldest error in this thread's queue of OpenSSL, or of a connection that ended when there
/// is none.
/// @param wants_certificate  the peer asked for a certificate and we have none.
std::string session_words(bool wants_certificate);

inline constexpr const char* kClosedInHandshake =
    "the peer closed the connection during the handshake: a plain DICOM peer, or one that refuses "
    "us without a word";
inline constexpr const char* kSilentInHandshake = "the peer did not finish the handshake in time";

}  // namespace dosigate
