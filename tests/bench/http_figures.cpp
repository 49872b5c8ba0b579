#include "tests/bench/http_figures.h"

#include <atomic>
#include <fstream>
#include <thread>
#include <nlohmann/json.hpp>

#include "eventstore/store.h"
#include "tests/bench/load_client.h"
#include "tests/bench/raw_loop.h"
#include "tests/bench/stream_clients.h"

namespace meent::bench {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

double ms(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::string get_request(const std::string& path, const std::string& token) {
  std::string out = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (!token.empty()) out += "Authorization: Bearer " + token + "\r\n";
  return out + "\r\n";
}

LoadResult load_supports(const BenchServer& server, LoadOptions options) {
  options.port = server.port();
  return load_supports(server.community, options);
}

LoadResult load_page(std::uint16_t port, const std::string& request, milliseconds duration) {
  auto result = run_load({.port = port,
                          .connection_count = 16,
                          .pipeline_depth = 1,
                          .duration = duration,
                          .warm_up = milliseconds(300)},
                         [&](std::size_t, std::uint64_t, std::string& out) { out += request; });
  if (result.count_of(200) != result.answer_count) throw std::runtime_error("a page was refused");
  return result;
}

/// nginx with one file, on a free port.
class Nginx {
 public:
  Nginx(const std::filesystem::path& folder, const std::string& body, std::uint16_t port)
      : port_(port) {
    std::filesystem::create_directories(folder / "html");
    std::ofstream(folder / "html" / "page.json") << body;
    std::ofstream(folder / "nginx.conf")
        << "daemon off; worker_processes 2; pid " << (folder / "nginx.pid").string()
        << "; error_log stderr error;\nevents { worker_connections 1024; }\nhttp { access_log off; "
           "sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type "
           "application/json; open_file_cache max=10; server { listen 127.0.0.1:"
        << port << "; root " << (folder / "html").string() << "; } }\n";
    child_ = std::make_unique<Child>(std::vector<std::string>{"nginx", "-p", folder.string(), "-c",
                                                              (folder / "nginx.conf").string()},
                                     "");
    std::this_thread::sleep_for(milliseconds(500));
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  std::unique_ptr<Child> child_;
};

/// Sends supports until the platform has about so many events.
void grow_to(BenchServer& server, std::uint64_t events) {
  const auto done = static_cast<std::uint64_t>(server.metric("meent_commands_accepted_total"));
  if (done >= events) return;
  load_supports(server, {.connection_count = 32,
                         .pipeline_depth = 32,
                         .duration = std::chrono::minutes(10),
                         .warm_up = milliseconds(0),
                         .request_limit = events - done});
  server.wait_for_views();
}

/// What one look takes after one act was answered, both over one connection: until it shows.
class Looker {
 public:
  Looker(const BenchServer& server, const std::string& token) : caller_(server.caller(token)) {}

  void look(const std::string& view, api::ApiRequest act, const std::string& path) {
    const auto answer = caller_->call(std::move(act));
    if (!answer.is_good()) throw std::runtime_error("act refused: " + answer.body);
    const auto began = Clock::now();
    const auto token = nlohmann::json::parse(answer.body).at("token").get<std::string>();
    const auto seen = caller_->call({.method = api::Method::get,
                                     .path = path,
                                     .body = {},
                                     .headers = {{"Meent-After", token}}});
    if (!seen.is_good()) throw std::runtime_error("look refused: " + seen.body);
    delays[view].record(Clock::now() - began);
  }
  std::map<std::string, Histogram> delays;

 private:
  std::unique_ptr<api::ApiCaller> caller_;
};

}  // namespace

void support_rate(BenchServer& server, double seconds, const Emit& emit) {
  server.wait_for_views();
  const auto from = static_cast<std::uint64_t>(server.metric("meent_log_next_offset"));
  const auto accepted_before = server.metric("meent_commands_accepted_total");
  const auto result =
      load_supports(server, {.connection_count = 64,
                             .pipeline_depth = 16,
                             .duration = milliseconds(static_cast<std::int64_t>(seconds * 1000)),
                             .warm_up = milliseconds(1000)});
  const auto accepted = server.metric("meent_commands_accepted_total") - accepted_before;
  server.wait_for_views();
  server.stop();
  RawLoop raw;
  {
    const auto store = eventstore::Store::open({.folder = server.folder(), .read_only = true},
                                               eventstore::real_files());
    raw = run_raw_loop(*store, from, server.folder() / "raw");
  }
  server.start();
  const auto rate = result.per_second();
  const auto tell = [&](const std::string& what, double seconds) {
    const auto raw_rate = accepted / seconds;
    emit({.name = "durable supports over HTTP, all views running",
          .value = rate,
          .unit = "commands/s",
          .reference = "raw RocksDB, " + what + ", same syncs (" +
                       std::to_string(static_cast<std::uint64_t>(raw_rate)) + "/s)",
          .ratio = rate / raw_rate,
          .aim = "ratio 0.5, 20000/s",
          .met = rate / raw_rate >= 0.5 && rate >= 20000});
  };
  tell("the log's bytes", raw.envelope_seconds);
  tell("every row", raw.row_seconds);
  emit({.name = "  commands a group",
        .value = accepted / static_cast<double>(std::max<std::size_t>(raw.envelope_count, 1)),
        .unit = "commands"});
  emit(
      {.name = "  answer time, median", .value = ms(result.latency.percentile(0.5)), .unit = "ms"});
  emit({.name = "  answer time, p99", .value = ms(result.latency.percentile(0.99)), .unit = "ms"});
}

void feed_page_against_nginx(BenchServer& server, const Emit& emit) {
  const auto path = server.community.space_path() + "/contributions?limit=20";
  const auto page =
      server.caller()->call({.method = api::Method::get, .path = path, .body = {}, .headers = {}});
  const auto nginx_port = static_cast<std::uint16_t>(server.port() ^ 0x1);
  const Nginx nginx(server.folder().parent_path() / "nginx", page.body, nginx_port);
  double ours = 0, theirs = 0;
  for (int round = 0; round < 3; ++round) {  // in turn, so that a drifting machine is fair to both
    ours += load_page(server.port(), get_request(path, {}), milliseconds(1500)).per_second();
    theirs +=
        load_page(nginx.port(), get_request("/page.json", {}), milliseconds(1500)).per_second();
  }
  emit({.name = "feed page of 20 items (" + std::to_string(page.body.size()) + " bytes)",
        .value = ours / 3,
        .unit = "pages/s",
        .reference = "nginx, same bytes from a file",
        .ratio = ours / theirs,
        .aim = "1.0, at least 0.7",
        .met = ours / theirs >= 0.7});
}

void feed_page_as_history_grows(BenchServer& server, std::uint64_t most_events, const Emit& emit) {
  const auto path = server.community.space_path() + "/contributions?limit=20&sort=top";
  const auto request = get_request(path, server.community.people.front().token);
  double first = 0;
  for (const std::uint64_t events : {std::uint64_t{10'000}, std::uint64_t{100'000}, most_events}) {
    grow_to(server, events);
    const auto result =
        run_load({.port = server.port(),
                  .connection_count = 1,
                  .duration = milliseconds(1500),
                  .warm_up = milliseconds(300)},
                 [&](std::size_t, std::uint64_t, std::string& out) { out += request; });
    const auto median = ms(result.latency.percentile(0.5));
    if (first == 0) first = median;
    emit({.name = "feed page, not cached, at " + std::to_string(events) + " events, median",
          .value = median,
          .unit = "ms",
          .reference = "at 10000 events",
          .ratio = median / first,
          .aim = "at most 1.2",
          .met = median / first <= 1.2});
  }
  const auto megabytes = static_cast<double>(resident_bytes(server.pid())) / 1e6;
  emit({.name = "resident memory after " + std::to_string(most_events) + " events",
        .value = megabytes,
        .unit = "MB",
        .reference = {},
        .ratio = {},
        .aim = "less than 400 MB",
        .met = megabytes < 400});
}

void long_thread(BenchServer& server, const Emit& emit) {
  const auto comments =
      server.community.base + "/contributions/" + server.community.contributions[0] + "/comments";
  std::uint64_t number = 0;
  run_load({.port = server.port(),
            .connection_count = 8,
            .pipeline_depth = 16,
            .duration = std::chrono::minutes(5),
            .warm_up = milliseconds(0),
            .request_limit = 10'000},
           [&](std::size_t, std::uint64_t, std::string& out) {
             const auto body = R"({"language":"nl","body":"Reactie )" + std::to_string(++number) +
                               R"( over het bankje bij de molen."})";
             out += "POST " + comments + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                    server.community.people[number % server.community.people.size()].token +
                    "\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body;
           });
  server.wait_for_views();
  const auto request =
      get_request(comments + "?limit=20&depth=2", server.community.people.front().token);
  const auto result =
      run_load({.port = server.port(),
                .connection_count = 1,
                .duration = milliseconds(1500),
                .warm_up = milliseconds(300)},
               [&](std::size_t, std::uint64_t, std::string& out) { out += request; });
  const auto median = ms(result.latency.percentile(0.5));
  emit({.name = "first page of a thread of 10000 comments, over HTTP, not cached, median",
        .value = median,
        .unit = "ms",
        .reference = {},
        .ratio = {},
        .aim = "under 1 ms",
        .met = median < 1});
}

void visibility_delay(BenchServer& server, double rate, const Emit& emit) {
  server.wait_for_views();
  std::atomic<bool> is_over = false;
  std::thread load([&] {
    load_supports(server, {.connection_count = 16,
                           .pipeline_depth = 16,
                           .duration = std::chrono::seconds(12),
                           .warm_up = milliseconds(500),
                           .rate_per_second = rate});
    is_over = true;
  });
  const auto& person = server.community.people.front();
  Looker looker(server, person.token);
  std::this_thread::sleep_for(milliseconds(700));
  const auto item = server.community.base + "/contributions/" + server.community.contributions[1];
  const nlohmann::json idea{
      {"kind", "idea"}, {"title", "Nieuw"}, {"body", "x"}, {"language", "nl"}};
  for (int i = 0; !is_over; ++i) {
    const api::ApiRequest support{api::Method::put, item + "/support", R"({"stance":"agree"})", {}};
    looker.look("tally", support, item + "/tally");
    looker.look("feed", support, item);
    looker.look("thread",
                {api::Method::post, item + "/comments", R"({"body":"ja","language":"nl"})", {}},
                item + "/comments?order=newest&limit=1");
    if (i % 20 == 0) {
      looker.look(
          "search",
          {api::Method::post, server.community.space_path() + "/contributions", idea.dump(), {}},
          server.community.base + "/search?q=nieuw&limit=1");
    }
  }
  load.join();
  for (const auto& [view, delays] : looker.delays) {
    const double aim = view == "search" ? 1000 : 10;
    const auto p99 = ms(delays.percentile(0.99));
    const auto at = " at " + std::to_string(static_cast<int>(rate)) + " commands/s";
    emit({.name = "from answer to visible in " + view + at + ", median",
          .value = ms(delays.percentile(0.5)),
          .unit = "ms"});
    emit({.name = "from answer to visible in " + view + at + ", p99",
          .value = p99,
          .unit = "ms",
          .reference = {},
          .ratio = {},
          .aim = view == "search" ? "under 1 s" : "under 10 ms",
          .met = p99 < aim});
  }
}

void stream_clients(BenchServer& server, std::size_t count, double rate, const Emit& emit) {
  server.wait_for_views();
  const auto before = resident_bytes(server.pid());
  StreamClients clients({.port = server.port(),
                         .path = server.community.base + "/events",
                         .headers = "Accept: text/event-stream\r\n",
                         .client_count = count});
  if (!clients.wait_until_following(std::chrono::seconds(30))) {
    throw std::runtime_error("not every stream client was answered");
  }
  const auto opened = resident_bytes(server.pid());
  const auto fed = load_supports(server, {.connection_count = 4,
                                          .pipeline_depth = 4,
                                          .duration = std::chrono::seconds(10),
                                          .warm_up = milliseconds(0),
                                          .rate_per_second = rate});
  const bool all = clients.wait_for_events(fed.answer_count, std::chrono::seconds(30));
  const auto counts = clients.counts();
  emit({.name = "stream clients that got every event, at " +
                std::to_string(static_cast<int>(rate)) + " events/s",
        .value = static_cast<double>(all ? counts.following_count : 0),
        .unit = "clients",
        .reference = "clients connected",
        .ratio = static_cast<double>(all ? counts.following_count : 0) / static_cast<double>(count),
        .aim = "all",
        .met = all && counts.following_count == count});
  emit({.name = "  memory a stream client",
        .value = static_cast<double>(opened - before) / static_cast<double>(count) / 1e3,
        .unit = "kB"});
}

}  // namespace meent::bench
