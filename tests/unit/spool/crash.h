#pragma once

namespace dosigate::testing {

/// The life of a small node in the directory `path`, until a fail point kills it: puts instances
/// and writes "ACK <sop>" into `path`/log after each, delivers some and writes "SENT <sop>" before
/// each verdict, moves pairs. Runs in a process of its own.
int live_until_killed(const char* path);
/// Puts four instances for two destinations, delivers one and withdraws the rest.
int withdraw_until_killed(const char* path);

}  // namespace dosigate::testing
