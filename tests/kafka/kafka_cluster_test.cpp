#include "tests/kafka/kafka_cluster.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <thread>

namespace meent::tests {
namespace {

using namespace std::chrono_literals;

bool is_open(const std::string& address) {
  const auto colon = address.find(':');
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_connected =
      ::connect(socket, reinterpret_cast<const ::sockaddr*>(&to), sizeof to) == 0;
  ::close(socket);
  return is_connected;
}

bool comes_true(const std::function<bool()>& what, std::chrono::seconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!what()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

TEST(KafkaCluster, ABrokerCanBeKilledAndRevivedAndLeavesNothingBehind) {
  std::string address;
  std::filesystem::path folder;
  {
    KafkaCluster cluster({});
    address = cluster.addresses();
    folder = cluster.folder();
    EXPECT_TRUE(is_open(address));
    EXPECT_TRUE(std::filesystem::exists(folder));
    cluster.kill(1);
    EXPECT_FALSE(is_open(address));
    cluster.revive(1);
    EXPECT_TRUE(is_open(address));
  }
  EXPECT_FALSE(is_open(address));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(KafkaCluster, EndsWithAProcessThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const KafkaCluster cluster({});
    const auto said = cluster.addresses() + "\n" + cluster.folder().string() + "\n";
    if (::write(ends[1], said.data(), said.size()) < 0) ::_exit(1);
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  std::array<char, 1024> said{};
  const auto count = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  ASSERT_GT(count, 0);
  const std::string text(said.data(), static_cast<std::size_t>(count));
  const auto address = text.substr(0, text.find('\n'));
  const auto folder = text.substr(address.size() + 1, text.size() - address.size() - 2);
  EXPECT_TRUE(comes_true([&] { return !is_open(address); }, 10s));
  EXPECT_TRUE(comes_true([&] { return !std::filesystem::exists(folder); }, 10s));
}

}  // namespace
}  // namespace meent::tests
