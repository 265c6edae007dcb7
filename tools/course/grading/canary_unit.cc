// A case that has to fail, in every GoogleTest program that is graded: who makes failures disappear
// makes this one disappear, too. Its name is new in every run.
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

class Canary : public testing::Test {
  void TestBody() override { ADD_FAILURE() << "the grader's own case: it has to fail"; }
};

[[maybe_unused]] const bool registered = [] {
  const char* name = std::getenv("COURSE_CANARY");
  if (name == nullptr) return false;
  testing::RegisterTest(name, "HasToFail", nullptr, nullptr, __FILE__, __LINE__,
                        []() -> Canary* { return new Canary; });
  unsetenv("COURSE_CANARY");
  return true;
}();

}  // namespace
