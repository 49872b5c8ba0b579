#include "tests/projections/story.h"

#include <algorithm>

#include "domain/result.h"

namespace meent::projections {

using domain::CommentId;
using domain::ContributionId;
using domain::Item;
using domain::PersonId;
using domain::PrivateText;
using domain::SpaceId;
using domain::Stance;
using domain::Standing;

namespace {

constexpr std::int64_t first_ms = 1'700'000'000'000;

std::uint64_t scattered(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31);
}

}  // namespace

Story::Story(std::uint8_t platform) : platform_(draw(platform, 0)) {}

/// Spread over the whole space of ids, as random ones are.
domain::IdBytes Story::draw(std::uint8_t sort, std::uint64_t number) const {
  domain::IdBytes bytes{};
  const auto high = scattered(number * 8 + sort + 1), low = scattered(high + number);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(high >> (8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(low >> (8 * i));
  }
  return bytes;
}

SpaceId Story::space(std::uint64_t number) {
  return SpaceId(draw(3, number));
}
PersonId Story::person(std::uint64_t number) {
  return PersonId(draw(4, number));
}

/// As long as nonce and authentication tag at least: shorter ones no record takes.
std::string Story::sealed(const std::string& words) {
  return "a nonce of 24 bytes, a tag of 16 bytes: " + words;
}

PrivateText Story::text(const std::string& words, const std::string& origin) {
  return {.key = domain::KeyId(), .origin = origin, .bytes = sealed(words)};
}

void Story::tell(domain::Event event, PersonId by) {
  domain::EventContext context{.platform = platform_,
                               .position = position() + 1,
                               .actor = domain::Actor::person(by),
                               .recorded_at = {first_ms + std::int64_t(position())},
                               .occurred_at = {}};
  if (occurred_ms_ != 0) context.occurred_at = domain::Timestamp{occurred_ms_};
  events_.push_back({std::move(event), context});
}

Story::ItemState& Story::state_of(const Item& item) {
  return items_.at(item);
}

ContributionId Story::place(SpaceId space, PersonId author, const std::string& kind,
                            std::vector<std::string> themes) {
  const ContributionId id(draw(5, ++drawn_));
  const auto number = std::to_string(drawn_);
  items_[id] = {.space = space, .contribution = id, .author = author};
  domain::ContributionContent content{.title = text("titel " + number, "contribution-placed/title"),
                                      .body = text("tekst " + number, "contribution-placed/body"),
                                      .form = {},
                                      .themes = std::move(themes),
                                      .language = "nl"};
  tell(domain::ContributionEvent(domain::ContributionPlaced{.contribution = id,
                                                            .space = space,
                                                            .kind = kind,
                                                            .author = author,
                                                            .content = std::move(content),
                                                            .external_id = "x" + number}),
       author);
  return id;
}

void Story::revise(ContributionId id, const std::string& body) {
  auto& item = state_of(id);
  domain::ContributionContent content{.title = {},
                                      .body = text(body, "contribution-revised/body"),
                                      .form = {},
                                      .themes = {"herzien"},
                                      .language = "nl"};
  tell(domain::ContributionEvent(domain::ContributionRevised{.contribution = id,
                                                             .revision = ++item.revision,
                                                             .author = item.author,
                                                             .content = std::move(content)}),
       item.author);
}

void Story::withdraw(ContributionId id) {
  state_of(id).standing = Standing::withdrawn;
  tell(domain::ContributionEvent(domain::ContributionWithdrawn{id}), state_of(id).author);
}
void Story::close(ContributionId id) {
  state_of(id).standing = Standing::closed;
  tell(domain::ContributionEvent(domain::ContributionClosed{id}), state_of(id).author);
}
void Story::reopen(ContributionId id) {
  state_of(id).standing = Standing::open;
  tell(domain::ContributionEvent(domain::ContributionReopened{id}), state_of(id).author);
}

CommentId Story::comment(ContributionId under, PersonId author, std::optional<CommentId> parent) {
  const CommentId id(draw(6, ++drawn_));
  const auto space = state_of(under).space;
  items_[id] = {.space = space, .contribution = under, .author = author};
  tell(domain::DiscussEvent(domain::CommentPlaced{
           .comment = id,
           .contribution = under,
           .space = space,
           .parent = parent,
           .author = author,
           .body = text("reactie " + std::to_string(drawn_), "comment-placed/body"),
           .language = "nl",
           .mentions = {}}),
       author);
  return id;
}

void Story::edit(CommentId id, const std::string& body) {
  auto& item = state_of(id);
  tell(domain::DiscussEvent(domain::CommentEdited{.comment = id,
                                                  .contribution = item.contribution,
                                                  .revision = ++item.revision,
                                                  .body = text(body, "comment-edited/body")}),
       item.author);
}

void Story::withdraw(CommentId id) {
  auto& item = state_of(id);
  item.standing = Standing::withdrawn;
  tell(domain::DiscussEvent(domain::CommentWithdrawn{id, item.contribution}), item.author);
}

void Story::support(ContributionId id, PersonId person, Stance stance) {
  const auto held = stances_.find({id, person});
  std::optional<Stance> replaces;
  if (held != stances_.end()) replaces = held->second;
  stances_[{id, person}] = stance;
  tell(domain::SupportEvent(domain::SupportGiven{id, state_of(id).space, person, stance, replaces}),
       person);
}

void Story::withdraw_support(ContributionId id, PersonId person) {
  const auto held = stances_.find({id, person});
  if (held == stances_.end()) return;
  tell(domain::SupportEvent(domain::SupportWithdrawn{id, state_of(id).space, person, held->second}),
       person);
  stances_.erase(held);
}

void Story::hide(Item item, const std::string& reason) {
  auto& state = state_of(item);
  state.before_hiding = state.standing;
  state.standing = Standing::hidden;
  tell(domain::ModerateEvent(domain::ItemHidden{item, state.contribution, state.space,
                                                text(reason, "item-hidden/reason")}),
       person(0));
}

void Story::accept(Item item) {
  auto& state = state_of(item);
  const bool was_hidden = state.standing == Standing::hidden;
  if (was_hidden) state.standing = state.before_hiding;
  tell(domain::ModerateEvent(
           domain::ItemAccepted{item, state.contribution, state.space, was_hidden}),
       person(0));
}

Story random_story(std::uint32_t seed, std::size_t steps, std::uint8_t platform) {
  Story story(platform);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::vector<ContributionId> contributions;
  struct Placed {
    CommentId id;
    ContributionId under;
    bool withdrawn = false, hidden = false;
  };
  std::vector<Placed> comments;
  std::map<ContributionId, Standing> standing;
  const std::vector<std::string> kinds{"idea", "statement", "discussion"};
  while (story.position() < steps) {
    const auto who = story.person(1 + below(30));
    const auto what = contributions.empty() ? 0 : below(100);
    if (what < 8) {
      std::vector<std::string> themes{"thema-" + std::to_string(below(4))};
      contributions.push_back(story.place(story.space(below(3)), who, kinds[below(3)], themes));
      continue;
    }
    const auto id = contributions[below(contributions.size())];
    auto& now = standing[id];
    if (what < 28) {
      std::vector<CommentId> parents;
      for (const auto& comment : comments) {
        if (comment.under == id && !comment.withdrawn) parents.push_back(comment.id);
      }
      std::optional<CommentId> parent;
      if (!parents.empty() && below(3) != 0) parent = parents[below(parents.size())];
      comments.push_back({story.comment(id, who, parent), id});
    } else if (what < 76) {
      story.support(id, who, static_cast<Stance>(below(3)));
    } else if (what < 80) {
      story.withdraw_support(id, who);
    } else if (what < 84 && now == Standing::open) {
      story.revise(id, "herzien " + std::to_string(story.position()));
    } else if (what < 86 && (now == Standing::open || now == Standing::closed)) {
      now == Standing::open ? story.close(id) : story.reopen(id);
      now = now == Standing::open ? Standing::closed : Standing::open;
    } else if (what < 88 && now == Standing::open) {
      story.hide(id);
      now = Standing::hidden;
    } else if (what < 90 && now == Standing::hidden) {
      story.accept(id);
      now = Standing::open;
    } else if (what == 90 && now != Standing::withdrawn) {
      story.withdraw(id);
      now = Standing::withdrawn;
    } else if (!comments.empty()) {
      auto& comment = comments[below(comments.size())];
      if (comment.withdrawn) continue;
      if (what < 93 && !comment.hidden) {
        story.edit(comment.id, "bewerkt " + std::to_string(story.position()));
      } else if (what < 96) {
        comment.hidden ? story.accept(comment.id) : story.hide(comment.id);
        comment.hidden = !comment.hidden;
      } else if (what == 99) {
        story.withdraw(comment.id);
        comment.withdrawn = true;
      }
    }
  }
  return story;
}

EventBatch batch_of(std::span<const StoredEvent> events, std::uint64_t first_offset) {
  EventBatch batch;
  batch.events.assign(events.begin(), events.end());
  batch.reached.next_offset = first_offset + events.size();
  for (const auto& [event, context] : events) {
    auto& mark = batch.reached.platforms[context.platform];
    mark.position = context.position;
    mark.hash[0] = static_cast<std::uint8_t>(context.position);
  }
  return batch;
}

void apply_in_batches(View& view, const std::vector<StoredEvent>& events,
                      const std::vector<std::size_t>& sizes) {
  std::size_t next_size = 0;
  for (std::size_t at = 0; at < events.size();) {
    const auto size = std::min(sizes[next_size++ % sizes.size()], events.size() - at);
    view.apply(batch_of(std::span(events).subspan(at, size), at));
    at += size;
  }
}

std::vector<std::string> dump_of(const View& view) {
  std::vector<std::string> lines;
  view.dump([&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

domain::Viewer guest() {
  return {};
}
domain::Viewer as(PersonId person) {
  return {.person = person, .is_signed_in = true};
}
domain::Viewer moderator() {
  return {.person = {}, .role = domain::Role::moderator, .is_signed_in = true};
}
domain::Viewer analyst() {
  return {.person = {}, .role = domain::Role::operator_, .is_signed_in = true, .may_analyse = true};
}

}  // namespace meent::projections
