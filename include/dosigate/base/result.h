#pragma once

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace dosigate {

/// Why something was not done: one enumerator per decision a caller can take (style: results for
/// outcomes, exceptions for a broken machine).
enum class Fault {
  NotDicom,     ///< Structurally broken bytes: truncated, nested too deep, lengths that do not fit.
  Mismatch,     ///< The data set is not what the command or the context said it was.
  Busy,         ///< A limit is reached for the moment (memory budget, disk watermark, queue).
  Unavailable,  ///< Map, key or disk cannot be used now.
  Uncertain,    ///< Cannot be cleaned with certainty: held for a person.
  NotFound,     ///< The named thing does not exist.
  Conflict,     ///< The thing exists already, or two statements contradict each other.
  Denied,       ///< Wrong owner, mode, key or right.
  Corrupt,      ///< Authentication of stored bytes failed.
  Invalid,      ///< An argument or a configuration key is wrong.
};

/// `detail` says what happened, to what, and what to do. It names tags, files, keys and numbers,
/// never a value taken from a data set.
struct Error {
  Fault fault;
  std::string detail;
};

/// No `throw_exception_from_error` exists for Error, so `.value()` does not compile:
/// one tests, then dereferences.
template <class T>
using Result = boost::system::result<T, Error>;

inline Error fail(Fault fault, std::string detail) { return Error{fault, std::move(detail)}; }

}  // namespace dosigate
