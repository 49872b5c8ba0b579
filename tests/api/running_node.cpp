#include "tests/api/running_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace meent::api {

using namespace domain;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds longest_wait{10};

class Intake : public EventStream::Outlet {
 public:
  void wake() override {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    changed_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, longest_wait, [&] { return is_woken_; })) {
      throw std::runtime_error("the stream says nothing");
    }
    is_woken_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
};

std::string all_of(EventStream& stream) {
  const auto intake = std::make_shared<Intake>();
  std::string text;
  stream.attach(intake);
  stream.drained();
  for (;;) {
    const auto taken = stream.take();
    std::size_t bytes = 0;
    for (const auto& chunk : taken.chunks) {
      text += chunk->text;
      bytes += chunk->text.size();
    }
    if (bytes > 0) stream.sent(bytes);
    if (taken.is_last) break;
    if (bytes > 0) stream.drained();
    if (taken.chunks.empty()) intake->wait();
  }
  stream.closed(StreamEnd::finished);
  return text;
}

}  // namespace

std::string Told::header(std::string_view name) const {
  return std::string(headers.find(name).value_or(""));
}

Json Told::json() const {
  auto parsed = Json::parse(body, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << status << ": " << body;
  return parsed;
}

std::string Told::problem() const {
  if (header("content-type") != "application/problem+json") return {};
  const auto type = json().value("type", "");
  return type.starts_with("/problems/") ? type.substr(10) : type;
}

std::vector<std::string> Told::fields() const {
  std::vector<std::string> out;
  const auto problem = json();
  for (const auto& error : problem.value("errors", Json::array())) {
    out.push_back(error.value("field", ""));
  }
  std::sort(out.begin(), out.end());
  return out;
}

RunningNode::RunningNode()
    : scratch_(std::make_unique<eventstore::ScratchFolder>()), folder_(scratch_->path()) {
  open();
}

RunningNode::RunningNode(std::filesystem::path folder) : folder_(std::move(folder)) {
  open();
}

RunningNode::~RunningNode() {
  close();
}

void RunningNode::open() {
  const char* nodes = std::getenv("MEENT_TEST_NODES");
  if (nodes != nullptr) return open_members(std::stoul(nodes));
  members_.push_back(std::make_unique<Serving>(LocalNodeOptions{.folder = folder_}, nullptr));
}

void RunningNode::open_members(std::size_t count) {
  using namespace eventstore;
  if (!shared_) {
    shared_ = std::make_unique<Shared>();
    for (std::uint32_t number = 0; number < shared_->log.partitions(); ++number) {
      const Genesis genesis{.log_id = LogId(IdBytes{7}),
                            .partition = number,
                            .partitions = shared_->log.partitions()};
      shared_->log.put(encode_envelope({.epoch = 0, .writer = {}, .body = genesis}), number);
    }
  }
  KeyBytes secret{};
  secret.fill(1);
  for (std::size_t number = 0; number < count; ++number) {
    const auto folder = folder_ / ("node" + std::to_string(number));
    std::filesystem::create_directories(folder);
    auto& member = *members_.emplace_back(
        std::make_unique<Serving>(LocalNodeOptions{.folder = folder},
                                  Replicated::open(folder, real_files(),
                                                   {.log = std::make_unique<SimLog>(shared_->log),
                                                    .keys = shared_->keys.open(),
                                                    .beats = shared_->beats.open(),
                                                    .secret = secret},
                                                   {})));
    member.listen({.thread_count = 1});
    member.join("http://127.0.0.1:" + std::to_string(member.port()),
                {.beat_every = milliseconds(20), .ownership = {.dead_after = milliseconds(200)}});
  }
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  const auto is_owned = [&] {
    std::size_t owned = 0;
    for (const auto& member : members_) {
      for (const auto& one : member->replicated()->sequencer().partitions()) {
        owned += one.role == PartitionRole::owning ? 1U : 0U;
      }
    }
    return owned == shared_->log.partitions();
  };
  while (!is_owned() || node().store.tip(directory_id()).position == 0) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nobody owns the log");
    std::this_thread::sleep_for(milliseconds(5));
  }
  settle();
}

void RunningNode::settle() const {
  if (!shared_) return;
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  const auto is_settled = [&] {
    for (std::uint32_t number = 0; number < shared_->log.partitions(); ++number) {
      const auto entries = shared_->log.entries(number);
      for (const auto& member : members_) {
        if (member->node().store.log_offset(number) <= entries.back().offset) return false;
      }
    }
    return true;
  };
  while (!is_settled()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nodes do not follow");
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void RunningNode::close() {
  members_.clear();
}

void RunningNode::restart() {
  close();
  open();
}

void RunningNode::add_pages() {
  for (const auto& member : members_) member->add_pages();
}

std::uint16_t RunningNode::port() {
  auto& first = *members_.front();
  if (!first.is_listening()) first.listen({.thread_count = 1});
  return first.port();
}

void RunningNode::dispatch(Request& request, Respond respond) {
  members_.front()->dispatch(request, std::move(respond));
}

Told RunningNode::dispatch(const Ask& wanted, bool is_local_operator) {
  Request request;
  request.method = method_from(wanted.method);
  request.method_name = wanted.method;
  request.target = wanted.target;
  request.headers = wanted.headers;
  request.body = wanted.body;
  request.is_local_operator = is_local_operator;
  if (!wanted.token.empty()) request.headers.add("Authorization", "Bearer " + wanted.token);
  if (!wanted.body.empty() && !wanted.content_type.empty()) {
    request.headers.add("Content-Type", wanted.content_type);
  }
  if (const auto parsed = parse_target(request); !parsed) throw std::runtime_error(parsed.error());

  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Response> response;
  };
  const auto waiting = std::make_shared<Waiting>();
  dispatch(request, Respond([waiting](Response response) {
             const std::lock_guard lock(waiting->mutex);
             waiting->response = std::move(response);
             waiting->changed.notify_one();
           }));
  std::unique_lock lock(waiting->mutex);
  const bool is_answered =
      waiting->changed.wait_for(lock, longest_wait, [&] { return waiting->response.has_value(); });
  // The request must outlive its answer: without one there is no going on.
  if (!is_answered) std::abort();
  settle();
  const auto& response = *waiting->response;
  return {response.status, response.headers,
          response.stream ? all_of(*response.stream) : std::string(response.body.view())};
}

Told RunningNode::ask(const Ask& wanted) {
  return dispatch(wanted, false);
}

Told RunningNode::ask_locally(const Ask& wanted) {
  return dispatch(wanted, true);
}

Told RunningNode::get(const std::string& target, const std::string& token) {
  return ask({.target = target, .token = token});
}

namespace {

Json accepted(const Ask& wanted, const Told& told) {
  EXPECT_TRUE(told.status == 200 || told.status == 201)
      << wanted.method << " " << wanted.target << ": " << told.status << " " << told.body;
  return told.json();
}

}  // namespace

Json RunningNode::accept(const Ask& wanted) {
  return accepted(wanted, ask(wanted));
}

Json RunningNode::accept_locally(const Ask& wanted) {
  return accepted(wanted, ask_locally(wanted));
}

void RunningNode::wait_for_views() {
  settle();
  for (const auto& member : members_) {
    ASSERT_TRUE(member->local().wait_for_views(std::chrono::seconds(100)));
  }
}

std::string RunningNode::log_end(const std::string& platform) const {
  const auto id = PlatformId::parse(platform).value_or(directory_id());
  const auto tip = node().store.tip(id);
  // Among several nodes claims may come at any time; they are no history.
  auto offset = node().store.next_offset();
  if (shared_) {
    offset = 0;
    for (const auto one : node().store.platforms({}, 1000))
      offset += node().store.tip(one).position;
  }
  return std::to_string(offset) + "@" + std::to_string(tip.position) + ":" +
         std::to_string(prefix_of(tip.hash));
}

std::string time_from_now(std::int64_t ms) {
  return rfc3339({wall_clock().ms + ms});
}

VillageNode::VillageNode() {
  platform = accept_locally({.method = "POST",
                             .target = "/api/v1/platforms",
                             .body = R"({"slug":"lindedorp","name":"Lindedorp","language":"nl",
                                         "hosts":["lindedorp.example"]})"})["id"];
  base = "/api/v1/platforms/" + platform;
  const auto space = [&](const Json& fields) -> std::string {
    return accept_locally(
        {.method = "POST", .target = base + "/spaces", .body = fields.dump()})["id"];
  };
  open_space = space({{"slug", "ideeen"}, {"title", "Ideeën"}, {"kinds", {"idea", "statement"}}});
  closed_space = space({{"slug", "archief"}, {"title", "Archief"}, {"kinds", {"idea"}}});
  anna = register_person("Anna Brandsma");
  bram = register_person("Bram Oosting");
  mina = register_person("Mina Haak", "moderator");
  as_anna = token(anna, {"act"});
  as_bram = token(bram, {"act"});
  as_mina = token(mina, {"act", "moderate"});
  as_mina_plain = token(mina, {"act"});
  as_operator = token({}, {"operate"});
  as_importer = token({}, {"import"});
  as_both = token({}, {"import", "operate"});
  as_analyst = token({}, {"analyse"});

  const Json bench{{"kind", "idea"},
                   {"title", "Een bankje bij de linde"},
                   {"body", "Onder de linde is **schaduw**."},
                   {"language", "nl"},
                   {"themes", {"groen"}}};
  const auto place = [&](const std::string& in, const Json& fields) -> std::string {
    return accept({.method = "POST",
                   .target = base + "/spaces/" + in + "/contributions",
                   .token = as_anna,
                   .body = fields.dump()})["id"];
  };
  idea = place(open_space, bench);
  closed_idea = place(closed_space, bench);
  accept_locally({.method = "PUT",
                  .target = base + "/spaces/" + closed_space,
                  .body = Json{{"slug", "archief"},
                               {"title", "Archief"},
                               {"kinds", {"idea"}},
                               {"closes_at", time_from_now(-1000)}}
                              .dump()});
  comment = accept({.method = "POST",
                    .target = base + "/contributions/" + idea + "/comments",
                    .token = as_bram,
                    .body = R"({"body":"Graag een bankje met leuning.","language":"nl"})"})["id"];
  hidden = place_statement(as_bram, "Koop nu goedkope tuinstoelen.");
  hidden_reason = "Dit is reclame.";
  accept({.method = "PUT",
          .target = base + "/contributions/" + hidden + "/moderation",
          .token = as_mina,
          .body = Json{{"verdict", "hidden"}, {"reason", hidden_reason}}.dump()});
  wait_for_views();
}

std::string VillageNode::token(const std::string& person, const std::vector<std::string>& scopes,
                               int valid_ms) {
  Json body{{"label", "proef"}, {"scopes", scopes}, {"expires_at", time_from_now(valid_ms)}};
  if (!person.empty()) body["person"] = person;
  return accept_locally(
      {.method = "POST", .target = base + "/tokens", .body = body.dump()})["secret"];
}

std::string VillageNode::register_person(const std::string& name, const std::string& role) {
  return accept_locally({.method = "POST",
                         .target = base + "/people",
                         .body = Json{{"name", name}, {"role", role}}.dump()})["id"];
}

std::string VillageNode::place_statement(const std::string& token, const std::string& body) {
  return accept(
      {.method = "POST",
       .target = base + "/spaces/" + open_space + "/contributions",
       .token = token,
       .body = Json{{"kind", "statement"}, {"body", body}, {"language", "nl"}}.dump()})["id"];
}

}  // namespace meent::api
