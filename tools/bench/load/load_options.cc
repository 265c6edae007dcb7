#include "load/load_options.h"

#include <charconv>
#include <string_view>

namespace load {

namespace {

constexpr std::uint32_t kLeastChat = 24;  // the time it was said, and a space
constexpr std::uint32_t kMostChat = 1000;
constexpr std::uint32_t kLeastEcho = 16;  // the time, and a number
constexpr std::uint32_t kMostEcho = 4096;

std::optional<net::PeerAddress> ParseAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto ip = net::ParseIpv4(text.substr(0, colon));
  const std::string_view number = text.substr(colon + 1);
  net::PeerAddress address;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), address.port);
  if (!ip || error != std::errc() || end != number.data() + number.size() || address.port == 0) {
    return std::nullopt;
  }
  address.ip = *ip;
  return address;
}

struct Words {
  std::string to;
  std::string auth;
  std::string work = "chat";
  std::string login;
};

// What the words mean; a text: why they mean nothing.
std::optional<std::string> Understand(const Words& words, LoadOptions& options) {
  const auto to = ParseAddress(words.to);
  if (!to) return "--to wants ADDRESS:PORT, not '" + words.to + "'";
  options.to = *to;
  options.work = words.work == "chat"    ? Work::kChat
                 : words.work == "login" ? Work::kLogin
                 : words.work == "idle"  ? Work::kIdle
                                         : Work::kEcho;
  const bool echo = options.work == Work::kEcho;
  const std::string login = !words.login.empty() ? words.login : echo ? "none" : "direct";
  options.login = login == "none"     ? Login::kNone
                  : login == "direct" ? Login::kDirect
                                      : Login::kAuth;
  if (echo && login != "none") return "--work echo knows no log-in: --login none";
  if (login == "none" && (options.work == Work::kChat || options.work == Work::kLogin)) {
    return "--work " + words.work + " needs --login direct or auth";
  }
  if ((options.login == Login::kAuth) != !words.auth.empty()) {
    return std::string("--login auth and --auth ADDRESS:PORT go together");
  }
  if (!words.auth.empty()) {
    options.auth = ParseAddress(words.auth);
    if (!options.auth) return "--auth wants ADDRESS:PORT, not '" + words.auth + "'";
  }
  if (options.work == Work::kChat && options.rooms == 0) {
    return std::string("--work chat needs a room");
  }
  if (options.rooms > options.clients) return std::string("more rooms than clients");
  if (options.threads > options.clients) return std::string("more threads than clients");
  const auto [least, most] =
      echo ? std::pair(kLeastEcho, kMostEcho) : std::pair(kLeastChat, kMostChat);
  if (options.payload < least || options.payload > most) {
    return "--payload of --work " + words.work + " is " + std::to_string(least) + " to " +
           std::to_string(most);
  }
  return std::nullopt;
}

}  // namespace

const char* ToString(Work work) {
  switch (work) {
    case Work::kChat:
      return "chat";
    case Work::kLogin:
      return "login";
    case Work::kIdle:
      return "idle";
    case Work::kEcho:
      return "echo";
  }
  return "?";
}

std::optional<int> ParseLoadOptions(int argc, char** argv, LoadOptions& options) {
  apps::CommandLine app("Open-loop load for the peers and the stages, checked by every receiver",
                        "bench_load");
  Words words;
  app.Add("--to", words.to, "the server, ADDRESS:PORT").Required();
  app.Add("--auth", words.auth, "the auth service, ADDRESS:PORT");
  app.Add("--work", words.work, "what to do")
      .OneOf({"chat", "login", "idle", "echo"})
      .ShowDefault();
  app.Add("--login", words.login, "how to log in (echo: none, otherwise direct)")
      .OneOf({"none", "direct", "auth"});
  app.Add("--clients", options.clients, "connections").Range(1, 100'000).ShowDefault();
  app.Add("--rooms", options.rooms, "rooms that they spread over; 0 = they enter none")
      .Range(0, 100'000)
      .ShowDefault();
  app.Add("--rate", options.rate, "messages per second, of all clients together")
      .Between(0.1, 1e8)
      .ShowDefault();
  app.Add("--seconds", options.seconds, "measured").Between(0.1, 100'000).ShowDefault();
  app.Add("--warm-up", options.warm_up, "seconds before that, at the same rate")
      .Between(0, 1000)
      .ShowDefault();
  app.Add("--threads", options.threads, "threads of the generator").Range(1, 64).ShowDefault();
  app.Add("--payload", options.payload, "bytes of a message").ShowDefault();
  app.Add("--patience", options.patience, "seconds for all to log in").Range(1, 3600).ShowDefault();
  app.Add("--json", options.json, "file for the figures; - = standard output").ShowDefault();
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return exit_code;
  if (const auto problem = Understand(words, options)) return apps::Refuse(app, *problem);
  return std::nullopt;
}

}  // namespace load
