#include "argv.h"

#include <algorithm>
#include <cstring>

namespace dosigate {

std::vector<std::string> take_arguments(int argc, char** argv,
                                        const std::set<std::string>& commands) {
  std::vector<std::string> out(argv, argv + argc);
  for (int i = 1; i < argc; ++i) {
    const std::string& word = out[static_cast<std::size_t>(i)];
    std::size_t from = 0;
    if (word.starts_with('-')) from = std::min(word.find('='), word.size());
    if (commands.contains(word)) from = word.size();
    std::memset(argv[i] + from, '*', word.size() - from);
  }
  return out;
}

}  // namespace dosigate
