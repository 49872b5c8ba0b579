#include "tests/api/running_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "api/stream_intake.h"

namespace meent::api {

using namespace domain;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds longest_wait{10};
constexpr std::uintmax_t room_bytes = 1U << 30U;

/// In memory where there is room: what survives a loss of power is tested elsewhere.
std::filesystem::path quick_place() {
  std::error_code error;
  const std::filesystem::path memory = "/dev/shm";
  const auto space = std::filesystem::space(memory, error);
  if (!error && space.available > room_bytes) return memory;
  return std::filesystem::temp_directory_path();
}

std::string all_of(EventStream& stream) {
  std::string text;
  if (!take_all(stream, longest_wait, [&](std::string_view piece) { text += piece; })) {
    throw std::runtime_error("the stream says nothing");
  }
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
    : scratch_(std::make_unique<eventstore::ScratchFolder>(quick_place())),
      folder_(scratch_->path()) {
  open();
}

RunningNode::RunningNode(std::filesystem::path folder) : folder_(std::move(folder)) {
  open();
}

RunningNode::~RunningNode() {
  close();
}

void RunningNode::open() {
  has_written_ = false;
  const char* which = std::getenv("MEENT_TEST_NODE");
  if (which != nullptr) return open_members(std::string_view(which) == "owner");
  members_.push_back(std::make_unique<Serving>(LocalNodeOptions{.folder = folder_}, nullptr));
}

std::unique_ptr<Serving> RunningNode::open_member(const std::filesystem::path& folder) {
  using namespace eventstore;
  std::filesystem::create_directories(folder);
  KeyBytes secret{};
  secret.fill(1);
  auto replicated = Replicated::open(folder, real_files(),
                                     {.log = std::make_unique<SimLog>(shared_->log),
                                      .keys = shared_->keys.open(),
                                      .beats = shared_->beats.open(),
                                      .secret = secret},
                                     {});
  auto member =
      std::make_unique<Serving>(LocalNodeOptions{.folder = folder}, std::move(replicated));
  member->listen({.thread_count = 1});
  member->join("http://127.0.0.1:" + std::to_string(member->port()),
               {.beat_every = milliseconds(20), .ownership = {.dead_after = milliseconds(200)}});
  return member;
}

/// Partitions are spread evenly: of one partition two nodes own nothing, of two one.
void RunningNode::open_members(bool wants_owner) {
  using namespace eventstore;
  if (!shared_) {
    shared_ = std::make_unique<Shared>(wants_owner ? 1 : 2);
    const auto partitions = shared_->log.partitions();
    for (std::uint32_t number = 0; number < partitions; ++number) {
      const Genesis genesis{
          .log_id = LogId(IdBytes{7}), .partition = number, .partitions = partitions};
      shared_->log.put(encode_envelope({.epoch = 0, .writer = {}, .body = genesis}), number);
    }
  }
  for (int number = 0; number < 3; ++number) {
    members_.push_back(open_member(folder_ / ("node" + std::to_string(number))));
  }
  const std::size_t wanted = wants_owner ? 1 : 0;
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  for (;; std::this_thread::sleep_for(milliseconds(5))) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nobody owns the log");
    const auto counts = owned();
    if (!counts || std::ranges::max(*counts) > 1) continue;
    tested_ = static_cast<std::size_t>(std::ranges::find(*counts, wanted) - counts->begin());
    if (node().store.tip(directory_id()).position > 0) break;
  }
  settle();
}

std::optional<std::vector<std::size_t>> RunningNode::owned() const {
  std::vector<std::size_t> counts;
  std::size_t all = 0;
  for (const auto& member : members_) {
    auto& count = counts.emplace_back();
    for (const auto& one : member->replicated()->sequencer().partitions()) {
      count += one.role == eventstore::PartitionRole::owning ? 1U : 0U;
    }
    all += count;
  }
  if (all != shared_->log.partitions()) return std::nullopt;
  return counts;
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
  const auto* cluster = members_.empty() ? nullptr : node().cluster;
  if (cluster != nullptr && has_written_ && shared_->log.partitions() > 1) {
    EXPECT_GT(cluster->counts().forwarded, 0U) << "a follower answered by itself";
  }
  members_.clear();
}

void RunningNode::restart() {
  close();
  open();
}

void RunningNode::add_pages() {
  for (const auto& member : members_) member->add_pages();
}

void RunningNode::be_demo() {
  for (const auto& member : members_) member->local().node().is_demo = true;
}

std::uint16_t RunningNode::port() {
  if (!tested().is_listening()) tested().listen({.thread_count = 1});
  return tested().port();
}

void RunningNode::dispatch(Request& request, Respond respond) {
  tested().dispatch(request, std::move(respond));
}

Told RunningNode::dispatch(const Ask& wanted, bool is_local_operator) {
  Request request;
  request.method = method_from(wanted.method);
  request.method_name = wanted.method;
  request.target = wanted.target;
  request.headers = wanted.headers;
  request.body = wanted.body;
  request.is_local_operator = is_local_operator;
  request.is_loopback = wanted.is_loopback;
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
  has_written_ = true;
  return accepted(wanted, ask(wanted));
}

Json RunningNode::accept_locally(const Ask& wanted) {
  has_written_ = true;
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
