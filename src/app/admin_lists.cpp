#include "admin_lists.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr std::size_t kDigits = 20, kLongestCursor = 200;

}  // namespace

Result<Page> Page::of(const ApiRequest& request, std::size_t standard) {
  Page out{standard, request.queried("after")};
  if (out.after.size() > kLongestCursor)
    return fail(Fault::Invalid, "after is the `next` of the answer before");
  const std::string most = request.queried("max");
  if (most.empty()) return out;
  const bool digits = most.size() < 7 && std::all_of(most.begin(), most.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoul(most) == 0)
    return fail(Fault::Invalid, "max is a number of rows from 1 to 999999");
  out.most = std::stoul(most);
  return out;
}

std::string sortable(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

}  // namespace dosigate
