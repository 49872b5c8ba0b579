#pragma once
#include <filesystem>
#include <memory>

#include "eventstore/sequencer.h"

/// One machine's event store: store, RocksLog, keys and sequencer over one data folder.
namespace meent::eventstore {

/// The directory's first command, the same wherever it is made. `level`: where the log begins.
Submission directory_founding(domain::LogId log, domain::KeyId key, std::uint32_t level);

struct Embedded {
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Store> store;
  std::unique_ptr<Log> log;
  std::unique_ptr<Sequencer> sequencer;  ///< last in, first out

  Embedded() = default;
  Embedded(Embedded&&) noexcept = default;
  /// What was there ends first, in that order.
  Embedded& operator=(Embedded&& other) noexcept;
  ~Embedded() = default;

  /// Opens for writing; makes the folder and its directory platform when there is none.
  /// Throws StartRefused or StorageError.
  static Embedded open(const std::filesystem::path& folder, Files& files, SequencerOptions options);
};

}  // namespace meent::eventstore
