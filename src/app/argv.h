#pragma once

#include <set>
#include <string>
#include <vector>

namespace dosigate {

/// Copies of the arguments, and stars in their place: what is in argv is shown to every user of the
/// machine by ps for as long as the command runs. Commands and names of options stay; what stands
/// beside them (a reason, a path, an identity that somebody gave in spite of everything) does not.
/// A moment remains between the start of the process and this: identities belong on standard input.
std::vector<std::string> take_arguments(int argc, char** argv,
                                        const std::set<std::string>& commands);

}  // namespace dosigate
