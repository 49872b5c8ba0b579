#include "eventstore/replicated.h"

#include <pthread.h>
#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/platform.h"
#include "eventstore/embedded.h"

namespace meent::eventstore {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds turn{20};
constexpr std::chrono::seconds longest_start{60};

std::filesystem::path marker_of(const std::filesystem::path& folder) {
  return folder / "replicated";
}

void mark(const std::filesystem::path& folder, const Store& store, Files& files) {
  if (is_replicated_folder(folder, files)) return;
  if (store.next_offset() > 0) {
    throw StartRefused(folder.string() +
                       " holds a history of its own, not a copy of a replicated log. Give this "
                       "node an empty folder, and bring the history with `meent migrate`.");
  }
  auto file = files.open_slots(marker_of(folder));
  file->write_at(0, "This node's log lies in Kafka.\n");
  file->sync();
}

domain::IdBytes drawn() {
  domain::IdBytes bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

bool is_replicated_folder(const std::filesystem::path& folder, Files& files) {
  return files.exists(marker_of(folder));
}

std::unique_ptr<Replicated> Replicated::open(const std::filesystem::path& folder, Files& files,
                                             ReplicatedParts parts, SequencerOptions options) {
  std::unique_ptr<Replicated> node(new Replicated(parts.secret));
  node->store_ = Store::open({.folder = folder}, files);
  mark(folder, *node->store_, files);
  spdlog::info("{} offsets of the log are here; what came since is read now",
               node->store_->next_offset());
  node->keys_ = std::make_unique<SharedKeys>(Keys::open(folder / "keys", files),
                                             std::move(parts.keys), parts.secret);
  const auto end = std::chrono::steady_clock::now() + longest_start;
  while (!node->keys_->receive(turn)) {
    if (std::chrono::steady_clock::now() > end) {
      throw StorageError(
          "The topic of keys could not be read to its end within a minute. Are the "
          "brokers up?",
          false);
    }
  }
  node->log_ = std::move(parts.log);
  node->beats_ = std::move(parts.beats);
  options.claims_at_start = false;
  node->options_ = options;
  node->sequencer_ = Sequencer::start(*node->log_, *node->store_, *node->keys_, std::move(options));
  node->keys_thread_ = std::thread([raw = node.get()] { raw->run(&Replicated::receive_keys); });
  return node;
}

Replicated::~Replicated() {
  Replicated::stop();
}

/// A thread's whole life. What it cannot go on after ends the process.
void Replicated::run(void (Replicated::*turn_of)()) {
  try {
    while (!is_stopping_) (this->*turn_of)();
  } catch (const std::exception& error) {
    if (options_.fail_stop) return options_.fail_stop(error.what());
    end_process(error.what());
  }
}

void Replicated::receive_keys() {
  keys_->receive(turn);
}

void Replicated::join(std::string url, MembershipOptions pace) {
  if (member_thread_.joinable()) return;
  pace.node = domain::to_hex(drawn());
  pace.url = std::move(url);
  pace.level = options_.level;
  membership_ = std::make_unique<Membership>(std::move(beats_), *sequencer_, std::move(pace));
  joined_ = membership_.get();
  member_thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "meent-member");
    run(&Replicated::live);
  });
}

void Replicated::live() {
  const auto wall =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  membership_->step(std::chrono::steady_clock::now(), {wall}, turn);
  make_directory();
}

void Replicated::make_directory() {
  if (is_making_directory_ || sequencer_->role(0) != PartitionRole::owning ||
      store_->tip(domain::directory_id()).position > 0) {
    return;
  }
  is_making_directory_ = true;
  const auto log = store_->partition(0).genesis.value().log_id;
  sequencer_->submit(directory_founding(log, keys_->create(), options_.level),
                     [this](const Outcome& outcome) {
                       // Whoever made it first did: a refusal is as good.
                       if (std::holds_alternative<Unavailable>(outcome))
                         is_making_directory_ = false;
                     });
}

bool Replicated::leave(milliseconds at_most) {
  if (!membership_) return true;
  membership_->leave();
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!membership_->has_left(std::chrono::steady_clock::now())) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(turn);
  }
  return true;
}

void Replicated::stop() {
  is_stopping_ = true;
  if (member_thread_.joinable()) member_thread_.join();
  if (keys_thread_.joinable()) keys_thread_.join();
  if (sequencer_) sequencer_->stop();
}

}  // namespace meent::eventstore
