#include "tls_words.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace dosigate {

std::string certificate_words(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the peer's certificate, or one above it, has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the peer's certificate is not valid yet: look at the clocks of both machines";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "the peer's certificate is another machine's: none of its names is the one expected";
    case X509_V_ERR_CERT_REJECTED:
      return "the peer's certificate has another fingerprint than the one expected";
    case X509_V_ERR_INVALID_PURPOSE:
      return "the peer's certificate is not made for this purpose (extended key usage)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return "the peer's certificate is not issued by a CA that we trust ([tls] ca)";
    default:
      return std::string("the peer's certificate is not acceptable: ") +
             X509_verify_cert_error_string(verdict);
  }
}

std::string session_words(bool wants_certificate) {
  const unsigned long error = ERR_peek_error();
  switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
      return "the peer does not speak TLS: plain DICOM on a TLS port?";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_UNKNOWN_SSL_VERSION:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "protocol version: the peer has neither TLS 1.2 nor 1.3";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the peer shows no certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the peer wants a client certificate ([tls] certificate and key)";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      if (wants_certificate)
        return "the peer wants a client certificate ([tls] certificate and key)";
      return "the peer finds no common ground: none of its ciphers is one of BCP 195, or it wants "
             "another certificate of ours";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
      return "no common cipher: the peer has none of BCP 195";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the peer does not trust the CA of our certificate ([tls] certificate)";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the peer says that our certificate has expired";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "the peer refuses our certificate";
    default:
      break;
  }
  // The library's own text of a reason: there are a few hundred, none of them the peer's.
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return std::string("TLS failed: ") + (reason == nullptr ? "the connection broke" : reason);
}

}  // namespace dosigate
