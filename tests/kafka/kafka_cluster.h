#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

/// Real brokers for tests: ops/kafka as a child process. They end with this object, and when this
/// process ends in whatever way.
namespace meent::tests {

class KafkaCluster {
 public:
  struct Options {
    int brokers = 1;      ///< 1 or 3
    bool secure = false;  ///< a second listener with TLS, SASL and rights (ops/kafka says which)
    std::vector<std::string> settings;  ///< more of them, KEY=VALUE
  };

  /// Waits until they can be used (3 to 10 s). Throws std::runtime_error when they cannot, with
  /// what ops/kafka said on standard error.
  explicit KafkaCluster(const Options& options);
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;
  ~KafkaCluster();

  /// One broker for all tests of this executable, started when it is first asked for.
  static KafkaCluster& shared();

  [[nodiscard]] const std::string& addresses() const { return addresses_; }
  [[nodiscard]] const std::string& secure_addresses() const { return secure_addresses_; }
  /// Holds ca.pem when secure.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // One broker, numbered from 1. Each returns when it is done; throws when it cannot be.
  void kill(int broker) { order("kill", broker); }      ///< kill -9
  void halt(int broker) { order("halt", broker); }      ///< a proper stop
  void revive(int broker) { order("revive", broker); }  ///< after kill or halt
  void pause(int broker) { order("pause", broker); }    ///< SIGSTOP
  void resume(int broker) { order("resume", broker); }  ///< SIGCONT

 private:
  void order(const std::string& what, int broker);
  std::string read_line(std::chrono::seconds longest);

  std::filesystem::path folder_;
  std::string addresses_;
  std::string secure_addresses_;
  pid_t child_ = -1;
  int orders_ = -1;   ///< its standard input
  int answers_ = -1;  ///< its standard output
  std::string unread_;
};

/// A topic prefix that no other test uses.
std::string fresh_prefix();

}  // namespace meent::tests
