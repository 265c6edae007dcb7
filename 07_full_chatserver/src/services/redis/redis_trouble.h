// What is wrong with a Redis that answers: the word that its errors begin with.
#pragma once

#include <array>
#include <string_view>

namespace services {

// All of them: two general ones, then what TroubleIn knows.
inline constexpr std::string_view kUnreachable = "unreachable";  // no connection, no answer
inline constexpr std::string_view kOtherError = "ERR";
inline constexpr std::array<std::string_view, 15> kTroubles = {
    kUnreachable, kOtherError,   "UNKNOWN_COMMAND",
    "READONLY",   "LOADING",     "MASTERDOWN",
    "MOVED",      "CLUSTERDOWN", "NOAUTH",
    "WRONGPASS",  "NOPERM",      "MISCONF",
    "OOM",        "NOREPLICAS",  "BUSY"};

// The word in an error of Redis (also one that a script passes on) which says that Redis as a whole
// does not serve us: a replica, out of memory, no permission, still loading, ... Empty: the error
// is about one command.
std::string_view TroubleIn(std::string_view error);

// A short connection can reach its own port, when that is one of those that the system gives to
// connections and nobody listens there (TCP's simultaneous open): it would answer itself with what
// it asks. For an IP socket that is connected; a unix socket is never connected to itself.
bool IsConnectedToItself(int descriptor);
// Its end will be a reset: an orderly one would keep the port for a minute (TIME_WAIT), and whoever
// is to listen there could not start.
void EndByReset(int descriptor);

}  // namespace services
