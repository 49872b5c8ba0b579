#pragma once
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "eventstore/membership.h"
#include "eventstore/shared_keys.h"

/// One node of several over one replicated log: follows all of it, and writes the partitions that
/// are its to write (LOG.md §5).
namespace meent::eventstore {

/// How the nodes are connected.
struct ReplicatedParts {
  std::unique_ptr<Log> log;
  std::unique_ptr<Topic> keys;
  std::unique_ptr<Topic> beats;
  KeyBytes secret{};  ///< the cluster's
};

/// In the data folder of a node of a cluster: its history is not the node's own to write.
bool is_replicated_folder(const std::filesystem::path& folder, Files& files);

class Replicated {
 public:
  /// Opens the folder, or makes it; has all keys when it returns, and follows the log.
  /// Throws StartRefused or StorageError.
  static std::unique_ptr<Replicated> open(const std::filesystem::path& folder, Files& files,
                                          ReplicatedParts parts, SequencerOptions options);
  ~Replicated();  ///< stops
  Replicated(const Replicated&) = delete;
  Replicated& operator=(const Replicated&) = delete;

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] SharedKeys& keys() { return *keys_; }
  [[nodiscard]] Sequencer& sequencer() { return *sequencer_; }
  [[nodiscard]] const KeyBytes& secret() const { return secret_; }

  /// From now on this node answers at `url`: it beats, and takes its share of the partitions.
  /// `pace`: how often and how fast; node and url are set here.
  void join(std::string url, MembershipOptions pace = {});
  /// Nothing before `join`. Threads: any.
  [[nodiscard]] const Membership* membership() const { return joined_; }
  /// Lets the others take over what this node owns. False: not within `at_most`.
  bool leave(std::chrono::milliseconds at_most);
  void stop();

 private:
  explicit Replicated(const KeyBytes& secret) : secret_(secret) {}
  void run(void (Replicated::*turn)());
  void receive_keys();
  void live();
  void make_directory();

  KeyBytes secret_;
  SequencerOptions options_;
  std::unique_ptr<SharedKeys> keys_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<Topic> beats_;  ///< until `join`
  std::unique_ptr<Membership> membership_;
  std::atomic<const Membership*> joined_ = nullptr;  ///< the same, for whoever asks meanwhile
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_making_directory_ = false;
  std::thread keys_thread_, member_thread_;
};

}  // namespace meent::eventstore
