#include "api/exchange/demo.h"

#include <spdlog/spdlog.h>

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>

#include "api/commands.h"
#include "api/exchange/demo_script.h"
#include "api/exchange/source.h"
#include "api/pages/web_files.h"
#include "api/platform_founding.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::array<std::string_view, 4> communities{"overijssel", "manege", "techniek",
                                                      "standaard"};
constexpr std::size_t most_under_way = 4000;

Requester importer() {
  Requester out;
  out.actor = {ActorKind::importer, {}};
  out.role = Role::operator_;
  out.scopes = static_cast<TokenScopes>(TokenScope::import_);
  out.viewer = {.person = {}, .role = Role::operator_, .is_signed_in = true, .may_analyse = false};
  return out;
}

std::expected<PlatformId, Problem> found(const Node& node, const DemoHead& head) {
  const auto genesis = node.store.partition().genesis;
  std::promise<std::expected<PlatformId, Problem>> answer;
  found_platform(node,
                 {.log = genesis ? genesis->log_id : LogId(),
                  .slug = head.slug,
                  .name = head.name,
                  .language = head.language,
                  .introduction = head.introduction,
                  .hosts = {},
                  .requester = local_operator(),
                  .idempotency_key = "demo/" + head.slug,
                  .request = "demo"},
                 [&answer](auto founded) { answer.set_value(std::move(founded)); });
  return answer.get_future().get();
}

/// Submits in order, a bounded number at a time, and counts what comes of it.
class Loading {
 public:
  Loading(const Node& node, PlatformId platform, SourceDigest source, std::string slug)
      : node_(node), platform_(platform), source_(source), slug_(std::move(slug)) {}

  void submit(const DemoStep& step, std::uint64_t row) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return under_way_ < most_under_way; });
      ++under_way_;
    }
    const bool is_dated = !step.is_operators;
    perform(node_.sequencer,
            Act{.platform = platform_,
                .command = step.command(node_.keys),
                .requester = step.is_operators ? local_operator() : importer(),
                .occurred_at = is_dated ? std::optional(step.at) : std::nullopt,
                .import_progress = eventstore::ImportProgress{source_, row + 1},
                .idempotency_key = "demo-row/" + slug_ + "/" + std::to_string(row),
                .request = "demo"},
            [this, row](const ActResult& result) { note(row, result); });
  }

  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  void note(std::uint64_t row, const ActResult& result) {
    if (!result) {
      const auto& problem = result.error();
      spdlog::warn("demo {}: row {} was refused: {} {}", slug_, row, problem.type->title,
                   problem.detail);
    }
    const std::scoped_lock lock(mutex_);
    ++(result ? accepted_ : refused_);
    --under_way_;
    changed_.notify_all();
  }

  const Node& node_;
  PlatformId platform_;
  SourceDigest source_;
  std::string slug_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

DemoReport load_demo(const Node& node) {
  DemoReport report;
  for (const auto community : communities) {
    const auto json = pages::web_file("demo/" + std::string(community) + ".json");
    const auto head = demo_head(json);
    const SourceDigest source(digest_of({"demo", head.slug}));
    auto platform = find_platform(node.store, head.slug);
    if (!platform || eventstore::import_progress(*node.store.state(platform->id), source) == 0) {
      const auto founded = found(node, head);
      if (!founded) {
        spdlog::warn("demo {}: not loaded, its slug is somebody else's: {}", head.slug,
                     founded.error().detail);
        continue;
      }
      platform = find_platform(node.store, founded->text());
    }
    const auto steps = demo_steps(json, platform->id, platform->record.created_at);
    const auto done = eventstore::import_progress(*node.store.state(platform->id), source);
    Loading loading(node, platform->id, source, head.slug);
    for (std::uint64_t row = done; row < steps.size(); ++row) loading.submit(steps[row], row);
    loading.finish();
    ++report.platform_count;
    report.accepted += loading.accepted();
    report.refused += loading.refused();
  }
  return report;
}

}  // namespace meent::api
