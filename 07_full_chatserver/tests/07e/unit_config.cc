// The configuration: every key, every kind of mistake, with its place.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "services/config/check.h"
#include "services/config/command_line.h"
#include "services/config/load.h"
#include "services/config/options.h"
#include "services/config/suggest.h"

namespace {

using config::Config;
using config::Loaded;
using config::LoadText;
using config::Option;

std::string Joined(const Loaded& loaded) {
  std::string out;
  for (const std::string& problem : loaded.problems) out += problem + "\n";
  return out;
}

Loaded OnlySets(const std::vector<std::string>& sets) {
  return LoadText("", "defaults", sets);
}

bool IsText(const Option& option) {
  Config scratch;
  const config::Field field = option.field(scratch);
  return std::holds_alternative<std::string*>(field) ||
         std::holds_alternative<config::ChoiceField>(field);
}

bool IsInteger(const Option& option) {
  Config scratch;
  return std::holds_alternative<config::NumberField>(option.field(scratch));
}

TEST(Config, TheDefaultsAreAllowed) {
  const Loaded loaded = LoadText("", "empty.toml");
  EXPECT_TRUE(loaded.ok()) << Joined(loaded);
}

TEST(Config, EveryDefaultIsInItsOwnRange) {
  // The printed defaults go through the parser, so the table's ranges must contain Config's values.
  const Loaded loaded = LoadText(config::DefaultFile(), "default.toml");
  EXPECT_TRUE(loaded.ok()) << Joined(loaded);
  EXPECT_EQ(config::PrintConfig(loaded.config), config::PrintConfig(Config{}));
}

TEST(Config, TheDefaultFileIsTheTable) {
  const char* const stage = std::getenv("COURSE_STAGE_DIR");
  ASSERT_NE(stage, nullptr) << "run by ctest, or set COURSE_STAGE_DIR to the stage's folder";
  const std::string path = std::string(stage) + "/conf/chat_server.toml";
  if (std::getenv("COURSE_REGENERATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << config::DefaultFile();
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in.is_open()) << path;
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::erase(text, '\r');
  EXPECT_EQ(text, config::DefaultFile())
      << "the option table has changed: run this test once with COURSE_REGENERATE=1";
}

TEST(Config, EveryKeyIsListedOnceBesideItsSection) {
  std::vector<std::string> keys;
  std::vector<std::string> sections;
  for (const Option& option : config::AllOptions()) {
    keys.emplace_back(option.key);
    if (sections.empty() || sections.back() != option.section())
      sections.emplace_back(option.section());
    EXPECT_TRUE(config::IsSection(option.section())) << option.key;
    EXPECT_FALSE(option.en.empty()) << option.key;
    EXPECT_FALSE(option.ko.empty()) << option.key;
  }
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
  EXPECT_EQ(sections.size(), config::AllSections().size()) << "a section is torn apart or empty";
}

TEST(Config, NoTwoKeysShareAMember) {
  Config config;
  std::vector<void*> members;
  for (const Option& option : config::AllOptions()) {
    std::visit(
        [&](auto field) {
          if constexpr (std::is_same_v<decltype(field), config::ChoiceField>) {
            members.push_back(field.value);
          } else if constexpr (std::is_same_v<decltype(field), config::NumberField>) {
            members.push_back(field.member);
          } else {
            members.push_back(field);
          }
        },
        option.field(config));
  }
  std::ranges::sort(members);
  EXPECT_EQ(std::ranges::adjacent_find(members), members.end());
}

TEST(Config, WhatIsAllowedFitsIntoItsMember) {
  Config config;
  for (const Option& option : config::AllOptions()) {
    const config::Field field = option.field(config);
    const auto* const number = std::get_if<config::NumberField>(&field);
    if (number == nullptr) continue;
    for (const std::uint64_t value : {option.min, option.max}) {
      number->set(number->member, value);
      EXPECT_EQ(number->get(number->member), value) << option.key;
    }
  }
}

TEST(Config, ValuesOfEveryTypeAreRead) {
  const Loaded loaded = LoadText(R"(
[server]
port = 12_345
nagle = true
accept = "acceptex"
bind = "0.0.0.0"
fixed_key = 0x32
[congestion]
retransmit_percent = 25
[country]
allowed = ["KR", "JP"]
[journal]
max_bytes = 8_589_934_592
)",
                                 "a.toml");
  ASSERT_TRUE(loaded.ok()) << Joined(loaded);
  EXPECT_EQ(loaded.config.server.port, 12345U);
  EXPECT_TRUE(loaded.config.server.socket_options.nagle);
  EXPECT_EQ(loaded.config.server.accept_mode, net::AcceptMode::kAcceptEx);
  EXPECT_EQ(loaded.config.server.host, "0.0.0.0");
  EXPECT_EQ(loaded.config.server.fixed_key, 0x32U);
  EXPECT_EQ(loaded.config.congestion.judge.retransmit_percent, 25U);
  EXPECT_EQ(loaded.config.country.allowed, (std::vector<std::string>{"KR", "JP"}));
  EXPECT_EQ(loaded.config.journal.max_bytes, 8'589'934'592ULL);
}

TEST(Config, AllProblemsAreReportedWithTheirLines) {
  const Loaded loaded = LoadText(
      "[server]\n"
      "port = 70000\n"
      "sesion_max = 5\n"
      "nagle = 1\n"
      "accept = \"poll\"\n"
      "[sever]\n"
      "port = 1\n"
      "[limits]\n"
      "rooms = \"many\"\n",
      "bad.toml");
  const std::string all = Joined(loaded);
  EXPECT_EQ(loaded.problems.size(), 6U) << all;
  const auto has = [&](const std::string& line) {
    EXPECT_NE(std::ranges::find(loaded.problems, line), loaded.problems.end())
        << line << "\nis not in\n"
        << all;
  };
  has("bad.toml:2: server.port: 70000 is not allowed; allowed: 0 .. 65535");
  has("bad.toml:3: server.sesion_max: unknown key; did you mean server.session_max?");
  has("bad.toml:4: server.nagle: a boolean expected, not integer 1; allowed: true or false");
  has("bad.toml:5: server.accept: 'poll' is not allowed; allowed: one of: thread, acceptex");
  has("bad.toml:6: sever: unknown section; did you mean [server]?");
  has("bad.toml:9: limits.rooms: an integer expected, not string 'many'; allowed: 1 .. 100000");
  EXPECT_TRUE(std::ranges::is_sorted(loaded.problems)) << "not from line to line:\n" << all;
}

TEST(Config, AKeyInTheWrongPlaceIsSentToTheRightOne) {
  EXPECT_EQ(Joined(LoadText("[server]\nmessage_bytes = 5\n", "a.toml")),
            "a.toml:2: server.message_bytes: unknown key; did you mean limits.message_bytes?\n");
  EXPECT_EQ(Joined(LoadText("session_max = 5\n", "a.toml")),
            "a.toml:1: session_max: unknown key; did you mean server.session_max?\n");
  EXPECT_EQ(Joined(LoadText("server = 5\n", "a.toml")),
            "a.toml:1: server: this is a section: write [server] on a line of its own\n");
  EXPECT_EQ(Joined(LoadText("[server]\nzzzzzzzzzz = 5\n", "a.toml")),
            "a.toml:2: server.zzzzzzzzzz: unknown key\n");
}

// A key that was accepted and did nothing would be a lie to whoever sets it.
TEST(Config, WhatTheServerDoesNotDoHasNoKey) {
  for (const char* key : {"tls.enabled", "cluster.enabled", "server.send_async",
                          "server.packet_buffer_bytes", "limits.players", "update.queue_max"}) {
    const Loaded loaded = OnlySets({std::string(key) + "=1"});
    ASSERT_EQ(loaded.problems.size(), 1U) << key;
    EXPECT_NE(loaded.problems[0].find("unknown"), std::string::npos) << loaded.problems[0];
  }
  const Loaded file = LoadText("[tls]\nenabled = true\n", "a.toml");
  ASSERT_EQ(file.problems.size(), 1U) << Joined(file);
  EXPECT_TRUE(file.problems[0].starts_with("a.toml:1: tls: unknown section")) << file.problems[0];
}

TEST(Config, WhatIsNotTomlIsSaidWithItsLine) {
  for (const char* text : {"[server]\nport = \n", "[server]\nport = 1\nport = 2\n", "[server\n",
                           "[server]\nbind = \"abc\n", "\xff\xfe = 1\n", "[server]\nport = 01\n"}) {
    const Loaded loaded = LoadText(text, "broken.toml");
    ASSERT_EQ(loaded.problems.size(), 1U) << text;
    EXPECT_TRUE(loaded.problems[0].starts_with("broken.toml:")) << loaded.problems[0];
    EXPECT_NE(loaded.problems[0].find(": not TOML: "), std::string::npos) << loaded.problems[0];
  }
}

// A value that cannot be read: the problem shows how values are written.
TEST(Config, AValueThatIsNoTomlIsToldHowValuesAreWritten) {
  for (const char* value : {"127.0.0.1", "True", "99999999999999999999", "yes", "'half", ""}) {
    const Loaded loaded = LoadText("[server]\nbind = " + std::string(value) + "\n", "a.toml");
    ASSERT_EQ(loaded.problems.size(), 1U) << value;
    EXPECT_TRUE(loaded.problems[0].starts_with("a.toml:2: not TOML: ")) << loaded.problems[0];
    EXPECT_NE(loaded.problems[0].find("; allowed: KEY = VALUE"), std::string::npos)
        << loaded.problems[0];
  }
  const Loaded twice = LoadText("[server]\nport = 1\nport = 2\n", "a.toml");
  EXPECT_EQ(Joined(twice).find("allowed"), std::string::npos) << Joined(twice);
}

TEST(Config, AByteOrderMarkAndCarriageReturnsAreNoMistake) {
  const Loaded loaded = LoadText("\xef\xbb\xbf[server]\r\nport = 1\r\n", "a.toml");
  ASSERT_TRUE(loaded.ok()) << Joined(loaded);
  EXPECT_EQ(loaded.config.server.port, 1U);
}

TEST(Config, AProblemIsOneLineWhateverIsInIt) {
  for (const char* text : {"[server]\n\"a\\nb\" = 1\n", "[\"x\\r\\ny\"]\n",
                           "[server]\nnagle = fa\n", "[server]\naccept = \"\"\"a\nb\"\"\"\n"}) {
    const Loaded loaded = LoadText(text, "lines.toml");
    ASSERT_EQ(loaded.problems.size(), 1U) << text;
    EXPECT_EQ(loaded.problems[0].find_first_of("\r\n"), std::string::npos) << loaded.problems[0];
  }
}

TEST(Config, SetComesAfterTheFileAndTheLastOneWins) {
  const Loaded loaded = LoadText(
      "[server]\nport = 1\n[log]\nlevel = \"warn\"\n", "a.toml",
      {"server.port=2", "server.port=3", "log.level=debug", "log.file=", "country.allowed=KR,US",
       "server.bind=\"10.0.0.1\"", "server.nagle=true"});
  ASSERT_TRUE(loaded.ok()) << Joined(loaded);
  EXPECT_EQ(loaded.config.server.port, 3U);
  EXPECT_EQ(loaded.config.log.level, "debug");
  EXPECT_EQ(loaded.config.log.file, "");
  EXPECT_EQ(loaded.config.country.allowed, (std::vector<std::string>{"KR", "US"}));
  EXPECT_EQ(loaded.config.server.host, "10.0.0.1");
  EXPECT_TRUE(loaded.config.server.socket_options.nagle);
}

TEST(Config, AProblemOfOneSectionHidesNoOthers) {
  const config::Checks parts{[](const Config&) {
    return std::vector<config::Finding>{{"sector.start_x", "once more"},
                                        {"monitor_server.alarms", "odd"}};
  }};
  const Loaded loaded = LoadText("[sector]\nwidth = 10\nstart_x = 60\n", "a.toml", {}, parts);
  ASSERT_EQ(loaded.problems.size(), 2U) << Joined(loaded);
  EXPECT_NE(loaded.problems[0].find("sector.width is 10"), std::string::npos) << Joined(loaded);
  EXPECT_NE(loaded.problems[1].find("monitor_server.alarms: odd"), std::string::npos);
}

TEST(Config, ProblemsOfSetSayThatTheyComeFromThere) {
  const Loaded loaded = OnlySets(
      {"server.port=99999", "server.prt=1", "nonsense", "server.nagle=yes", "server.port=1\nid=2"});
  ASSERT_EQ(loaded.problems.size(), 5U) << Joined(loaded);
  EXPECT_EQ(loaded.problems[0],
            "--set server.port=99999: server.port: 99999 is not allowed; allowed: 0 .. 65535");
  EXPECT_EQ(loaded.problems[1],
            "--set server.prt=1: server.prt: unknown key; did you mean server.port?");
  EXPECT_EQ(loaded.problems[2],
            "--set nonsense: no value; allowed: SECTION.KEY=VALUE, such as server.port=7000");
  EXPECT_EQ(loaded.problems[3],
            "--set server.nagle=yes: server.nagle: yes is not allowed; allowed: true or false");
}

TEST(Config, ASetWithoutKeyOrValueSaysWhatIsAllowed) {
  const Loaded loaded = OnlySets(
      {"=3", "server.port", "", "=", "server=3", "server.port=", "server.nagle=", "log.level="});
  const std::vector<std::string> expected{
      "--set =3: no key; allowed: SECTION.KEY=VALUE, such as server.port=7000",
      "--set server.port: no value; allowed: SECTION.KEY=VALUE, such as server.port=7000",
      "--set : no value; allowed: SECTION.KEY=VALUE, such as server.port=7000",
      "--set =: no key; allowed: SECTION.KEY=VALUE, such as server.port=7000",
      "--set server=3: server: this is a section; allowed: server.KEY=VALUE",
      "--set server.port=: server.port: an empty value is not allowed; allowed: 0 .. 65535",
      "--set server.nagle=: server.nagle: an empty value is not allowed; allowed: true or false",
      "--set log.level=: log.level: '' is not allowed; allowed: one of: trace, debug, info, warn, "
      "error, off",
  };
  EXPECT_EQ(loaded.problems, expected) << Joined(loaded);
}

TEST(Config, RulesBetweenKeysPointAtTheKeyThatWasGiven) {
  EXPECT_EQ(Joined(LoadText("[server]\n\npacket_max_bytes = 9000\n", "a.toml")),
            "a.toml:3: server.receive_buffer_bytes: 8192 is less than server.packet_max_bytes + 5 "
            "= 9005: a "
            "packet could never become whole\n");
  EXPECT_NE(Joined(OnlySets({"sector.width=10"}))
                .find("--set sector.width=10: sector.start_x: 25 is outside"),
            std::string::npos);
  EXPECT_FALSE(OnlySets({"limits.message_bytes=4090"}).ok());
  EXPECT_FALSE(OnlySets({"login.redis_host=", "login.redis_socket="}).ok());
  EXPECT_FALSE(OnlySets({"database.backoff_min_ms=6000"}).ok());
}

TEST(Config, EveryIntegerIsCheckedAtItsBounds) {
  for (const Option& option : config::AllOptions()) {
    if (!IsInteger(option)) continue;
    const std::string key(option.key);
    const auto refused = [&](const std::string& value) {
      const Loaded loaded = OnlySets({key + "=" + value});
      return !loaded.ok() &&
             loaded.problems[0].find(config::AllowedText(option)) != std::string::npos;
    };
    EXPECT_TRUE(refused(std::to_string(option.max + 1))) << key;
    EXPECT_TRUE(refused("-1")) << key;
    EXPECT_TRUE(refused("1.5")) << key;
    EXPECT_TRUE(refused("99999999999999999999999")) << key;
    if (option.min > 0) {
      EXPECT_TRUE(refused(std::to_string(option.min - 1))) << key;
    }
    EXPECT_FALSE(refused(std::to_string(option.min))) << key;
    EXPECT_FALSE(refused(std::to_string(option.max))) << key;
  }
}

TEST(Config, AddressesCountriesAndNumbersThatAreNone) {
  for (const char* bad :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1..2.3", "1.2.3.4 "}) {
    EXPECT_FALSE(config::TextIsAllowed(bad, config::Text::kIpv4)) << bad;
  }
  for (const char* good : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) {
    EXPECT_TRUE(config::TextIsAllowed(good, config::Text::kIpv4)) << good;
  }
  EXPECT_FALSE(OnlySets({"country.allowed=[\"kr\"]"}).ok());
  EXPECT_FALSE(OnlySets({"country.allowed=[1]"}).ok());
  EXPECT_FALSE(OnlySets({"congestion.retransmit_percent=0"}).ok());
  EXPECT_FALSE(OnlySets({"congestion.retransmit_percent=0.5"}).ok());
  EXPECT_TRUE(OnlySets({"congestion.retransmit_percent=99"}).ok());
  EXPECT_FALSE(OnlySets({"database.path="}).ok());
  EXPECT_FALSE(OnlySets({"limits.name_bytes=65"}).ok()) << "no account has such a name";
}

TEST(Config, SecretsAreNotPrinted) {
  const Loaded loaded = OnlySets({"database.password=hunter2", "login.redis_password=hunter3"});
  ASSERT_TRUE(loaded.ok()) << Joined(loaded);
  const std::string printed = config::PrintConfig(loaded.config);
  EXPECT_EQ(printed.find("hunter"), std::string::npos);
  EXPECT_NE(printed.find("password = \"<hidden>\""), std::string::npos);
}

TEST(Config, WhatIsPrintedIsReadBackTheSame) {
  const Loaded loaded = OnlySets({"log.file=\"C:\\\\logs\\\\a \\\"b\\\".log\"", "server.port=4321",
                                  "congestion.retransmit_percent=7", "monitor_server.alarms=[]"});
  ASSERT_TRUE(loaded.ok()) << Joined(loaded);
  const std::string printed = config::PrintConfig(loaded.config);
  const Loaded again = LoadText(printed, "printed.toml");
  ASSERT_TRUE(again.ok()) << Joined(again);
  EXPECT_EQ(config::PrintConfig(again.config), printed);
  EXPECT_EQ(again.config.log.file, "C:\\logs\\a \"b\".log");
}

TEST(Config, EditDistanceCountsSlips) {
  EXPECT_EQ(config::EditDistance("", "abc"), 3U);
  EXPECT_EQ(config::EditDistance("port", "prot"), 1U);
  EXPECT_EQ(config::EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(config::EditDistance("same", "same"), 0U);
}

TEST(Config, AFileThatIsNotThereIsAProblem) {
  const Loaded loaded = config::Load({"/nowhere/at/all.toml", {}});
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0], "/nowhere/at/all.toml: cannot be read");
}

TEST(Config, TheCommandLineGivesTheExitCode) {
  const auto run = [](std::vector<std::string> arguments, Config& config) {
    CLI::App app;
    config::CommandLine line;
    config::AddOptions(app, line);
    std::ranges::reverse(arguments);
    app.parse(arguments);
    return config::Resolve(line, config);
  };
  Config config;
  EXPECT_EQ(run({"--set", "server.port=1234", "--set", "update.threads=1"}, config), std::nullopt);
  EXPECT_EQ(config.server.port, 1234U);
  EXPECT_EQ(config.update.threads, 1U);
  EXPECT_EQ(run({"--set", "server.port=banana"}, config), std::optional<int>(2));
  EXPECT_EQ(run({"--check-config"}, config), std::optional<int>(0));
  EXPECT_EQ(run({"--check-config", "--config", "/nowhere.toml"}, config), std::optional<int>(2));
  EXPECT_EQ(run({"--check-config", "--config", "."}, config), std::optional<int>(2));  // a folder
  EXPECT_THROW(run({"--check-config", "--config", ""}, config), CLI::ValidationError);
}

// Random damage to a good file: whatever comes out, each problem names the file and a line, nothing
// is thrown, and values that are accepted are in their ranges.
TEST(Config, DamagedFilesNeverGetThrough) {
  const char* const given = std::getenv("COURSE_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "COURSE_SEED=" << seed << "\n";
  std::mt19937_64 random(seed);
  const std::string good = config::PrintConfig(Config{});
  const std::string alphabet = "abz0159 .=_-\"'[]#\n\t\\{},:TZ\xc3\xa9";
  for (int round = 0; round < 1000; ++round) {
    std::string text = good;
    const int damages = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < damages; ++i) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1 + random() % 5);
          break;
      }
    }
    Loaded loaded = LoadText(text, "fuzz.toml");
    for (const std::string& problem : loaded.problems) {
      EXPECT_TRUE(problem.starts_with("fuzz.toml:")) << problem << "\n" << text;
      EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
    }
    if (!loaded.ok()) continue;
    for (const Option& option : config::AllOptions()) {
      if (!IsInteger(option)) continue;
      const std::uint64_t value = std::stoull(config::ValueText(option, loaded.config, false));
      EXPECT_GE(value, option.min) << option.key;
      EXPECT_LE(value, option.max) << option.key;
    }
  }
}

TEST(Config, EveryKeyOfTextTakesBareWordsFromTheCommandLine) {
  for (const Option& option : config::AllOptions()) {
    if (!IsText(option)) continue;
    Config defaults;
    std::string value = config::ValueText(option, defaults, false);
    value = value.substr(1, value.size() - 2);
    EXPECT_TRUE(OnlySets({std::string(option.key) + "=" + value}).ok())
        << option.key << "=" << value;
  }
}

}  // namespace
