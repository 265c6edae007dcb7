// What the generator is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/peer_address.h"
#include "support/options.h"

namespace load {

enum class Work : std::uint8_t {
  kChat,   // log in, enter, say at a fixed rate, check what everybody hears
  kLogin,  // connect, log in, enter, as fast as it goes
  kIdle,   // be connected (and logged in, and in a room) and silent
  kEcho,   // bytes at a fixed rate, which have to come back
};

enum class Login : std::uint8_t {
  kNone,    // connections only
  kDirect,  // C_LOGIN as it is: the peers, stages 05 and 06
  kAuth,    // with a session key from the auth service: stage 07
};

struct LoadOptions {
  net::PeerAddress to;
  std::optional<net::PeerAddress> auth;
  Work work = Work::kChat;
  Login login = Login::kDirect;
  std::uint32_t clients = 100;
  std::uint32_t rooms = 1;  // 0: nobody enters one
  double rate = 1000;       // messages a second, of all clients together
  double seconds = 5;
  double warm_up = 1;
  std::uint32_t threads = 1;
  std::uint32_t payload = 64;   // bytes of a message
  std::uint32_t patience = 60;  // seconds to log in
  std::string json = "-";       // a file, or "-"
};

const char* ToString(Work work);

// An exit code to end with, or the options are good.
std::optional<int> ParseLoadOptions(int argc, char** argv, LoadOptions& options);

}  // namespace load
