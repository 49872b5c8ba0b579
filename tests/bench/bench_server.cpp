#include "tests/bench/bench_server.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <nlohmann/json.hpp>

extern char** environ;

namespace meent::bench {

using nlohmann::json;

namespace {

constexpr std::size_t longest_line = 4096;

pid_t spawn(const std::vector<std::string>& command, int* output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words.front(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) throw std::runtime_error(command.front() + " cannot be started");
  *output = ends[0];
  return pid;
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::string& ready_mark) {
  pid_ = spawn(command, &output_);
  char c = 0;
  while (!ready_mark.empty() && ready_line_.size() < longest_line) {
    if (read(output_, &c, 1) != 1) throw std::runtime_error(command.front() + " ended at once");
    if (c != '\n') {
      ready_line_ += c;
    } else if (ready_line_.find(ready_mark) != std::string::npos) {
      return;
    } else {
      ready_line_.clear();
    }
  }
}

Child::~Child() {
  stop();
}

void Child::stop() {
  end(SIGTERM);
}

void Child::kill() {
  end(SIGKILL);
}

void Child::end(int signal) {
  if (pid_ < 0) return;
  ::kill(pid_, signal);
  waitpid(pid_, nullptr, 0);
  close(output_);
  pid_ = -1;
}

std::string output_of(const std::vector<std::string>& command) {
  int output = -1;
  const auto pid = spawn(command, &output);
  std::string out;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(output, buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<std::size_t>(count));
  }
  close(output);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(command.front() + " failed: " + out);
  }
  return out;
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double processor_seconds(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  // The second field, a name in parentheses, may hold anything; utime and stime are the 14th and
  // the 15th.
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, kernel = 0;
  fields >> user >> kernel;
  return (user + kernel) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

BenchServer::BenchServer(std::string meent, std::filesystem::path folder)
    : meent_(std::move(meent)), folder_(std::move(folder)) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_.parent_path());
  const auto data = folder_.string();
  const auto platform = json::parse(
      output_of({meent_, "platform", "create", "bench", "--name", "Bench", "--data", data}));
  community.base = "/api/v1/platforms/" + platform.at("id").get<std::string>();
  const auto space = json::parse(output_of({meent_, "space", "create", "plein", "--platform",
                                            "bench", "--title", "Plein", "--data", data}));
  community.space = space.at("id");
  const auto token =
      json::parse(output_of({meent_, "token", "create", "--label", "bench", "--scope", "operate",
                             "--scope", "analyse", "--data", data}));
  operator_token_ = token.at("secret");
}

BenchServer::~BenchServer() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void BenchServer::start() {
  child_ = std::make_unique<Child>(
      std::vector<std::string>{meent_, "serve", "--data", folder_.string(), "--port", "0"},
      "serves at");
  const auto& line = child_->ready_line();
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

void BenchServer::stop() {
  child_.reset();
}

std::unique_ptr<api::ApiCaller> BenchServer::caller(const std::string& token) const {
  return api::remote_caller("http://127.0.0.1:" + std::to_string(port_),
                            token.empty() ? operator_token_ : token);
}

void BenchServer::populate(std::size_t people_count, std::size_t contribution_count) {
  bench::populate(
      community, [this](const std::string& token) { return caller(token); }, people_count,
      contribution_count);
}

void BenchServer::wait_for_views() const {
  const auto operator_caller = caller();
  for (int i = 0; i < 3000; ++i) {
    const auto state = json::parse(
        operator_caller
            ->call({.method = api::Method::get, .path = "/readyz", .body = {}, .headers = {}})
            .body);
    bool is_behind = false;
    for (const auto& view : state.at("views")) is_behind |= view.at("lag_envelopes") > 0;
    if (!is_behind) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("the views did not catch up within a minute");
}

double BenchServer::metric(const std::string& name) const {
  const auto text =
      caller()
          ->call({.method = api::Method::get, .path = "/metrics", .body = {}, .headers = {}})
          .body;
  const auto at = text.find("\n" + name + " ");
  if (at == std::string::npos) throw std::runtime_error("no metric " + name);
  return std::stod(text.substr(at + name.size() + 2));
}

}  // namespace meent::bench
