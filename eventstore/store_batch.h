#pragma once
#include "eventstore/store.h"

/// The store's write side. Only Applier uses it.
namespace meent::eventstore {

/// Everything that some consecutive log entries change; written all or none. Later puts of a key
/// replace earlier ones. Made by Store::begin, used once, by one thread.
class StoreBatch {
 public:
  virtual ~StoreBatch() = default;

  /// In the order read from the log; every envelope, void ones too. `offset` is at least the
  /// store's next offset and greater than the batch's last one. Moves next_offset to `offset + 1`,
  /// and the partition's place in the log behind `entry`.
  virtual void put_envelope(std::uint64_t offset, const EntryPlace& entry,
                            std::optional<VoidReason> void_reason, std::string_view bytes) = 0;
  /// The offset that `put_envelope` may use next.
  [[nodiscard]] virtual std::uint64_t next_offset() const = 0;
  /// Makes the record that lies in envelope `offset` findable, and the platform's tip its end.
  virtual void put_record(std::uint64_t offset, const RecordHeader& header, const Hash& hash,
                          domain::Timestamp recorded_at) = 0;
  virtual void put_partition(std::uint32_t number, const PartitionState& partition) = 0;
  virtual void put_checkpoint(const CheckpointMark& mark) = 0;

  virtual void put_state(domain::PlatformId platform, std::string_view key,
                         std::string_view value) = 0;
  virtual void erase_state(domain::PlatformId platform, std::string_view key) = 0;
  virtual void put_command(domain::PlatformId platform, domain::CommandId id,
                           const RememberedCommand& command) = 0;
  virtual void erase_command(domain::PlatformId platform, domain::CommandId id) = 0;
};

}  // namespace meent::eventstore
