#include "tests/kafka/kafka_cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <stdexcept>

namespace meent::tests {
namespace {

using namespace std::chrono_literals;

std::string numbered(const std::string& start) {
  static std::atomic<int> count = 0;
  return start + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

/// Both ends closed in children, but for what is handed on by name.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe can be made");
  return ends;
}

}  // namespace

KafkaCluster::KafkaCluster(const Options& options)
    : folder_(std::filesystem::path(MEENT_BINARY_DIR) / "kafka" / numbered("")) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto to_child = make_pipe();
  const auto from_child = make_pipe();
  orders_ = to_child[1];
  answers_ = from_child[0];
  std::vector<std::string> words = {std::string(MEENT_SOURCE_DIR) + "/ops/kafka",
                                    "run",
                                    "--folder",
                                    folder_.string(),
                                    "--brokers",
                                    std::to_string(options.brokers)};
  if (options.secure) words.emplace_back("--secure");
  for (const auto& setting : options.settings) {
    words.emplace_back("--set");
    words.push_back(setting);
  }
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
  const int error =
      ::posix_spawn(&child_, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(to_child[0]);
  ::close(from_child[1]);
  if (error != 0) throw std::runtime_error("ops/kafka cannot be started");
  constexpr auto longest_start = 120s;
  for (auto line = read_line(longest_start); line != "ready"; line = read_line(longest_start)) {
    constexpr std::string_view secure = "secure ";
    if (line.starts_with(secure)) {
      secure_addresses_ = line.substr(secure.size());
    } else {
      addresses_ = line;
    }
  }
}

KafkaCluster::~KafkaCluster() {
  ::close(orders_);  // which is its order to end
  int status = 0;
  ::waitpid(child_, &status, 0);
  ::close(answers_);
}

KafkaCluster& KafkaCluster::shared() {
  static KafkaCluster cluster({});
  return cluster;
}

void KafkaCluster::order(const std::string& what, int broker) {
  const auto line = what + " " + std::to_string(broker) + "\n";
  if (::write(orders_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("ops/kafka has ended");
  }
  if (read_line(100s) != "done") throw std::runtime_error("ops/kafka could not " + line);
}

std::string KafkaCluster::read_line(std::chrono::seconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (true) {
    const auto found = unread_.find('\n');
    if (found != std::string::npos) {
      auto line = unread_.substr(0, found);
      unread_.erase(0, found + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    ::pollfd ready{.fd = answers_, .events = POLLIN, .revents = 0};
    if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      throw std::runtime_error("ops/kafka did not answer in time");
    }
    std::array<char, 256> bytes{};
    const auto count = ::read(answers_, bytes.data(), bytes.size());
    if (count <= 0) throw std::runtime_error("ops/kafka has ended");
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

std::string fresh_prefix() {
  return numbered("t-");
}

}  // namespace meent::tests
