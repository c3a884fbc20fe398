#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

/// A promise of ours, broken by an input: the fuzzer keeps it. Not assert, which a build may leave
/// out.
inline void must(bool holds) {
  if (!holds) __builtin_trap();
}
