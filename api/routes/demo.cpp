#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <mutex>

#include "api/exchange/demo_script.h"
#include "api/routes/routes.h"

namespace meent::api {

using namespace domain;

namespace {

constexpr std::uint64_t most_rows = 1000;  // of one request: well below a node's patience

Requester importer() {
  Requester out;
  out.actor = {ActorKind::importer, {}};
  out.role = Role::operator_;
  out.scopes = static_cast<TokenScopes>(TokenScope::import_);
  out.viewer = {.person = {}, .role = Role::operator_, .is_signed_in = true, .may_analyse = false};
  return out;
}

/// Some steps, submitted in order and answered together. The same rows asked for again are the same
/// commands under the same keys: that is how a part that was broken off is mended.
class DemoPart : public std::enable_shared_from_this<DemoPart> {
 public:
  DemoPart(const Node& node, const Request& request, Respond respond)
      : node_(node), request_(request), respond_(std::move(respond)) {}

  void submit(const Platform& platform, std::string_view community, std::uint64_t from) {
    const auto file = demo_file(community);
    const auto slug = demo_head(file).slug;
    const auto steps = demo_steps(file, platform.id, platform.record.created_at);
    all_ = steps.size();
    next_ = std::min<std::uint64_t>(all_, from + most_rows);
    for (auto row = from; row < next_; ++row) {
      const auto& step = steps[row];
      {
        const std::lock_guard lock(mutex_);
        ++under_way_;
      }
      perform(node_.sequencer,
              Act{.platform = platform.id,
                  .command = step.command(node_.keys),
                  .requester = step.is_operators ? local_operator() : importer(),
                  .occurred_at = step.is_operators ? std::nullopt : std::optional(step.at),
                  .import_progress = eventstore::ImportProgress{demo_source(slug), row + 1},
                  .idempotency_key = "demo-row/" + slug + "/" + std::to_string(row),
                  .request = "demo",
                  .after = request_.least_applied},
              [part = shared_from_this(), slug, row](const ActResult& result) {
                part->note(slug, row, result);
              });
    }
    finish_one();
  }

 private:
  void note(const std::string& slug, std::uint64_t row, const ActResult& result) {
    {
      const std::lock_guard lock(mutex_);
      if (result) {
        accepted_ += result->is_repeat ? 0 : 1;
      } else if (result.error().type->status >= 500) {
        fault_ = result.error();
      } else {
        ++refused_;
        spdlog::warn("demo {}: row {} was refused: {} {}", slug, row, result.error().type->title,
                     result.error().detail);
      }
    }
    finish_one();
  }

  void finish_one() {
    {
      const std::lock_guard lock(mutex_);
      if (--under_way_ > 0) return;
    }
    if (fault_) return respond_(to_response(*fault_, request_));
    JsonWriter json;
    json.open_object()
        .field("accepted", accepted_)
        .field("refused", refused_)
        .field("next", next_)
        .field("all", all_)
        .close_object();
    respond_(Response::json(json.take()));
  }

  const Node& node_;
  const Request& request_;
  Respond respond_;
  std::uint64_t next_ = 0, all_ = 0;
  std::mutex mutex_;           ///< what follows
  std::size_t under_way_ = 1;  ///< commands, and the one who submits them
  std::uint64_t accepted_ = 0, refused_ = 0;
  std::optional<Problem> fault_;  ///< why the rows must be asked for again
};

void fill(const Node& node, const Request& request, Respond respond) {
  const auto community = request.path_parameter("community");
  const auto platform = find_platform(node.store, request.path_parameter("platform"));
  const bool is_known = std::ranges::find(demo_communities, community) != demo_communities.end();
  // Nothing for anyone who comes from outside.
  if (!request.is_local_operator || !platform || !is_known) {
    return respond(to_response(not_found(), request));
  }
  const auto text = request.query_value("from").value_or("");
  std::uint64_t from = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), from);
  if (error != std::errc() || end != text.data() + text.size()) {
    return respond(
        to_response(invalid_parameter("from", "A row of the demo, from 0 on."), request));
  }
  std::make_shared<DemoPart>(node, request, std::move(respond))->submit(*platform, community, from);
}

}  // namespace

void add_demo_route(Router& router, const Node& node) {
  Operation row;
  row.id = "fillDemo";
  row.summary = "Some steps of a demo community, by the node that owns its platform";
  row.guard = "may_act(import), and by the installation's own operator only";
  router.add({Method::post, "/internal/v1/platforms/{platform}/demo/{community}", row,
              [&node](const Request& request, Respond respond) {
                fill(node, request, std::move(respond));
              }});
}

}  // namespace meent::api
