// Reference model, operations: random programs, and proof that a wrong model is found.
#include "tests/iocp/unit_port_model_io.h"

namespace course_test {
namespace {

const std::vector<std::string> kIoNames = {
    "open",  "associate", "skip_on_success", "recv",     "send",       "cancel_all", "cancel_one",
    "close", "shut_recv", "peer_send",       "peer_fin", "peer_reset", "post",       "get"};

Verdict RunProgram(const Program& program, Mistake mistake = Mistake::kNone) {
  return IoSession(program, mistake).Run();
}

Program GenerateIo(Random& random) {
  // Weights: mostly traffic; ends of connections are rarer, or there would be no traffic.
  static constexpr std::array<int, kKinds> kWeights = {8, 8, 1, 20, 8, 2, 4, 2, 1, 20, 2, 2, 8, 26};
  static constexpr int kTotal = 112;
  Program program;
  for (int slot = 0; slot < kSlots; ++slot) {
    program.push_back({kOpen, slot, 0});
    if (!random.OneIn(4)) program.push_back({kAssociate, slot, 0});
  }
  const std::size_t length = 5 + random.Below(40);
  while (program.size() < length) {
    int roll = static_cast<int>(random.Below(kTotal));
    int kind = 0;
    while (roll >= kWeights[static_cast<std::size_t>(kind)]) {
      roll -= kWeights[static_cast<std::size_t>(kind)];
      ++kind;
    }
    program.push_back(
        {kind, static_cast<int>(random.Below(kSlots)), static_cast<int>(random.Below(100))});
  }
  return program;
}

TEST(PortModel, RandomProgramsAgreeWithTheModel) {
  const int count = (RunningUnderWine() ? 300 : 2000) * StressFactor();
  CheckPrograms(count, kIoNames, GenerateIo,
                [](const Program& program) { return RunProgram(program); });
}

// A harness that cannot fail proves nothing: each mistake put into the model must be found, and the
// program that shows it must come out short.
void ExpectMistakeIsFound(Mistake mistake, std::size_t at_most) {
  Random random(TestSeed());
  // What the network decides may hide a mistake once: only a program that shows it three times
  // counts.
  const auto run = [mistake](const Program& program) {
    Verdict verdict = RunProgram(program, mistake);
    for (int i = 0; i < 2 && verdict; ++i) verdict = RunProgram(program, mistake);
    return verdict;
  };
  for (int i = 0; i < 500; ++i) {
    const Program program = GenerateIo(random);
    if (!run(program)) continue;
    const Program small = Shrink(program, run);
    EXPECT_LE(small.size(), at_most) << Print(small, kIoNames);
    EXPECT_TRUE(run(small).has_value());
    EXPECT_FALSE(RunProgram(small).has_value()) << "the right model must accept the same program";
    const auto parsed = Parse(Print(small, kIoNames), kIoNames);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_TRUE(run(*parsed).has_value()) << "the printed program must replay";
    return;
  }
  FAIL() << "500 random programs did not show the mistake";
}

TEST(PortModelHarness, FindsPostsLastInFirstOut) {
  ExpectMistakeIsFound(Mistake::kPostsAreLifo, 6);
}
TEST(PortModelHarness, FindsCancelWithoutAPacket) {
  ExpectMistakeIsFound(Mistake::kCancelLeavesNoPacket, 6);
}
TEST(PortModelHarness, FindsPostsWithoutTheirBytes) {
  ExpectMistakeIsFound(Mistake::kPostsCarryNoBytes, 6);
}
TEST(PortModelHarness, FindsMissingPacketOfAnImmediateCompletion) {
  ExpectMistakeIsFound(Mistake::kImmediateHasNoPacket, 6);
}

}  // namespace
}  // namespace course_test
