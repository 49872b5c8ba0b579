#include "api/cli/cli.h"
#include "consumers/follower.h"
#include "consumers/kafka_topic.h"
#include "consumers/publisher.h"

/// The composition root: the only file that sees both api and consumers.
namespace {

using namespace meent;

/// The publisher, as the server knows it.
class PublicTopic final : public api::RunningConsumers {
 public:
  PublicTopic(const eventstore::Store& store, const eventstore::Keys& keys,
              eventstore::Sequencer& sequencer, const api::cli::Publishing& publishing)
      : follower_(
            store, sequencer,
            [&keys, publishing] {
              return std::make_unique<consumers::Publisher>(
                  keys,
                  [kafka = publishing.kafka] { return consumers::connect_public_topic(kafka); },
                  consumers::Publisher::Options{.origin = publishing.origin});
            },
            {.name = publishing.name}) {}

  [[nodiscard]] std::vector<api::ConsumerHealth> health() const override {
    auto said = follower_.health();
    api::ConsumerHealth health{
        .name = said.name,
        .is_live = said.stopped_why.empty(),
        .error = said.stopped_why.empty() ? said.last_error : said.stopped_why,
        .done_count = said.done_count,
        .lag_events = said.lag_events,
        .furthest = {},
        .stopped_platforms = std::move(said.stopped_platforms)};
    for (const auto& one : said.furthest) health.furthest.emplace_back(one.platform, one.events);
    return {std::move(health)};
  }
  void stop() override { follower_.stop(); }

 private:
  consumers::Follower follower_;
};

}  // namespace

int main(int argc, char** argv) {
  const api::cli::Wiring wiring{
      .publish = [](const eventstore::Store& store, const eventstore::Keys& keys,
                    eventstore::Sequencer& sequencer, const api::cli::Publishing& publishing) {
        return std::make_unique<PublicTopic>(store, keys, sequencer, publishing);
      }};
  return api::cli::run(argc, argv, wiring);
}
