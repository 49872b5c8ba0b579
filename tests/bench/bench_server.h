#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/exchange/caller.h"
#include "tests/bench/bench_community.h"

/// A real `meent serve` on a scratch folder, with a platform to load.
namespace meent::bench {

/// A child process; ended with SIGTERM, then waited for. What it prints once it is ready is
/// dropped.
class Child {
 public:
  /// Starts it; standard output is read until a line contains `ready_mark` (empty: not at all).
  Child(const std::vector<std::string>& command, const std::string& ready_mark);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& ready_line() const { return ready_line_; }
  void stop();
  void kill();  ///< kill -9

 private:
  void end(int signal);
  pid_t pid_ = -1;
  int output_ = -1;
  std::string ready_line_;
};

/// Everything a command prints, its exit code must be 0.
std::string output_of(const std::vector<std::string>& command);
/// Resident memory of a process, in bytes.
std::uint64_t resident_bytes(pid_t pid);
/// Processor time that a process and all its threads have taken, in seconds; 0 when there is none.
double processor_seconds(pid_t pid);

/// One server and the community on it.
class BenchServer {
 public:
  BenchServer(std::string meent, std::filesystem::path folder);
  ~BenchServer();
  void start();
  void stop();  ///< keeps the folder
  /// Registers people, each with a token, and places contributions.
  void populate(std::size_t people_count, std::size_t contribution_count);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return child_->pid(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// A caller with the operator's token, or a person's.
  [[nodiscard]] std::unique_ptr<api::ApiCaller> caller(const std::string& token = {}) const;
  /// Waits until every view has reached everything.
  void wait_for_views() const;
  /// Accepted commands and written groups since the start, from /metrics.
  [[nodiscard]] double metric(const std::string& name) const;

  BenchCommunity community;

 private:
  std::string meent_;
  std::filesystem::path folder_;
  std::unique_ptr<Child> child_;
  std::uint16_t port_ = 0;
  std::string operator_token_;
};

}  // namespace meent::bench
