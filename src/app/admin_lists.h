#pragma once

#include <cstddef>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "dosigate/api/http.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// Which part of a list a request asks for: `?max=N&after=NEXT`.
struct Page {
  std::size_t most;   ///< rows
  std::string after;  ///< `next` of the answer before; empty: from the beginning

  /// Invalid when `max` is no number from 1 to 999,999.
  /// @param standard  rows without `max`.
  static Result<Page> of(const ApiRequest& request, std::size_t standard);
};
inline constexpr std::size_t kAllRows = 999'999;

/// {"items", "next"}; `next` is null with the last row. A cursor says where a row stands and not
/// which row it is, so one that has gone in the meantime is no gap.
/// @param rows    in ascending order of `cursor`, which is never empty.
/// @param show    of a row; asked for those that are shown only.
template <class Rows, class Cursor, class Show>
boost::json::object paged(const Page& page, const Rows& rows, Cursor cursor, Show show) {
  boost::json::array items;
  boost::json::value next = nullptr;
  std::string last;
  for (const auto& row : rows) {
    std::string here = cursor(row);
    if (here <= page.after) continue;
    if (items.size() >= page.most) {
      next = last;
      break;
    }
    items.emplace_back(show(row));
    last = std::move(here);
  }
  return {{"items", std::move(items)}, {"next", std::move(next)}};
}

/// Digits with zeros before them, so that texts sort as numbers do.
std::string sortable(std::uint64_t number);

}  // namespace dosigate
