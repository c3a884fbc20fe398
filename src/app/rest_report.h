#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "rest_deidentify.h"

namespace dosigate {

/// What became of the files of a request, in the order in which they came. No name of a file is in
/// it: that may name a patient.
class RestReport {
 public:
  void add(boost::json::object row);
  boost::json::object whole(const RestOrder& order, boost::json::array studies) const;

 private:
  boost::json::array rows_;
  std::map<std::string, std::uint64_t> counts_;  ///< by outcome
};

/// 422 with the report: there is no copy to answer with.
ApiResponse nothing_done(boost::json::object report);
/// What is wrong with the request as a whole: 400, 413 or 422.
ApiResponse upload_problem(const Error& error);
/// As the value of a header: printable ASCII.
std::string header_text(const boost::json::object& report);

}  // namespace dosigate
