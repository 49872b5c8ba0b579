#pragma once
#include <memory>
#include <string>
#include <vector>

#include "eventstore/applier.h"
#include "eventstore/fault_files.h"
#include "eventstore/kafka_options.h"
#include "eventstore/keys.h"
#include "eventstore/log.h"
#include "eventstore/sim_log.h"
#include "eventstore/store.h"

/// One node over one log, driven by hand: what the sequencer and a follower do, step by step.
namespace meent::eventstore::contract {

enum class LogKind : std::uint8_t { rocks, sim, kafka };
/// "RocksLog" and so on.
std::string name_of(LogKind kind);
/// Those that the contract is held against here; each executable has its own.
std::vector<LogKind> contract_logs();

class LogNode {
 public:
  explicit LogNode(LogKind kind);

  Log& log() { return *log_; }
  Store& store() { return *store_; }
  /// Of LogKind::sim only.
  SimBroker& broker() { return broker_; }
  /// A second reader of the same log, from the start.
  std::unique_ptr<Log> another_reader();
  /// How long an entry that is in the log may take to be given out.
  [[nodiscard]] std::chrono::milliseconds patience() const;

  /// Appends and, as the owner does, reads and applies until nothing more comes.
  std::vector<AppliedEntry> write(const std::vector<Envelope>& envelopes);
  std::vector<AppliedEntry> write_bytes(const std::vector<std::string>& envelopes);
  std::vector<AppliedEntry> apply_what_comes();
  /// The process ends and starts again; the disk keeps what it has.
  void restart();
  /// The next write's outcome is unknown: it is there after a restart, or it is not.
  void make_next_write_unknown(bool lands);
  /// What an unknown write left behind shows now, if it ever does.
  void settle();

  // Envelopes ----------------------------------------------------------------------------------

  /// Not for LogKind::kafka, whose topic begins with one.
  Envelope genesis() const;
  /// The next epoch's, by a writer of this number.
  Envelope claim(std::uint8_t writer) const;
  /// The platform's next group by the present claimant: one event that is known to the codec.
  Envelope group(domain::PlatformId platform, std::uint8_t variant = 0) const;
  void begin();  ///< genesis and a first claim, applied

 private:
  void open();
  std::vector<AppliedEntry> apply(std::size_t expected);

  enum class Fault : std::uint8_t { none, unknown_and_lands, unknown_and_lost };

  LogKind kind_;
  KafkaOptions options_;
  Fault fault_ = Fault::none;  ///< of LogKind::kafka: what the coming write meets
  std::size_t coming_ = 0;     ///< written with unknown outcome, and known to land
  FaultFiles files_;
  SimBroker broker_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Applier> applier_;
};

domain::PlatformId platform_of(std::uint8_t number);
WriterId writer_of(std::uint8_t number);

/// "applied", or the reason.
std::string verdict_of(const AppliedEntry& entry);
std::vector<std::string> verdicts_of(const std::vector<AppliedEntry>& entries);

/// The bytes of every entry from the reader's place on.
std::vector<std::string> read_all(Log& log);

}  // namespace meent::eventstore::contract
