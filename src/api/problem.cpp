#include "dosigate/api/problem.h"

namespace dosigate {
namespace {

struct Meaning {
  unsigned status;
  std::string_view title;
};

Meaning meaning_of(Fault fault) {
  switch (fault) {
    case Fault::NotDicom:
      return {422, "Not DICOM"};
    case Fault::Mismatch:
      return {422, "Data set and statement differ"};
    case Fault::Busy:
      return {503, "A limit is reached for the moment"};
    case Fault::Unavailable:
      return {503, "Not available now"};
    case Fault::Uncertain:
      return {409, "A person must decide"};
    case Fault::NotFound:
      return {404, "Not found"};
    case Fault::Conflict:
      return {409, "Conflict"};
    case Fault::Denied:
      return {403, "Not permitted"};
    case Fault::Corrupt:
      return {500, "Stored data is damaged"};
    case Fault::Invalid:
      return {400, "Not valid"};
  }
  return {500, "Failure"};
}

}  // namespace

ApiResponse problem_of(unsigned status, std::string_view title, std::string_view detail) {
  return {status, boost::json::object{{"title", title}, {"detail", detail}, {"status", status}}};
}

ApiResponse problem(const Error& error) {
  const auto [status, title] = meaning_of(error.fault);
  return problem_of(status, title, error.detail);
}

}  // namespace dosigate
