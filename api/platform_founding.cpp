#include "api/platform_founding.h"

#include <deque>
#include <memory>

#include "api/cluster.h"
#include "domain/kind.h"

namespace meent::api {

using namespace domain;
namespace {

/// Every step has a key of its own, the same whenever it is made again.
Act act_of(const PlatformFounding& founding, PlatformId on, Command command, int step) {
  return {.platform = on,
          .command = std::move(command),
          .requester = founding.requester,
          .occurred_at = {},
          .import_progress = {},
          .idempotency_key = founding.idempotency_key + "/founding/" + std::to_string(step),
          .request = founding.request};
}

/// The steps after the directory has registered the platform, one at a time.
struct Founding : std::enable_shared_from_this<Founding> {
  Founding(eventstore::Sequencer& sequencer_in, PlatformFounding request_in, FoundingDone done_in)
      : sequencer(sequencer_in), request(std::move(request_in)), done(std::move(done_in)) {}

  eventstore::Sequencer& sequencer;
  PlatformFounding request;
  FoundingDone done;
  PlatformId platform;
  std::deque<Command> left;
  int step = 0;

  void next() {
    if (left.empty()) return done(platform);
    auto command = std::move(left.front());
    left.pop_front();
    perform(sequencer, act_of(request, platform, std::move(command), step++),
            [self = shared_from_this()](ActResult result) {
              if (!result) return self->done(std::unexpected(result.error()));
              self->next();
            });
  }
};

}  // namespace

void finish_founding(eventstore::Sequencer& sequencer, eventstore::Keys& keys,
                     PlatformFounding founding, PlatformId platform, FoundingDone done) {
  auto state = std::make_shared<Founding>(sequencer, std::move(founding), std::move(done));
  const auto& request = state->request;
  state->platform = platform;
  state->step = 1;
  state->left.push_back(PlatformCommand(CreatePlatform{.log = request.log,
                                                       .platform_key = keys.create(),
                                                       .slug = request.slug,
                                                       .name = request.name,
                                                       .language = request.language,
                                                       .introduction = request.introduction}));
  for (auto& kind : default_kinds(request.language)) {
    state->left.push_back(KindCommand(DefineKind{std::move(kind)}));
  }
  state->next();
}

void found_platform(const Node& node, PlatformFounding founding, FoundingDone done) {
  const auto partitions = node.store.partition().genesis.value_or(eventstore::Genesis{}).partitions;
  const auto id = draw_id<PlatformId>();
  const PlatformCommand command =
      RegisterPlatform{.platform = id,
                       .slug = founding.slug,
                       .name = founding.name,
                       .hosts = founding.hosts,
                       .partition = eventstore::partition_of(id, partitions)};
  perform(node.sequencer, act_of(founding, directory_id(), command, 0),
          [&node, founding, done = std::move(done)](const ActResult& result) {
            if (!result) return done(std::unexpected(result.error()));
            const auto platform = first_event<PlatformRegistered>(*result)->platform;
            if (node.cluster != nullptr) return node.cluster->found(founding, platform, done);
            finish_founding(node.sequencer, node.keys, founding, platform, done);
          });
}

}  // namespace meent::api
