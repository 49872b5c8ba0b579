#pragma once
#include <chrono>
#include <functional>

#include "eventstore/home.h"

/// A platform's way from one log into another: the very same record bytes (LOG.md §6,
/// docs/migrate.md).
namespace meent::eventstore {

struct MoveOptions {
  std::chrono::milliseconds patience{30'000};  ///< for one step that fails in passing
  /// Positions copied, of how many.
  std::function<void(std::uint64_t, std::uint64_t)> progress;
  Waiting waiting = Waiting::in_real_time();
};

struct MoveReport {
  domain::PlatformId platform;
  std::uint64_t position = 0;      ///< the last, the placing
  std::uint64_t record_count = 0;  ///< handed over by this run
  std::uint64_t key_count = 0;
  std::chrono::milliseconds closed{0};  ///< from the old log's last event until the new one took it
};

/// Moves, or goes on with a move that was cut off. Commands are taken by the old log until almost
/// all is copied; then by nobody; then by the new one. Throws MoveRefused, or StorageError: run it
/// again.
MoveReport move_platform(Home& from, Home& to, std::string_view id_or_slug,
                         const MoveOptions& options);

}  // namespace meent::eventstore
