#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dosigate/api/http.h"
#include "dosigate/app/access.h"

namespace dosigate {

class AdminApi;

/// One endpoint of the API. What is not in the table is not there, and a row without a right, or
/// the word that none is needed, does not compile.
struct AdminRoute {
  /// The right it needs, and what stands for Manage over the admin socket where the configuration
  /// names no group for it.
  struct Needs {
    constexpr Needs(Right needed) : right(needed), without_manage(needed) {}
    constexpr Needs(Right needed, Right otherwise) : right(needed), without_manage(otherwise) {}
    /// Nobody is asked who he is: health, the document of the API.
    static constexpr Needs nothing() {
      Needs out(Right::Operate);
      out.open = true;
      return out;
    }
    Right right, without_manage;
    bool open = false;
  };
  /// Whether somebody learns from it who a person is: limited per user and hour.
  enum class Reads : bool { Nobody, Identity };

  std::string_view method;
  std::string_view path;  ///< "{}" stands for one segment, which `answer` gets
  Needs needs;
  Reads reads;
  ApiResponse (*answer)(AdminApi&, const ApiRequest&, const std::string& named);
  /// In place of `answer`: takes the body as it arrives, of the largest upload, of any type (it
  /// answers 415 itself).
  ApiResponse (*stream)(AdminApi&, const ApiRequest&, RequestBody&,
                        const std::string& named) = nullptr;
  std::uint64_t most_body = 1U << 20U;  ///< bytes; of `answer`
};

/// Every endpoint, each (method, path) once.
std::span<const AdminRoute> admin_routes();

/// nullptr when there is no such endpoint; `named` is what stands at "{}".
const AdminRoute* find_admin_route(std::string_view method, std::string_view path,
                                   std::string& named);
/// "GET, POST": what the path may be asked for; empty when it is no endpoint.
std::string methods_of(std::string_view path);

}  // namespace dosigate
