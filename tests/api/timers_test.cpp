#include "api/timers.h"

#include <future>
#include <gtest/gtest.h>

namespace meent::api {
namespace {

using namespace std::chrono_literals;

TEST(Timers, RunInOrderOfTheirTimeAndNotBefore) {
  Timers timers;
  std::promise<std::string> done;
  std::string order;
  const auto began = std::chrono::steady_clock::now();
  timers.after(40ms, [&] { done.set_value(order + "b"); });
  timers.after(10ms, [&] { order += "a"; });
  EXPECT_EQ(done.get_future().get(), "ab");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 40ms);
}

TEST(Timers, DoNotRunOnceCancelled) {
  Timers timers;
  std::atomic<bool> has_run = false;
  const auto id = timers.after(20ms, [&] { has_run = true; });
  EXPECT_TRUE(timers.cancel(id));
  EXPECT_FALSE(timers.cancel(id));
  EXPECT_EQ(timers.waiting_count(), 0u);
  std::this_thread::sleep_for(40ms);
  EXPECT_FALSE(has_run);
}

TEST(Timers, DropWhatHasNotRunWhenTheyEnd) {
  const auto held = std::make_shared<int>(0);
  {
    Timers timers;
    timers.after(1h, [held] { ++*held; });
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

}  // namespace
}  // namespace meent::api
