#include "api/platform_founding.h"

#include <deque>
#include <memory>

#include "domain/kind.h"

namespace meent::api {

using namespace domain;
using Done = std::function<void(std::expected<PlatformId, Problem>)>;

namespace {

/// The steps after the directory has registered the platform, one at a time.
struct Founding : std::enable_shared_from_this<Founding> {
  Founding(eventstore::Sequencer& sequencer_in, PlatformFounding request_in, Done done_in)
      : sequencer(sequencer_in), request(std::move(request_in)), done(std::move(done_in)) {}

  eventstore::Sequencer& sequencer;
  PlatformFounding request;
  Done done;
  PlatformId platform;
  std::deque<Command> left;
  int step = 0;

  Act act_of(PlatformId on, Command command) {
    return {.platform = on,
            .command = std::move(command),
            .requester = request.requester,
            .occurred_at = {},
            .import_progress = {},
            .idempotency_key = request.idempotency_key + "/founding/" + std::to_string(step++),
            .request = request.request};
  }

  void next() {
    if (left.empty()) return done(platform);
    auto command = std::move(left.front());
    left.pop_front();
    perform(sequencer, act_of(platform, std::move(command)),
            [self = shared_from_this()](ActResult result) {
              if (!result) return self->done(std::unexpected(result.error()));
              self->next();
            });
  }
};

}  // namespace

void found_platform(eventstore::Sequencer& sequencer, eventstore::Keys& keys,
                    PlatformFounding founding, Done done) {
  auto state = std::make_shared<Founding>(sequencer, std::move(founding), std::move(done));
  const auto& request = state->request;
  state->left.push_back(PlatformCommand(CreatePlatform{.log = request.log,
                                                       .platform_key = keys.create(),
                                                       .slug = request.slug,
                                                       .name = request.name,
                                                       .language = request.language,
                                                       .introduction = request.introduction}));
  for (auto& kind : default_kinds(request.language)) {
    state->left.push_back(KindCommand(DefineKind{std::move(kind)}));
  }
  const PlatformCommand command = RegisterPlatform{.platform = draw_id<PlatformId>(),
                                                   .slug = request.slug,
                                                   .name = request.name,
                                                   .hosts = request.hosts,
                                                   .partition = 0};
  perform(sequencer, state->act_of(directory_id(), command), [state](ActResult result) {
    if (!result) return state->done(std::unexpected(result.error()));
    state->platform = first_event<PlatformRegistered>(*result)->platform;
    state->next();
  });
}

}  // namespace meent::api
