#include "tests/eventstore/event_samples.h"

namespace meent::eventstore {

namespace {

using namespace domain;

struct Maker {
  SampleSource& source;

  template <class T>
  T id() {
    return T(source.id());
  }
  template <class T>
  std::optional<T> maybe(T value) {
    return source.choice(2) == 0 ? std::optional<T>(std::move(value)) : std::nullopt;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (auto left = source.choice(4); left > 0; --left) all.push_back(source.text());
    return all;
  }
  bool flag() { return source.choice(2) == 0; }
  Role role() { return static_cast<Role>(source.choice(3)); }
  Stance stance() { return static_cast<Stance>(source.choice(3)); }
  std::array<std::uint8_t, 32> hash() {
    std::array<std::uint8_t, 32> bytes{};
    const auto half = source.id();
    std::copy(half.begin(), half.end(), bytes.begin() + 8);
    return bytes;
  }
  ContributionContent content(const std::string& type) {
    ContributionContent out;
    out.title = maybe(source.words(type + "/title"));
    out.body = source.words(type + "/body");
    if (flag()) {
      out.form.emplace("budget", source.words(type + "/form/budget"));
      out.form.emplace("start-datum", source.words(type + "/form/start-datum"));
    }
    out.themes = texts();
    out.language = source.text();
    return out;
  }
  SpaceDescription description() {
    return {.slug = source.text(),
            .title = source.text(),
            .introduction = source.text(),
            .kinds = texts(),
            .opens_at = maybe(source.time()),
            .closes_at = maybe(source.time())};
  }
  Item item() {
    if (flag()) return id<ContributionId>();
    return id<CommentId>();
  }
  Kind kind() {
    Kind kind{.name = source.text(),
              .label = source.text(),
              .abilities = source.choice(8),
              .title_required = flag(),
              .longest_title = source.number(),
              .longest_body = source.number(),
              .form = {},
              .themes = texts()};
    for (auto left = source.choice(3); left > 0; --left) {
      kind.form.push_back({.name = source.text(),
                           .label = source.text(),
                           .type = static_cast<FieldType>(source.choice(7)),
                           .required = flag(),
                           .longest = source.number(),
                           .choices = texts()});
    }
    return kind;
  }
  void of_platform(std::vector<Event>& all);
  void of_people(std::vector<Event>& all);
  void of_contributions(std::vector<Event>& all);
  void of_actions(std::vector<Event>& all);
};

void Maker::of_platform(std::vector<Event>& all) {
  all.emplace_back(PlatformEvent(PlatformPlaced{id<LogId>()}));
  all.emplace_back(PlatformEvent(PlatformCreated{.platform_key = id<KeyId>(),
                                                 .slug = source.text(),
                                                 .name = source.text(),
                                                 .language = source.text(),
                                                 .introduction = source.text()}));
  all.emplace_back(PlatformEvent(PlatformRegistered{.platform = id<PlatformId>(),
                                                    .slug = source.text(),
                                                    .name = source.text(),
                                                    .hosts = texts(),
                                                    .partition = source.number()}));
  all.emplace_back(KindEvent(KindDefined{kind()}));
  all.emplace_back(SpaceEvent(SpaceCreated{id<SpaceId>(), description()}));
  all.emplace_back(SpaceEvent(SpaceChanged{id<SpaceId>(), description()}));
}

void Maker::of_people(std::vector<Event>& all) {
  all.emplace_back(
      PersonEvent(PersonRegistered{.person = id<PersonId>(),
                                   .identity_key = id<KeyId>(),
                                   .content_key = id<KeyId>(),
                                   .name = maybe(source.words("person-registered/name")),
                                   .role = role(),
                                   .external_id = source.text()}));
  all.emplace_back(PersonEvent(RoleGranted{id<PersonId>(), role()}));
  all.emplace_back(TokenEvent(TokenIssued{.token = id<TokenId>(),
                                          .secret_hash = hash(),
                                          .person = maybe(id<PersonId>()),
                                          .scopes = source.choice(32),
                                          .expires_at = source.time(),
                                          .label = source.text()}));
  all.emplace_back(TokenEvent(TokenRevoked{id<TokenId>()}));
}

void Maker::of_contributions(std::vector<Event>& all) {
  all.emplace_back(ContributionEvent(ContributionPlaced{.contribution = id<ContributionId>(),
                                                        .space = id<SpaceId>(),
                                                        .kind = source.text(),
                                                        .author = id<PersonId>(),
                                                        .content = content("contribution-placed"),
                                                        .external_id = source.text()}));
  all.emplace_back(
      ContributionEvent(ContributionRevised{.contribution = id<ContributionId>(),
                                            .revision = source.number(),
                                            .author = id<PersonId>(),
                                            .content = content("contribution-revised")}));
  all.emplace_back(ContributionEvent(ContributionWithdrawn{id<ContributionId>()}));
  all.emplace_back(ContributionEvent(ContributionClosed{id<ContributionId>()}));
  all.emplace_back(ContributionEvent(ContributionReopened{id<ContributionId>()}));
}

void Maker::of_actions(std::vector<Event>& all) {
  CommentPlaced comment{.comment = id<CommentId>(),
                        .contribution = id<ContributionId>(),
                        .space = id<SpaceId>(),
                        .parent = maybe(id<CommentId>()),
                        .author = id<PersonId>(),
                        .body = source.words("comment-placed/body"),
                        .language = source.text(),
                        .mentions = {}};
  for (auto left = source.choice(4); left > 0; --left) comment.mentions.push_back(id<PersonId>());
  all.emplace_back(DiscussEvent(std::move(comment)));
  all.emplace_back(DiscussEvent(CommentEdited{.comment = id<CommentId>(),
                                              .contribution = id<ContributionId>(),
                                              .revision = source.number(),
                                              .body = source.words("comment-edited/body")}));
  all.emplace_back(DiscussEvent(CommentWithdrawn{id<CommentId>(), id<ContributionId>()}));
  all.emplace_back(SupportEvent(SupportGiven{.contribution = id<ContributionId>(),
                                             .space = id<SpaceId>(),
                                             .person = id<PersonId>(),
                                             .stance = stance(),
                                             .replaces = maybe(stance())}));
  all.emplace_back(SupportEvent(SupportWithdrawn{.contribution = id<ContributionId>(),
                                                 .space = id<SpaceId>(),
                                                 .person = id<PersonId>(),
                                                 .replaces = stance()}));
  all.emplace_back(ModerateEvent(ItemAccepted{.item = item(),
                                              .contribution = id<ContributionId>(),
                                              .space = id<SpaceId>(),
                                              .was_hidden = flag()}));
  all.emplace_back(ModerateEvent(ItemHidden{.item = item(),
                                            .contribution = id<ContributionId>(),
                                            .space = id<SpaceId>(),
                                            .reason = source.words("item-hidden/reason")}));
  all.emplace_back(PlatformEvent(LevelRaised{source.number()}));
}

}  // namespace

std::vector<domain::Event> sample_events(SampleSource& source) {
  std::vector<domain::Event> all;
  Maker maker{source};
  maker.of_platform(all);
  maker.of_people(all);
  maker.of_contributions(all);
  maker.of_actions(all);
  return all;
}

}  // namespace meent::eventstore
