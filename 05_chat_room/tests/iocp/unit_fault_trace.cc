// The trace: a program run with IOCP_TRACE leaves valid trace-event JSON, however it ends, and the
// events tell enough to rebuild the port's structures step by step.
#ifndef _WIN32

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <variant>

#include "iocp/inspect.h"
#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// --- JSON, as much as a check of a trace needs ------------------------------------------------------

struct Json;
using Object = std::map<std::string, Json>;
using Array = std::vector<Json>;
struct Json {
  std::variant<std::nullptr_t, bool, double, std::string, std::shared_ptr<Array>,
               std::shared_ptr<Object>>
      value;

  const Object& object() const { return *std::get<std::shared_ptr<Object>>(value); }
  const Array& array() const { return *std::get<std::shared_ptr<Array>>(value); }
  const std::string& text() const { return std::get<std::string>(value); }
  double number() const { return std::get<double>(value); }
};

// Strict (RFC 8259) apart from \u escapes, which stay as written. Throws std::runtime_error.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Json Document() {
    Json json = Value();
    Space();
    if (at_ != text_.size()) Fail("something follows the document");
    return json;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw std::runtime_error(what + " at byte " + std::to_string(at_));
  }
  void Space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  char Peek() {
    Space();
    if (at_ == text_.size()) Fail("the document ends early");
    return text_[at_];
  }
  void Expect(char c) {
    if (Peek() != c) Fail(std::string("expected ") + c);
    ++at_;
  }
  Json Value() {
    switch (Peek()) {
      case '{':
        return {Members()};
      case '[':
        return {Elements()};
      case '"':
        return {String()};
      case 't':
        return Word("true", {true});
      case 'f':
        return Word("false", {false});
      case 'n':
        return Word("null", {nullptr});
      default:
        return {Number()};
    }
  }
  Json Word(const std::string& word, Json json) {
    if (text_.compare(at_, word.size(), word) != 0) Fail("an unknown word");
    at_ += word.size();
    return json;
  }
  double Number() {
    std::size_t used = 0;
    double number = 0;
    try {
      number = std::stod(text_.substr(at_, 40), &used);
    } catch (const std::exception&) {
      Fail("not a number");
    }
    at_ += used;
    return number;
  }
  std::string String() {
    Expect('"');
    std::string result;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) Fail("a control character in a string");
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      result += text_[at_];
    }
    Expect('"');
    return result;
  }
  std::shared_ptr<Array> Elements() {
    auto array = std::make_shared<Array>();
    Expect('[');
    if (Peek() == ']') return ++at_, array;
    for (;;) {
      array->push_back(Value());
      if (Peek() == ']') return ++at_, array;
      Expect(',');
    }
  }
  std::shared_ptr<Object> Members() {
    auto object = std::make_shared<Object>();
    Expect('{');
    if (Peek() == '}') return ++at_, object;
    for (;;) {
      if (Peek() != '"') Fail("expected a name");
      std::string name = String();
      Expect(':');
      if (!object->emplace(std::move(name), Value()).second) Fail("a name twice");
      if (Peek() == '}') return ++at_, object;
      Expect(',');
    }
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

// --- the program that is traced: this one, run again ----------------------------------------------------

constexpr int kPosts = 20;

// Does not run by itself: the tests below start it in a process of its own.
TEST(DISABLED_TracedProgram, Runs) {
  const Handle port = MakePort(1);
  iocp::NameThread("main \"quoted\" \\ name");
  Connection connection = Connect();
  Associate(port, connection.ours, 0x55);
  std::thread worker([&] {
    iocp::NameThread("worker");
    for (int i = 0; i < kPosts + 1; ++i) EXPECT_TRUE(Dequeue(port).ok);
  });
  Operation receive;
  char more[8];
  WSABUF buffers[] = {{100, receive.buffer}, {sizeof more, more}};
  DWORD flags = 0;
  EXPECT_NE(WSARecv(connection.ours, buffers, 2, nullptr, &flags, &receive, nullptr), 0);
  EXPECT_EQ(WSAGetLastError(), WSA_IO_PENDING);
  for (int i = 0; i < kPosts; ++i) PostQueuedCompletionStatus(port, 0, 1, nullptr);
  SendAll(connection.peer, "x");
  worker.join();
  const char* end = std::getenv("TRACED_PROGRAM_ENDS_BY");
  if (end != nullptr && std::string(end) == "exit") std::exit(7);
  if (end != nullptr && std::string(end) == "kill") raise(SIGKILL);
}

Json TraceOf(const char* ends_by) {
  const auto path =
      std::filesystem::temp_directory_path() / ("trace_" + std::to_string(getpid()) + ".json");
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const pid_t child = fork();
  if (child == 0) {
    setenv("IOCP_TRACE", path.c_str(), 1);
    setenv("TRACED_PROGRAM_ENDS_BY", ends_by, 1);
    unsetenv("GTEST_OUTPUT");
    execl(self.c_str(), self.c_str(), "--gtest_also_run_disabled_tests",
          "--gtest_filter=DISABLED_TracedProgram.*", "--gtest_brief=1", nullptr);
    _exit(127);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (std::string(ends_by) == "kill") {
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
  } else {
    EXPECT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), std::string(ends_by) == "exit" ? 7 : 0);
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  const std::string document = text.str();
  EXPECT_FALSE(document.empty());
  return Parser(document).Document();
}

// Each event has what the trace-event format demands.
void CheckEvents(const Json& trace, bool complete) {
  const Array& events = trace.object().at("traceEvents").array();
  ASSERT_FALSE(events.empty());
  double last = 0;
  for (const Json& json : events) {
    const Object& event = json.object();
    const std::string& phase = event.at("ph").text();
    EXPECT_FALSE(event.at("name").text().empty());
    EXPECT_GT(event.at("pid").number(), 0);
    ASSERT_NE(std::string("MiBEC").find(phase), std::string::npos) << phase;
    if (phase == "M") continue;
    if (phase != "C") {
      EXPECT_GT(event.at("tid").number(), 0);
    }
    last = std::max(last, event.at("ts").number());
  }
  if (complete) {
    EXPECT_GT(last, 0);
  }
}

class TraceTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TraceTest, FileIsValidTraceEventJson) {
  try {
    // A killed program loses what it had not written yet; what is there must be valid all the same.
    CheckEvents(TraceOf(GetParam()), std::string(GetParam()) != "kill");
  } catch (const std::exception& error) {
    FAIL() << error.what();
  }
}
INSTANTIATE_TEST_SUITE_P(EndsBy, TraceTest, ::testing::Values("return", "exit", "kill"),
                         [](const auto& end) { return std::string(end.param); });

// Replays the trace: queue lengths, the threads' places and the devices add up at every step.
TEST(Trace, StructuresCanBeRebuilt) {
  const Json trace = TraceOf("return");
  std::map<std::string, long> queue;                                // port -> packets
  std::map<double, std::string> place;                              // thread -> list
  std::map<std::string, std::map<std::string, std::string>> lists;  // port -> device -> key
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const Json& json : trace.object().at("traceEvents").array()) {
    const Object& event = json.object();
    const std::string& name = event.at("name").text();
    if (event.at("ph").text() == "M" && name == "thread_name") {
      names.push_back(event.at("args").object().at("name").text());
    }
    if (event.at("ph").text() != "i") continue;
    ++seen[name];
    const Object& args = event.at("args").object();
    if (name == "packet queued") {
      const std::string& port = args.at("port").text();
      EXPECT_EQ(++queue[port], static_cast<long>(args.at("queue").number()));
    } else if (name == "packet taken") {
      const std::string& port = args.at("port").text();
      EXPECT_EQ(--queue[port], static_cast<long>(args.at("queue").number()));
    } else if (name == "thread moved") {
      std::string& now = place[args.at("thread").number()];
      EXPECT_EQ(now.empty() ? "none" : now, args.at("from").text());
      now = args.at("to").text();
    } else if (name == "device associated") {
      EXPECT_TRUE(lists[args.at("port").text()]
                      .emplace(args.at("device").text(), args.at("key").text())
                      .second);
    } else if (name == "device removed") {
      EXPECT_EQ(lists[args.at("port").text()].erase(args.at("device").text()), 1u);
    } else if (name == "operation issued") {
      EXPECT_EQ(args.at("buffers").number(), 2);
      EXPECT_EQ(args.at("length").number(), 108);
    }
  }
  EXPECT_EQ(seen["packet queued"], kPosts + 1);
  EXPECT_EQ(seen["packet taken"], kPosts + 1);
  EXPECT_EQ(seen["port created"], 1);
  EXPECT_EQ(seen["port closed"], 1);
  EXPECT_EQ(seen["device associated"], 1);
  EXPECT_EQ(seen["device removed"], 1);
  EXPECT_EQ(seen["operation issued"], 1);
  EXPECT_EQ(seen["operation completed"], 1);
  EXPECT_EQ(names.size(), 2u);
  EXPECT_NE(std::find(names.begin(), names.end(), "main \"quoted\" \\ name"), names.end());
}

}  // namespace

#endif  // _WIN32
