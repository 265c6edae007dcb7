#include "services/config/options.h"

#include "services/config/overloaded.h"
#include "services/log/quoted.h"

namespace config {

namespace {

using services::Quoted;

constexpr Section kSections[] = {
    {"server", "The chat server's network part.", "채팅 서버의 네트워크."},
    {"limits", "What clients may use.", "클라이언트가 쓸 수 있는 양."},
    {"update", "Update threads and their job queues.", "업데이트 스레드와 잡 큐."},
    {"timeouts", "Time-outs, in milliseconds.", "제한 시간(밀리초)."},
    {"sector", "The sector grid.", "섹터."},
    {"login", "Session keys and Redis.", "세션 키와 Redis."},
    {"auth", "auth_server: account and password become a session key.",
     "auth_server: 계정과 비밀번호를 세션 키로 바꾼다."},
    {"database", "Accounts, login log, chat log.", "계정, 로그인 로그, 채팅 로그."},
    {"journal", "What is written before it is sent, until the database has it.",
     "보내기 전에 먼저 쓰고, DB에 들어갈 때까지 보관하는 저널."},
    {"monitor", "Metrics and reports of the chat server.", "채팅 서버의 메트릭과 보고."},
    {"monitor_server", "The monitoring server and its page.", "모니터링 서버와 웹 페이지."},
    {"country", "Country check of the peer's address.", "접속 주소의 국가 검사."},
    {"congestion", "Traffic congestion control.", "트래픽 혼잡 제어."},
    {"log", "Log.", "로그."},
};

std::vector<Option> Collect() {
  std::vector<Option> all;
  for (const auto table : {ServerOptions(), ServiceOptions(), OperationOptions()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

std::string ListOf(Names names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

std::string StringText(Text text) {
  switch (text) {
    case Text::kAny:
      return "a string";
    case Text::kNotEmpty:
      return "a string that is not empty";
    case Text::kIpv4:
      return "an IPv4 address such as \"127.0.0.1\"";
    case Text::kCountry:
      return "two capital letters such as \"KR\"";
  }
  return "";
}

}  // namespace

Config::Config() {
  server.port = 7000;
  server.session_max = 20'000;
  server.receive_packets_per_second = 1000;
  server.receive_bytes_per_second = 1024 * 1024;
  server.first_packet_timeout_ms = 5000;
  world.rooms = 1000;
  world.max_message_bytes = 1024;
  world.start = {25, 25};
  world.lobby.login_timeout = std::chrono::seconds(30);
  world.lobby.heartbeat_timeout = std::chrono::minutes(1);
  world.lobby.check_interval = std::chrono::seconds(1);
  connections.per_address = 1000;
  connections.rate = 100;
  connections.burst = 500;
  connections.wrong_keys = 30;
  login.redis.max_requests = 10'000;
  login.redis.backoff_first = std::chrono::milliseconds(50);
  login.redis.backoff_max = std::chrono::seconds(2);
  database.sqlite.path = "var/chat.db";
  database.mariadb.user = "chat";
  database.mariadb.name = "chat";
  journal.folder = "var/journal";
  log.file = "var/log/{program}.log";
}

std::span<const Option> AllOptions() {
  static const std::vector<Option> all = Collect();
  return all;
}

std::span<const Section> AllSections() {
  return kSections;
}

const Option* FindOption(std::string_view key) {
  for (const Option& option : AllOptions()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string AllowedText(const Option& option) {
  static Config scratch;  // only its members' types are looked at
  std::string range = std::to_string(option.min) + " .. " + std::to_string(option.max);
  return std::visit(Overloaded{
                        [](const bool*) { return std::string("true or false"); },
                        [&](const NumberField&) { return range; },
                        [&](const std::string*) {
                          return option.names.empty() ? StringText(option.text)
                                                      : "one of: " + ListOf(option.names);
                        },
                        [&](const std::vector<std::string>*) {
                          // Appended: GCC 12 warns of "text" + std::string&& where it inlines.
                          return std::string("a list; each ").append(StringText(option.text));
                        },
                        [&](const ChoiceField&) { return "one of: " + ListOf(option.names); },
                    },
                    option.field(scratch));
}

std::string ValueText(const Option& option, Config& config, bool hide_secrets) {
  return std::visit(
      Overloaded{
          [](const bool* value) { return std::string(*value ? "true" : "false"); },
          [](const NumberField& number) { return std::to_string(number.get(number.member)); },
          [&](const std::string* value) {
            const bool hide = option.secret && hide_secrets && !value->empty();
            return Quoted(hide ? "<hidden>" : *value);
          },
          [](const std::vector<std::string>* value) {
            std::string out;
            for (const std::string& element : *value) {
              if (!out.empty()) out += ", ";
              out += Quoted(element);
            }
            return "[" + out + "]";
          },
          [&](const ChoiceField& choice) { return Quoted(option.names[*choice.value]); },
      },
      option.field(config));
}

}  // namespace config
