#include "eventstore/lane.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "eventstore/level.h"
#include "eventstore/own_tables.h"

namespace meent::eventstore {

namespace {

constexpr std::size_t most_content_keys = 100'000;

Unavailable unavailable(Unavailable::Why why, std::string detail) {
  return {.why = why, .detail = std::move(detail)};
}

std::optional<domain::PersonId> person_of(const domain::Actor& actor) {
  const bool is_person =
      actor.kind == domain::ActorKind::person || actor.kind == domain::ActorKind::officer;
  return is_person ? std::optional(domain::PersonId(actor.id)) : std::nullopt;
}

const domain::CreatePlatform* founding(const domain::Command& command) {
  const auto* of_platform = std::get_if<domain::PlatformCommand>(&command);
  return of_platform == nullptr ? nullptr : std::get_if<domain::CreatePlatform>(of_platform);
}

}  // namespace

Lane::Lane(const Store& store, const Keys& keys, domain::PlatformId id, domain::LogId log)
    : store_(store), keys_(keys), id_(id), log_(log), state_(store, id) {
  reload();
}

void Lane::reload() {
  state_.discard();
  content_keys_.clear();
  undurable_.clear();
  applied_ = store_.tip(id_);
  if (applied_.position == 0) applied_.hash = first_prev_hash(id_);
  next_position_ = applied_.position + 1;
  handed_position_ = applied_.position;
  recorded_at_ = applied_.recorded_at;
  see_home();
}

/// A platform lives in one log at a time (LOG.md §6).
void Lane::see_home() {
  moved_.reset();
  const auto record = domain::find<domain::PlatformRecord>(state_, {});
  if (record && record->log != log_) {
    moved_ = "The platform lives in another log, " + record->log.text() + '.';
  }
}

void Lane::decide(Pending& pending, domain::Timestamp now, std::vector<Answer>& immediate) {
  if (const auto& why = stopped_ ? stopped_ : moved_) {
    immediate.push_back(
        {std::move(pending.done), unavailable(Unavailable::Why::platform_stopped, *why)});
    return;
  }
  const auto& submission = pending.submission;
  now = std::max(now, recorded_at_);
  const auto mark = mark_of(submission);
  if (mark && answer_repeat(pending, *mark, now, immediate)) return;

  const domain::Context context{.platform = id_,
                                .actor = submission.actor,
                                .role = submission.role,
                                .recorded_at = now,
                                .occurred_at = submission.occurred_at};
  const auto decided = domain::decide(state_, submission.command, context);
  if (!decided) return answer(std::move(pending.done), Refused{decided.error()}, immediate);
  if (const auto level = level_missing(*decided, store_)) {
    return answer(std::move(pending.done),
                  unavailable(Unavailable::Why::level_too_low,
                              "This needs the log at level " + std::to_string(*level) +
                                  ". Once every node has this software, an operator runs `meent "
                                  "level raise`; until then nothing of it is written."),
                  immediate);
  }
  if (!mark) {
    return answer(std::move(pending.done),
                  unavailable(Unavailable::Why::platform_stopped,
                              "The platform has no key to remember commands with."),
                  immediate);
  }
  accept(pending, *mark, context, *decided, immediate);
}

std::optional<domain::KeyId> Lane::key_of(const Submission& submission) {
  if (const auto person = person_of(submission.actor)) {
    const auto known = content_keys_.find(*person);
    if (known != content_keys_.end()) return known->second;
    if (const auto record = domain::find<domain::PersonRecord>(state_, *person)) {
      if (content_keys_.size() >= most_content_keys) content_keys_.clear();
      content_keys_.emplace(*person, record->content_key);
      return record->content_key;
    }
  }
  if (const auto record = domain::find<domain::PlatformRecord>(state_, {})) {
    return record->platform_key;
  }
  const auto* command = founding(submission.command);
  return command == nullptr ? std::nullopt : std::optional(command->platform_key);
}

std::optional<CommandMark> Lane::mark_of(const Submission& submission) {
  const auto key = key_of(submission);
  if (!key) return std::nullopt;
  const auto id_mac = keys_.mac(*key, {"command", submission.idempotency_key});
  const auto request_mac = keys_.mac(*key, {"request", submission.request});
  if (!id_mac || !request_mac) {
    throw StorageError("Key " + key->text() + " is missing or destroyed.", false);
  }
  domain::IdBytes id{};
  std::copy_n(id_mac->begin(), id.size(), id.begin());
  return CommandMark{.id = domain::CommandId(id), .request_mac = *request_mac};
}

bool Lane::answer_repeat(Pending& pending, const CommandMark& mark, domain::Timestamp now,
                         std::vector<Answer>& immediate) {
  const auto undurable = undurable_.find(mark.id);
  if (undurable != undurable_.end()) {
    const auto& first = undurable->second;
    if (first.request_mac != mark.request_mac) {
      answer(std::move(pending.done), KeyReused{}, immediate);
    } else if (is_in_flight_ && first.group <= last_in_flight_) {
      parked_.push_back(std::move(pending));
    } else {
      const auto group = std::ranges::find(waiting_, first.group, &OpenGroup::number);
      if (group == waiting_.end()) std::abort();
      auto outcome = std::get<Accepted>((*group)->answers[first.answer].outcome);
      outcome.is_repeat = true;
      (*group)->answers.push_back({std::move(pending.done), std::move(outcome)});
    }
    return true;
  }
  const auto before = store_.command(id_, mark.id);
  if (!before || Remembrance{}.has_passed(*before, next_position_, now)) return false;
  if (before->request_mac != mark.request_mac) {
    immediate.push_back({std::move(pending.done), KeyReused{}});
  } else {
    auto accepted = accepted_before(*before);
    immediate.push_back({std::move(pending.done), std::move(accepted)});
  }
  return true;
}

Accepted Lane::accepted_before(const RememberedCommand& command) const {
  const auto lost = [&](const std::string& why) {
    return StorageError("The record at position " + std::to_string(command.first_position) +
                            " of platform " + id_.text() + ' ' + why,
                        false);
  };
  const auto stored = store_.record_at(id_, command.first_position);
  if (!stored) throw lost("is not there.");
  const auto record = decode_record(stored->bytes);
  if (!record) throw lost("cannot be read: " + record.error().what);
  Accepted accepted{.platform = id_,
                    .first_position = command.first_position,
                    .last_position = command.first_position + command.event_count - 1,
                    .record_hash = stored->hash,
                    .recorded_at = command.recorded_at,
                    .events = {},
                    .is_repeat = true};
  auto position = record->header.base_position;
  for (const auto& commit : record->commits) {
    if (position == command.first_position) {
      for (const auto& raw : commit.events) {
        auto event = decode_event(raw);
        if (!event) throw lost("cannot be read: " + event.error().what);
        accepted.events.push_back(std::move(*event));
      }
      return accepted;
    }
    position += commit.events.size();
  }
  throw lost("has no commit that begins there.");
}

void Lane::accept(Pending& pending, const CommandMark& mark, const domain::Context& context,
                  const std::vector<domain::Event>& decided, std::vector<Answer>& immediate) {
  Commit commit{.command_id = mark.id,
                .request_mac = mark.request_mac,
                .actor = context.actor,
                .recorded_at = context.recorded_at,
                .occurred_at = context.occurred_at,
                .import_progress = pending.submission.import_progress,
                .events = {}};
  commit.events.reserve(decided.size());
  for (const auto& event : decided) commit.events.push_back(encode_event(event, id_, keys_));
  commit_bytes_.clear();
  encode_commit(commit, commit_bytes_);
  if (record_header_bytes + commit_bytes_.size() > largest_record_bytes) {
    return answer(
        std::move(pending.done),
        unavailable(Unavailable::Why::too_large, "The events do not fit in one record of 900 KiB."),
        immediate);
  }
  // The owner tries first: what goes into state was read back from the bytes that are written.
  std::vector<domain::Event> events;
  events.reserve(commit.events.size());
  for (const auto& raw : commit.events) {
    auto event = decode_event(raw);
    if (!event) {
      return answer(std::move(pending.done),
                    unavailable(Unavailable::Why::platform_stopped,
                                "Nothing was written: the event could not be read back: " +
                                    event.error().what),
                    immediate);
    }
    events.push_back(std::move(*event));
  }

  auto& group = room_for(commit_bytes_.size());
  evolve(group, commit, events);
  undurable_.insert_or_assign(mark.id, Undurable{.request_mac = mark.request_mac,
                                                 .group = group.number,
                                                 .answer = group.answers.size()});
  group.answers.push_back(
      {std::move(pending.done), Accepted{.platform = id_,
                                         .first_position = next_position_,
                                         .last_position = next_position_ + events.size() - 1,
                                         .record_hash = {},
                                         .recorded_at = context.recorded_at,
                                         .events = std::move(events),
                                         .is_repeat = false}});
  group.commits += commit_bytes_;
  group.commit_count += 1;
  group.event_count += static_cast<std::uint32_t>(commit.events.size());
  group.recorded_at = context.recorded_at;
  group.command_ids.push_back(mark.id);
  next_position_ += commit.events.size();
  recorded_at_ = context.recorded_at;
}

void Lane::evolve(const OpenGroup& group, const Commit& commit,
                  const std::vector<domain::Event>& events) {
  state_.begin(group.number);
  domain::EventContext context{.platform = id_,
                               .position = next_position_,
                               .actor = commit.actor,
                               .recorded_at = commit.recorded_at,
                               .occurred_at = commit.occurred_at};
  for (const auto& event : events) {
    domain::evolve(state_, event, context);
    ++context.position;
  }
  if (std::holds_alternative<domain::PlatformEvent>(events.front())) see_home();
  if (commit.import_progress) {
    domain::put(state_, commit.import_progress->source,
                ImportRecord{commit.import_progress->row_count});
  }
}

OpenGroup& Lane::last_group() {
  if (waiting_.empty()) {
    waiting_.push_back(std::make_unique<OpenGroup>());
    waiting_.back()->platform = id_;
    waiting_.back()->number = ++last_number_;
    waiting_.back()->base_position = next_position_;
  }
  return *waiting_.back();
}

OpenGroup& Lane::room_for(std::size_t commit_bytes) {
  const auto& last = last_group();
  const bool is_full =
      last.commit_count >= most_commits ||
      record_header_bytes + last.commits.size() + commit_bytes > largest_record_bytes;
  if (is_full) {
    auto next = std::make_unique<OpenGroup>();
    next->platform = id_;
    next->number = ++last_number_;
    next->base_position = next_position_;
    waiting_.push_back(std::move(next));
  }
  return *waiting_.back();
}

void Lane::answer(std::function<void(Outcome)> done, Outcome outcome,
                  std::vector<Answer>& immediate) {
  if (is_idle()) {
    immediate.push_back({std::move(done), std::move(outcome)});
  } else {
    last_group().answers.push_back({std::move(done), std::move(outcome)});
  }
}

std::unique_ptr<OpenGroup> Lane::take_group() {
  auto group = std::move(waiting_.front());
  waiting_.pop_front();
  if (group->commit_count > 0) {
    if (group->base_position != handed_position_ + 1) std::abort();  // a hole in the chain
    if (!is_in_flight_) group->prev_hash = applied_.hash;
    is_in_flight_ = true;
    last_in_flight_ = group->number;
    handed_position_ += group->event_count;
  }
  return group;
}

std::vector<Pending> Lane::settle(const OpenGroup& group) {
  is_in_flight_ = group.number != last_in_flight_;
  state_.settle(group.number);
  applied_ = {.position = group.base_position + group.event_count - 1,
              .hash = group.hash,
              .recorded_at = group.recorded_at};
  for (const auto& id : group.command_ids) undurable_.erase(id);
  return std::exchange(parked_, {});
}

void Lane::discard(const Unavailable& instead, std::vector<Answer>& immediate) {
  for (auto& group : waiting_) {
    for (auto& one : group->answers) immediate.push_back({std::move(one.done), instead});
  }
  for (auto& pending : parked_) immediate.push_back({std::move(pending.done), instead});
  waiting_.clear();
  parked_.clear();
  is_in_flight_ = false;
  reload();
}

}  // namespace meent::eventstore
