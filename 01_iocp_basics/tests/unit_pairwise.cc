// The pairs, on a connected socket and on a new one. Each is a test of its own, named after it:
// --gtest_filter='*connected_send_then_reuse'.
#include "tests/unit_pairwise.h"

#include <tuple>

#include "tests/unit_port_stress.h"

namespace course_test {
namespace {

class Pairwise : public ::testing::TestWithParam<std::tuple<Deed, Deed, bool>> {};

TEST_P(Pairwise, EndsAsPromised) {
  const auto [first, second, connected] = GetParam();
  const NothingLeftBehind books;
  Scene scene(connected, first, second);
  const auto during = [](const char* what) { return std::string("during ") + what; };
  {
    SCOPED_TRACE(during(ToString(first)));
    scene.Do(first);
  }
  if (HasFatalFailure()) return;
  {
    SCOPED_TRACE(during(ToString(second)));
    scene.Do(second);
  }
  {
    SCOPED_TRACE("using what is left");
    scene.UseWhatIsLeft();
  }
  SCOPED_TRACE("closing");
  scene.CloseAndCount();
}

INSTANTIATE_TEST_SUITE_P(All, Pairwise,
                         ::testing::Combine(::testing::ValuesIn(AllDeeds()),
                                            ::testing::ValuesIn(AllDeeds()), ::testing::Bool()),
                         [](const auto& pair) {
                           return std::string(std::get<2>(pair.param) ? "connected_" : "new_") +
                                  ToString(std::get<0>(pair.param)) + "_then_" +
                                  ToString(std::get<1>(pair.param));
                         });

}  // namespace
}  // namespace course_test
