#include "api/event_stream.h"

#include <gtest/gtest.h>

namespace meent::api {
namespace {

struct CountingOutlet : EventStream::Outlet {
  int wakes = 0;
  void wake() override { ++wakes; }
};

std::string text_of(const EventStream::Taken& taken) {
  std::string all;
  for (const auto& chunk : taken.chunks) all += chunk->text;
  return all;
}

TEST(EventStream, GivesWhatWasPushedInOrder) {
  const auto stream = EventStream::make({});
  EXPECT_TRUE(stream->push("a"));
  EXPECT_TRUE(stream->push("b"));
  const auto taken = stream->take();
  EXPECT_EQ(text_of(taken), "ab");
  EXPECT_FALSE(taken.is_last);
}

TEST(EventStream, WakesItsOutletOncePerTake) {
  const auto stream = EventStream::make({});
  const auto outlet = std::make_shared<CountingOutlet>();
  stream->push("before");
  stream->attach(outlet);
  EXPECT_EQ(outlet->wakes, 1);
  stream->push("more");
  EXPECT_EQ(outlet->wakes, 1);
  stream->take();
  stream->push("again");
  EXPECT_EQ(outlet->wakes, 2);
}

TEST(EventStream, EndsWithTheFarewellOfTheLastAcceptedCursorWhenItsClientIsTooSlow) {
  EventStream::Options options;
  options.buffer_limit_bytes = 10;
  options.farewell = [](StreamEnd end, std::string_view cursor) {
    return (end == StreamEnd::too_slow ? "slow:" : "other:") + std::string(cursor);
  };
  const auto stream = EventStream::make(options);
  EXPECT_TRUE(stream->push("12345", "c1"));
  EXPECT_TRUE(stream->push("67890", "c2"));
  EXPECT_FALSE(stream->push("x", "c3"));
  EXPECT_FALSE(stream->push("", "c4")) << "nothing may follow what was refused";
  const auto taken = stream->take();
  EXPECT_EQ(text_of(taken), "1234567890slow:c2");
  EXPECT_TRUE(taken.is_last);
  EXPECT_EQ(taken.end, StreamEnd::too_slow);
}

TEST(EventStream, CountsWhatIsTakenButNotYetSentAgainstItsLimit) {
  EventStream::Options options;
  options.buffer_limit_bytes = 10;
  const auto stream = EventStream::make(options);
  EXPECT_TRUE(stream->push("1234567890"));
  stream->take();
  EXPECT_EQ(stream->buffered_bytes(), 10u);
  stream->sent(4);
  EXPECT_TRUE(stream->push("1234"));
  EXPECT_FALSE(stream->push("5"));
}

TEST(EventStream, FinishesWithoutFarewell) {
  EventStream::Options options;
  options.farewell = [](StreamEnd, std::string_view) { return std::string("bye"); };
  const auto stream = EventStream::make(options);
  stream->push("a");
  stream->finish();
  const auto taken = stream->take();
  EXPECT_EQ(text_of(taken), "a");
  EXPECT_TRUE(taken.is_last);
}

TEST(EventStream, TellsOfItsEndOnceAndLetsGoOfItsCallbacks) {
  const auto held = std::make_shared<int>(0);
  EventStream::Options options;
  options.on_close = [held](StreamEnd) { ++*held; };
  const auto stream = EventStream::make(std::move(options));
  stream->closed(StreamEnd::client_left);
  stream->closed(StreamEnd::client_left);
  EXPECT_EQ(*held, 1);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(stream->push("late"));
}

TEST(EventStream, AsksForMoreWhenDrainedUntilItIsOver) {
  int asked = 0;
  EventStream::Options options;
  options.on_drained = [&](EventStream& stream) {
    if (++asked == 2) stream.finish();
  };
  const auto stream = EventStream::make(std::move(options));
  stream->drained();
  stream->push("more");
  stream->drained();
  EXPECT_EQ(asked, 1) << "something is still to be sent";
  stream->take();
  stream->sent(4);
  stream->drained();
  stream->drained();
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace meent::api
