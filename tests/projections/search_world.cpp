#include "tests/projections/search_world.h"

#include <stdexcept>

#include "domain/result.h"

namespace meent::projections {

using domain::ContributionId;
using domain::PrivateText;

std::string text_of(const domain::Item& item) {
  return std::visit([](const auto& id) { return id.text(); }, item);
}

std::string marked(const std::vector<TextRun>& runs) {
  std::string out;
  for (const auto& run : runs) out += run.highlighted ? "[" + run.text + "]" : run.text;
  return out;
}

SearchWorld::SearchWorld()
    : keys(eventstore::Keys::open(scratch_.path() / "keys", eventstore::real_files())),
      platform(fresh<domain::PlatformId>()),
      here(space()) {}

domain::PersonId SearchWorld::person() {
  const auto out = fresh<domain::PersonId>();
  key_of_[out] = keys->create();
  return out;
}

domain::SpaceId SearchWorld::space() {
  return fresh<domain::SpaceId>();
}

domain::ContributionContent SearchWorld::content(const Text& text, domain::KeyId key) const {
  domain::ContributionContent out{.title = {},
                                  .body = PrivateText::plain(key, text.body),
                                  .form = {},
                                  .themes = text.themes,
                                  .language = text.language};
  if (!text.title.empty()) out.title = PrivateText::plain(key, text.title);
  for (const auto& [name, value] : text.form) out.form[name] = PrivateText::plain(key, value);
  return out;
}

ContributionId SearchWorld::idea(const Text& text, std::string kind) {
  const auto id = fresh<ContributionId>();
  const auto author = someone();
  authors_[id.text()] = author;
  happen(domain::ContributionEvent(
      domain::ContributionPlaced{.contribution = id,
                                 .space = here,
                                 .kind = std::move(kind),
                                 .author = author,
                                 .content = content(text, key_of_.at(author)),
                                 .external_id = {}}));
  return id;
}

domain::CommentId SearchWorld::comment(ContributionId on, std::string_view body,
                                       std::string_view language) {
  const auto id = fresh<domain::CommentId>();
  const auto author = someone();
  authors_[id.text()] = author;
  root_[id] = on;
  happen(domain::DiscussEvent(
      domain::CommentPlaced{.comment = id,
                            .contribution = on,
                            .space = here,
                            .parent = {},
                            .author = author,
                            .body = PrivateText::plain(key_of_.at(author), body),
                            .language = std::string(language),
                            .mentions = {}}));
  return id;
}

void SearchWorld::revise(ContributionId contribution, const Text& text) {
  const auto author = author_of(contribution);
  happen(domain::ContributionEvent(
      domain::ContributionRevised{.contribution = contribution,
                                  .revision = 2,
                                  .author = author,
                                  .content = content(text, key_of_.at(author))}));
}

void SearchWorld::edit(domain::CommentId comment, std::string_view body) {
  happen(domain::DiscussEvent(
      domain::CommentEdited{.comment = comment,
                            .contribution = root_.at(comment),
                            .revision = 2,
                            .body = PrivateText::plain(key_of_.at(author_of(comment)), body)}));
}

void SearchWorld::hide(const domain::Item& item) {
  const auto* comment = std::get_if<domain::CommentId>(&item);
  happen(domain::ModerateEvent(domain::ItemHidden{
      .item = item,
      .contribution = comment ? root_.at(*comment) : std::get<ContributionId>(item),
      .space = here,
      .reason = PrivateText::plain(key_of_.begin()->second, "hoort hier niet")}));
}

void SearchWorld::accept(const domain::Item& item) {
  const auto* comment = std::get_if<domain::CommentId>(&item);
  happen(domain::ModerateEvent(domain::ItemAccepted{
      .item = item,
      .contribution = comment ? root_.at(*comment) : std::get<ContributionId>(item),
      .space = here,
      .was_hidden = true}));
}

void SearchWorld::withdraw(const domain::Item& item) {
  std::visit(
      domain::overloaded{
          [&](ContributionId id) {
            happen(domain::ContributionEvent(domain::ContributionWithdrawn{.contribution = id}));
          },
          [&](domain::CommentId id) {
            happen(domain::DiscussEvent(
                domain::CommentWithdrawn{.comment = id, .contribution = root_.at(id)}));
          },
      },
      item);
}

void SearchWorld::close(ContributionId contribution) {
  happen(domain::ContributionEvent(domain::ContributionClosed{.contribution = contribution}));
}

void SearchWorld::reopen(ContributionId contribution) {
  happen(domain::ContributionEvent(domain::ContributionReopened{.contribution = contribution}));
}

void SearchWorld::support(ContributionId contribution) {
  happen(domain::SupportEvent(domain::SupportGiven{.contribution = contribution,
                                                   .space = here,
                                                   .person = fresh<domain::PersonId>(),
                                                   .stance = domain::Stance::agree,
                                                   .replaces = {}}));
}

void SearchWorld::destroy_keys_of(domain::PersonId person) {
  keys->destroy(key_of_.at(person));
}

domain::PersonId SearchWorld::author_of(const domain::Item& item) const {
  return authors_.at(text_of(item));
}

std::filesystem::path SearchWorld::folder(std::string_view name) const {
  return scratch_.path() / name;
}

void SearchWorld::happen(const domain::Event& event) {
  now.ms += 60'000;
  auto sealed = eventstore::decode_event(eventstore::encode_event(event, platform, *keys));
  if (!sealed) throw std::runtime_error("an event does not come back: " + sealed.error().what);
  history_.push_back({.event = std::move(*sealed),
                      .context = {.platform = platform,
                                  .position = ++position_[platform],
                                  .actor = {},
                                  .recorded_at = now,
                                  .occurred_at = {}}});
}

EventBatch SearchWorld::batch_from(std::size_t first) const {
  EventBatch out;
  out.events.assign(history_.begin() + static_cast<std::ptrdiff_t>(first), history_.end());
  for (const auto& stored : out.events) {
    auto& mark = out.reached.platforms[stored.context.platform];
    mark.position = stored.context.position;
    mark.hash.fill(static_cast<std::uint8_t>(mark.position));
  }
  out.reached.next_offset = history_.size();
  return out;
}

EventBatch SearchWorld::batch() {
  auto out = batch_from(taken_);
  taken_ = history_.size();
  return out;
}

EventBatch SearchWorld::whole() const {
  return batch_from(0);
}

}  // namespace meent::projections
