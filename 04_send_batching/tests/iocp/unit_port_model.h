// Random programs against the port and a model of it: what both kinds of model test share.
//
// A program is a list of steps. Running one gives nullopt, or a sentence that says what the port
// did and the model did not allow. Steps name slots, not objects, and a step whose precondition
// does not hold does nothing: so any sub-list of a program is a program too, which is what lets a
// failing one be shrunk.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/test_support.h"

namespace course_test {

struct Step {
  int kind = 0;
  int slot = 0;
  int argument = 0;
};
using Program = std::vector<Step>;
using Verdict = std::optional<std::string>;  // nullopt: port and model agree

// Makes a failing program short: drops ever smaller runs of steps, then lowers arguments, as long
// as it still fails. The result fails under `run`, and no single step of it can be left out (unless
// the budget of runs or of time ended first).
Program Shrink(Program program, const std::function<Verdict(const Program&)>& run);

// "recv 0 16; peer_send 0 3; get 0 0": can be given back through COURSE_REPLAY.
std::string Print(const Program& program, const std::vector<std::string>& names);
// Reads what Print wrote; nullopt and a message on a word it does not know.
std::optional<Program> Parse(const std::string& text, const std::vector<std::string>& names);

// Runs `count` random programs (or COURSE_REPLAY); on the first failure shrinks it and fails the
// test with the short program, its seed, and the command that repeats it.
void CheckPrograms(int count, const std::vector<std::string>& names,
                   const std::function<Program(Random&)>& generate,
                   const std::function<Verdict(const Program&)>& run);

}  // namespace course_test
