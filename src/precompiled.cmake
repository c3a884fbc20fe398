# use_precompiled(<program> [further headers]): the parts of the standard library that most sources use are read once for the libraries of this
# directory and once for its programs, whose code is made in another way (-fPIC, -fPIE), when <program> is compiled; not once for each source: that
# was half of every compilation. Every file includes what it needs all the same: ./dev lint reads them without this. The release build does without,
# too, and warns of everything.
set(PRECOMPILED <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
    <set> <span> <sstream> <stdexcept> <stop_token> <string> <string_view> <system_error> <thread> <unordered_map> <utility> <variant> <vector>)

function(use_precompiled programs)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(target STREQUAL dosigate_base OR target STREQUAL programs)
      target_precompile_headers(${target} PRIVATE ${PRECOMPILED} ${ARGN})
    elseif(type STREQUAL STATIC_LIBRARY)
      target_precompile_headers(${target} REUSE_FROM dosigate_base)
    elseif(type STREQUAL EXECUTABLE)
      target_precompile_headers(${target} REUSE_FROM ${programs})
    endif()
  endforeach()
endfunction()
