// What TASK_INPUT adds to a failure, with GoogleTest.

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/support/task_input.h"

namespace {

// What the failures of `body` say; they do not count as failures of this test.
std::string FailureOf(const std::function<void()>& body) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter only_here(&results);
    body();
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) {
    text += results.GetTestPartResult(i).message();
  }
  return text;
}

TEST(TaskInput, AFailureNamesTaskInputCommandAndNote) {
  const int producers = 3;
  const std::string text = FailureOf([&] {
    TASK_INPUT("04.3", producers << " producers, seed 77, pieces of 5");
    EXPECT_EQ(producers, 4) << "the check itself";
  });
  for (const char* part :
       {"the check itself", "task 04.3: ./course task 04.3\n",
        "\ninput: 3 producers, seed 77, pieces of 5\n", "\nagain: COURSE_SEED=77 ",
        "unit_task_input", " --gtest_filter=TaskInput.AFailureNamesTaskInputCommandAndNote\n",
        "/tasks/04.3.md"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
}

TEST(TaskInput, ASuccessSaysNothing) {
  EXPECT_EQ(FailureOf([] {
              TASK_INPUT("04.3", "anything");
              EXPECT_EQ(1, 1);
            }),
            "");
}

TEST(TaskInput, ItsBlockEnded) {
  const std::string text = FailureOf([] {
    { TASK_INPUT("04.3", "gone"); }
    ADD_FAILURE();
  });
  EXPECT_NE(text, "");
  EXPECT_EQ(text.find("04.3"), std::string::npos) << text;
}

TEST(TaskInput, OnlyASeedBecomesASeed) {
  EXPECT_EQ(support::SeedIn("5 bytes, seed 12345678901234567890"), "12345678901234567890");
  EXPECT_EQ(support::SeedIn("seed 1, then seed 2, 3 clients"), "2");
  EXPECT_EQ(support::SeedIn("no seed"), "");
  EXPECT_EQ(support::SeedIn("5 bytes"), "");
}

TEST(TaskInput, PathsWithSpacesOrOtherLettersStayOneWord) {
  EXPECT_EQ(support::ShellWord("/home/a/bin/unit_x"), "/home/a/bin/unit_x");
  EXPECT_EQ(support::ShellWord("/home/a b/bin"), "'/home/a b/bin'");
  EXPECT_EQ(support::ShellWord("/홈/bin"), "'/홈/bin'");
  EXPECT_EQ(support::ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(support::ShellWord(""), "''");
}

}  // namespace
