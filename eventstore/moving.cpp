#include "eventstore/moving.h"

#include <set>
#include <type_traits>

namespace meent::eventstore {

using namespace domain;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds pause{50};

/// Keys that the record's events are sealed under, or name.
void collect_keys(const std::string& bytes, std::set<KeyId>& keys) {
  const auto record = decode_record(bytes);
  if (!record) throw MoveRefused("A record cannot be read: " + record.error().what);
  for (const auto& commit : record->commits) {
    for (const auto& raw : commit.events) {
      for (const auto& part : raw.sealed) keys.insert(part.key);
      const auto event = decode_event(raw);
      if (!event) {
        throw MoveRefused("This version of meent does not know the event " + raw.type +
                          "; use the one that wrote it.");
      }
      if (const auto* of_platform = std::get_if<PlatformEvent>(&*event)) {
        if (const auto* created = std::get_if<PlatformCreated>(of_platform)) {
          keys.insert(created->platform_key);
        }
      } else if (const auto* of_person = std::get_if<PersonEvent>(&*event)) {
        if (const auto* registered = std::get_if<PersonRegistered>(of_person)) {
          keys.insert(registered->identity_key);
          keys.insert(registered->content_key);
        }
      }
    }
  }
}

class Move {
 public:
  Move(Home& from, Home& to, const MoveOptions& options)
      : from_(from), to_(to), options_(options) {}

  MoveReport run(std::string_view id_or_slug) {
    const auto source = ask([&] { return from_.log(); });
    const auto target = ask([&] { return to_.log(); });
    if (source == target) throw MoveRefused("Both sides are the same log, " + source.text() + '.');
    const auto resident = ask([&] { return registered(id_or_slug); });
    if (!resident) {
      throw MoveRefused(from_.name() + " has no platform " + std::string(id_or_slug) + '.');
    }
    if (resident->id == directory_id()) {
      throw MoveRefused("The directory belongs to its log; move the platforms it lists.");
    }
    report_.platform = resident->id;
    if (*resident->lives_in != source && *resident->lives_in != target) {
      throw MoveRefused("The platform lives in a third log, " + resident->lives_in->text() +
                        ": move it from there.");
    }
    const auto there = ask([&] { return to_.find(resident->id.text()); });
    const bool has_arrived = there && there->lives_in == target;
    if (!has_arrived) ask([&] { to_.enter(*resident); });
    at_ = there ? there->position : 0;
    // What is not there yet, while the old log still takes commands.
    copy(resident->position);
    const auto closed_at = options_.waiting.now();
    ask([&] { from_.place(resident->id, target); });
    close(target);
    if (!has_arrived) {
      report_.closed = std::chrono::duration_cast<milliseconds>(options_.waiting.now() - closed_at);
    }
    leave();
    return report_;
  }

 private:
  /// Repeats a step that fails in passing.
  template <class Step>
  std::invoke_result_t<Step> ask(Step step) {
    const auto end = options_.waiting.now() + options_.patience;
    while (true) {
      try {
        return step();
      } catch (const StorageError&) {
        if (options_.waiting.now() > end) throw;
      }
      options_.waiting.sleep(pause);
    }
  }

  /// By directory and history, each of which may come to a node later than the other.
  std::optional<Resident> registered(std::string_view id_or_slug) {
    auto found = from_.find(id_or_slug);
    if (found && found->id != directory_id() && (found->slug.empty() || !found->lives_in)) {
      throw StorageError(from_.name() + " has not read all about the platform yet.", true);
    }
    return found;
  }

  /// Everything up to at least this position.
  void copy(std::uint64_t until) {
    while (at_ < until) {
      const auto records = ask([&] { return from_.records(report_.platform, at_); });
      if (records.empty()) return;
      hand_over(records);
      if (options_.progress) options_.progress(std::min(at_, until), until);
    }
  }

  void hand_over(const std::vector<std::string>& records) {
    std::set<KeyId> keys;
    for (const auto& record : records) collect_keys(record, keys);
    std::vector<KeyId> fresh;
    for (const auto key : keys) {
      if (known_.insert(key).second) fresh.push_back(key);
    }
    if (!fresh.empty()) {
      const auto found = ask([&] { return from_.keys(fresh); });
      ask([&] { to_.take_keys(report_.platform, found); });
      report_.key_count += fresh.size();
    }
    ask([&] { to_.take(report_.platform, records); });
    report_.record_count += records.size();
    at_ = decode_record_header(records.back())->last_position();
  }

  /// The rest, with the placing as its end; then both sides end alike.
  void close(LogId target) {
    const auto here = ask([&] { return placed(from_, target, 0); });
    copy(here.position);
    const auto there = ask([&] { return placed(to_, target, here.position); });
    if (there.position == here.position && there.hash != here.hash) {
      throw MoveRefused("The histories of the two sides differ: one was restored from a backup.");
    }
    report_.position = here.position;
  }

  Resident placed(Home& home, LogId target, std::uint64_t at_least) {
    auto now = home.find(report_.platform.text());
    if (!now || now->lives_in != target || now->position < at_least) {
      throw StorageError(home.name() + " has not read the platform's last event yet.", true);
    }
    return *std::move(now);
  }

  /// The old directory keeps the slug, and gives the hosts back.
  void leave() {
    auto resident = ask([&] { return from_.find(report_.platform.text()); });
    if (!resident || resident->slug.empty() || resident->hosts.empty()) return;
    resident->hosts.clear();
    ask([&] { from_.enter(*resident); });
  }

  Home& from_;
  Home& to_;
  const MoveOptions& options_;
  MoveReport report_;
  std::uint64_t at_ = 0;  ///< the target has all up to here
  std::set<KeyId> known_;
};

}  // namespace

MoveReport move_platform(Home& from, Home& to, std::string_view id_or_slug,
                         const MoveOptions& options) {
  return Move(from, to, options).run(id_or_slug);
}

}  // namespace meent::eventstore
