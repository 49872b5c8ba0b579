#pragma once
#include "tests/domain/given.h"

/// A small platform that the tests share: Anna and Bram take part, Mo moderates, Olga operates.
namespace meent::tests {

template <class SomeId>
SomeId id(std::uint8_t number) {
  domain::IdBytes bytes{};
  bytes.fill(number);
  return SomeId(bytes);
}

inline const auto platform_id = id<domain::PlatformId>(1);
inline const auto log_id = id<domain::LogId>(2);
inline const auto platform_key = id<domain::KeyId>(3);
inline const auto green = id<domain::SpaceId>(4);
inline const auto anna = id<domain::PersonId>(0xA);
inline const auto bram = id<domain::PersonId>(0xB);
inline const auto mo = id<domain::PersonId>(0xC);
inline const auto olga = id<domain::PersonId>(0xD);
inline const auto nobody = id<domain::PersonId>(0xEE);
inline const auto bench = id<domain::ContributionId>(0x21);  ///< Anna's idea
inline const auto claim = id<domain::ContributionId>(0x22);  ///< Anna's statement
inline const auto talk = id<domain::ContributionId>(0x23);   ///< Anna's discussion
inline const auto remark = id<domain::CommentId>(0x31);      ///< Bram's, under the bench
inline const auto answer = id<domain::CommentId>(0x32);      ///< Anna's, under Bram's
inline constexpr domain::Timestamp now{1'000'000};

inline domain::KeyId identity_key_of(domain::PersonId person) {
  auto bytes = person.value();
  bytes[0] = 0x1D;
  return domain::KeyId(bytes);
}
inline domain::KeyId content_key_of(domain::PersonId person) {
  auto bytes = person.value();
  bytes[0] = 0xC0;
  return domain::KeyId(bytes);
}

inline domain::Context by(domain::Actor actor, domain::Role role = domain::Role::person) {
  return {
      .platform = platform_id, .actor = actor, .role = role, .recorded_at = now, .occurred_at = {}};
}
/// With all the powers that the log gives this person.
inline domain::Context by(domain::PersonId person) {
  return by(domain::Actor::person(person), domain::Role::operator_);
}
inline domain::Context by_guest() {
  return by(domain::Actor{});
}
inline domain::Context by_importer() {
  return by({domain::ActorKind::importer, {}});
}
inline domain::Context by_operator() {
  return by({domain::ActorKind::operator_, {}}, domain::Role::operator_);
}

inline domain::PrivateText text_of(domain::PersonId person, std::string_view text) {
  return domain::PrivateText::plain(content_key_of(person), text);
}

inline domain::PersonRegistered registered(domain::PersonId person, std::string_view name,
                                           domain::Role role = domain::Role::person) {
  return {.person = person,
          .identity_key = identity_key_of(person),
          .content_key = content_key_of(person),
          .name = domain::PrivateText::plain(identity_key_of(person), name),
          .role = role,
          .external_id = {}};
}

inline domain::SpaceDescription green_description() {
  return {.slug = "groen",
          .title = "Groen in de wijk",
          .introduction = "Wat kan hier *groener*?",
          .kinds = {"idea", "statement", "discussion"},
          .opens_at = domain::Timestamp{500'000},
          .closes_at = domain::Timestamp{2'000'000}};
}

inline domain::ContributionPlaced placed(domain::ContributionId contribution, std::string kind,
                                         domain::PersonId author = anna) {
  return {.contribution = contribution,
          .space = green,
          .kind = std::move(kind),
          .author = author,
          .content = {.title = text_of(author, "Een bank"),
                      .body = text_of(author, "Onder de linde."),
                      .form = {},
                      .themes = {},
                      .language = "nl"},
          .external_id = {}};
}

inline domain::CommentPlaced commented(domain::CommentId comment, domain::PersonId author,
                                       std::optional<domain::CommentId> parent = {},
                                       domain::ContributionId contribution = bench) {
  return {.comment = comment,
          .contribution = contribution,
          .space = green,
          .parent = parent,
          .author = author,
          .body = text_of(author, "Mooi plan."),
          .language = "nl",
          .mentions = {}};
}

/// Platform, kinds and people; no space yet.
inline Events founding() {
  Events events{domain::PlatformPlaced{log_id},
                domain::PlatformCreated{.platform_key = platform_key,
                                        .slug = "lindedorp",
                                        .name = "Lindedorp",
                                        .language = "nl",
                                        .introduction = {}}};
  for (const auto& kind : domain::default_kinds("nl")) {
    events.emplace_back(domain::KindDefined{kind});
  }
  events.emplace_back(registered(anna, "Anna"));
  events.emplace_back(registered(bram, "Bram"));
  events.emplace_back(registered(mo, "Mo", domain::Role::moderator));
  events.emplace_back(registered(olga, "Olga", domain::Role::operator_));
  return events;
}

/// The founding, a space that is open now, and in it an idea, a statement and a discussion.
inline Events village() {
  auto events = founding();
  events.emplace_back(domain::SpaceCreated{green, green_description()});
  events.emplace_back(placed(bench, "idea"));
  events.emplace_back(placed(claim, "statement"));
  events.emplace_back(placed(talk, "discussion"));
  events.emplace_back(commented(remark, bram));
  events.emplace_back(commented(answer, anna, remark));
  return events;
}

/// The same with one more event.
inline Events village(const domain::Event& event) {
  auto events = village();
  events.push_back(event);
  return events;
}

inline domain::Event space_closed_early() {
  auto description = green_description();
  description.closes_at = domain::Timestamp{600'000};
  return domain::SpaceChanged{green, description};
}

inline domain::Event hidden(domain::Item item) {
  return domain::ItemHidden{
      .item = item, .contribution = bench, .space = green, .reason = text_of(mo, "Scheldt.")};
}

}  // namespace meent::tests
