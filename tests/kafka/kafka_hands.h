#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What strangers and administrators can do to topics, for tests. Every call waits until it is
/// done, at most some seconds, and throws std::runtime_error when it cannot be.
namespace meent::tests {

class KafkaHands {
 public:
  /// `settings`: for the client library, TLS and SASL say.
  explicit KafkaHands(const std::string& addresses,
                      const std::map<std::string, std::string>& settings = {});
  ~KafkaHands();

  /// Nothing for `value`: a tombstone.
  void put(const std::string& topic, std::uint32_t partition, std::optional<std::string_view> value,
           std::string_view key = {});
  /// In a transaction that is left open; `abort` ends it. One at a time.
  void put_in_transaction(const std::string& topic, std::uint32_t partition,
                          std::string_view value);
  void abort_transaction();

  void create(const std::string& topic, std::uint32_t partitions,
              const std::map<std::string, std::string>& settings);
  /// Gone for every broker when it returns.
  void remove(const std::string& topic);
  /// What is before this offset is deleted.
  void delete_records(const std::string& topic, std::uint32_t partition, std::uint64_t before);
  /// All settings that are not named go back to their defaults.
  void set(const std::string& topic, const std::map<std::string, std::string>& settings);

  /// Its value in force.
  std::string setting(const std::string& topic, const std::string& name);

  /// Names of all topics.
  std::vector<std::string> topics();
  /// The bytes of every message from offset 0 on, as a node gets them: of aborted transactions too.
  std::vector<std::string> values(const std::string& topic, std::uint32_t partition);

 private:
  struct Clients;
  std::unique_ptr<Clients> clients_;
};

}  // namespace meent::tests
