#include "tests/iocp/unit_port_model.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace course_test {

Program Shrink(Program program, const std::function<Verdict(const Program&)>& run) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto still_fails = [&](const Program& candidate) {
    return std::chrono::steady_clock::now() < end && run(candidate).has_value();
  };
  for (std::size_t chunk = std::max<std::size_t>(program.size() / 2, 1); chunk >= 1;) {
    bool dropped = false;
    for (std::size_t at = 0; at < program.size();) {
      Program candidate = program;
      const std::size_t stop = std::min(at + chunk, program.size());
      candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(at),
                      candidate.begin() + static_cast<std::ptrdiff_t>(stop));
      if (still_fails(candidate)) {
        program = std::move(candidate);
        dropped = true;
      } else {
        at += chunk;
      }
    }
    if (chunk == 1 && !dropped) break;
    if (!dropped || chunk > program.size()) chunk = std::max<std::size_t>(chunk / 2, 1);
    if (program.empty()) break;
  }
  for (Step& step : program) {
    while (step.argument > 0) {
      const int before = step.argument;
      step.argument /= 2;
      if (!still_fails(program)) {
        step.argument = before;
        break;
      }
    }
  }
  return program;
}

std::string Print(const Program& program, const std::vector<std::string>& names) {
  std::ostringstream text;
  const char* separator = "";
  for (const Step& step : program) {
    text << separator << names[static_cast<std::size_t>(step.kind)] << ' ' << step.slot << ' '
         << step.argument;
    separator = "; ";
  }
  return text.str();
}

std::optional<Program> Parse(const std::string& text, const std::vector<std::string>& names) {
  Program program;
  std::istringstream steps(text);
  for (std::string words; std::getline(steps, words, ';');) {
    std::istringstream fields(words);
    std::string name;
    Step step;
    if (!(fields >> name >> step.slot >> step.argument)) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    step.kind = static_cast<int>(found - names.begin());
    program.push_back(step);
  }
  return program;
}

void CheckPrograms(int count, const std::vector<std::string>& names,
                   const std::function<Program(Random&)>& generate,
                   const std::function<Verdict(const Program&)>& run) {
  if (const char* replay = std::getenv("COURSE_REPLAY")) {
    const auto program = Parse(replay, names);
    ASSERT_TRUE(program.has_value()) << "COURSE_REPLAY is not a program of this test";
    const Verdict verdict = run(*program);
    EXPECT_FALSE(verdict.has_value()) << *verdict;
    return;
  }
  const std::uint64_t seed = TestSeed();
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const Program program = generate(random);
    const Verdict verdict = run(program);
    if (!verdict) continue;
    const Program small = Shrink(program, run);
    const Verdict small_verdict = run(small);
    FAIL() << "program " << i << " of seed " << seed << ": " << *verdict << "\n  its "
           << program.size() << " steps: " << Print(program, names) << "\n  shrunk to "
           << small.size() << ": " << small_verdict.value_or("(does not fail every time: a race)")
           << "\n  repeat with COURSE_REPLAY='" << Print(small, names) << "'";
  }
}

}  // namespace course_test
