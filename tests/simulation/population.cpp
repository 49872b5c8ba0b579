#include "tests/simulation/population.h"

#include <algorithm>

#include "eventstore/codec.h"

namespace meent::simulation {

using namespace domain;
using namespace eventstore;

namespace {

Kind idea() {
  auto kinds = default_kinds("nl");
  return *std::ranges::find(kinds, "idea", &Kind::name);
}

}  // namespace

Population::Population(Reachable& around, std::vector<PlatformId> platforms, std::size_t people)
    : around_(around) {
  for (const auto platform : platforms) {
    auto& place = places_[platform];
    place.space = around_.random().id<SpaceId>();
    for (std::size_t i = 0; i <= people; ++i) {
      auto client = std::make_unique<Client>();
      client->number = clients_.size();
      client->platform = platform;
      client->is_operator = i == 0;
      clients_.push_back(std::move(client));
    }
  }
}

void Population::begin() {
  for (auto& client : clients_) rest(*client);
}

void Population::rest(Client& client) {
  around_.schedule().after(Millis(around_.random().between(3, 60)), [this, &client] {
    if (is_winding_down_) return;
    if (client.waiting > 0) return rest(client);
    act(client);
  });
}

void Population::act(Client& client) {
  if (client.is_operator) return act_as_operator(client);
  auto& place = places_[client.platform];
  if (client.person.is_zero()) {
    if (!place.newcomers.empty()) {
      client.person = place.newcomers.back();
      place.newcomers.pop_back();
    }
    return rest(client);
  }
  if (around_.random().happens(300)) read(client);
  act_as_person(client);
}

std::shared_ptr<Ask> Population::ask_of(Client& client) {
  auto ask = std::make_shared<Ask>();
  ask->client = client.number;
  ask->key = std::to_string(client.number) + "-" + std::to_string(++client.keys);
  ask->platform = client.platform;
  ask->actor = client.is_operator ? Actor{.kind = ActorKind::operator_, .id = {}}
                                  : Actor::person(client.person);
  ask->role = client.is_operator ? Role::operator_ : Role::person;
  if (client.token && around_.random().happens(700)) ask->after = client.token;
  return ask;
}

// The operator -----------------------------------------------------------------------------------

void Population::act_as_operator(Client& client) {
  auto ask = ask_of(client);
  auto& place = places_[client.platform];
  const auto step = client.steps;
  if (step == 0) {
    const auto* node = around_.some_node();
    const auto genesis = node == nullptr ? std::nullopt : node->store().partition(0).genesis;
    if (!genesis) return rest(client);
    ask->make = [log = genesis->log_id](Keys& keys) {
      return PlatformCommand(CreatePlatform{.log = log,
                                            .platform_key = keys.create(),
                                            .slug = "dorp",
                                            .name = "Ons dorp",
                                            .language = "nl",
                                            .introduction = ""});
    };
  } else if (step == 1) {
    ask->make = [](Keys&) { return KindCommand(DefineKind{idea()}); };
  } else if (step == 2) {
    ask->make = [space = place.space](Keys&) {
      return SpaceCommand(CreateSpace{.space = space,
                                      .description = {.slug = "plein",
                                                      .title = "Het plein",
                                                      .introduction = "",
                                                      .kinds = {"idea"},
                                                      .opens_at = std::nullopt,
                                                      .closes_at = std::nullopt}});
    };
  } else {
    const auto person = around_.random().id<PersonId>();
    ask->make = [person](Keys& keys) {
      return PersonCommand(RegisterPerson{.person = person,
                                          .identity_key = keys.create(),
                                          .content_key = keys.create(),
                                          .name = "Noor de Wit",
                                          .role = Role::person,
                                          .external_id = ""});
    };
    return send(client, ask, [&place, person](const Outcome& outcome) {
      if (std::holds_alternative<Accepted>(outcome)) place.newcomers.push_back(person);
    });
  }
  send(client, ask, [this, &client](const Outcome& outcome) {
    if (std::holds_alternative<Accepted>(outcome)) {
      ++client.steps;
    } else if (around_.may_be_lost(client.platform)) {
      client.steps = 0;  // from the beginning
    }
    // Else an owner that has been replaced did not know of the step before yet: once more.
  });
}

// People -----------------------------------------------------------------------------------------

void Population::act_as_person(Client& client) {
  const auto& place = places_[client.platform];
  const auto chance = around_.random().below(100);
  if (place.contributions.empty() || chance < 12) return this->place(client);
  if (chance < 55) return comment(client);
  if (chance < 94) return support(client);
  close(client);
}

void Population::place(Client& client) {
  auto ask = ask_of(client);
  auto& place = places_[client.platform];
  const auto contribution = around_.random().id<ContributionId>();
  ask->make = [contribution, space = place.space, author = client.person](Keys&) {
    return ContributionCommand(PlaceContribution{
        .contribution = contribution,
        .space = space,
        .kind = "idea",
        .author = author,
        .text =
            {.title = "Een idee", .body = "Meer bomen", .form = {}, .themes = {}, .language = "nl"},
        .external_id = ""});
  };
  // Others hear of it at once, whether it is there yet or not.
  const bool is_known_at_once = around_.random().happens(500);
  if (is_known_at_once) place.contributions.push_back(contribution);
  send(client, ask, [&place, contribution, is_known_at_once](const Outcome& outcome) {
    if (std::holds_alternative<Accepted>(outcome) && !is_known_at_once) {
      place.contributions.push_back(contribution);
    }
  });
}

void Population::comment(Client& client) {
  auto& place = places_[client.platform];
  auto& random = around_.random();
  const bool is_unknown = random.happens(40);
  const auto contribution =
      is_unknown ? random.id<ContributionId>() : random.pick(place.contributions);
  const bool is_again = !place.comments.empty() && random.happens(60);
  const auto comment = is_again ? random.pick(place.comments) : random.id<CommentId>();
  place.comments.push_back(comment);
  const auto words = "Woorden " + comment.text();
  const auto make = [comment, contribution, author = client.person, words](Keys&) {
    return DiscussCommand(PlaceComment{.comment = comment,
                                       .contribution = contribution,
                                       .parent = std::nullopt,
                                       .author = author,
                                       .body = words,
                                       .language = "nl",
                                       .mentions = {}});
  };
  // Twins: the same comment under two keys, at once; one of them is refused.
  const int twins = random.happens(250) ? 2 : 1;
  for (int i = 0; i < twins; ++i) {
    auto ask = ask_of(client);
    ask->make = make;
    send(client, ask, [&client, words](const Outcome& outcome) {
      if (const auto* accepted = std::get_if<Accepted>(&outcome)) {
        client.comment = {accepted->first_position, words};
      }
    });
  }
}

void Population::support(Client& client) {
  auto& place = places_[client.platform];
  auto& random = around_.random();
  const auto contribution = random.pick(place.contributions);
  auto ask = ask_of(client);
  std::optional<Stance> stance;
  if (!random.happens(300)) stance = static_cast<Stance>(random.below(3));
  ask->make = [contribution, person = client.person, stance](Keys&) {
    return stance ? SupportCommand(GiveSupport{contribution, person, *stance})
                  : SupportCommand(WithdrawSupport{contribution, person});
  };
  client.has_support_pending = true;
  send(client, ask, [&client, contribution, stance](const Outcome& outcome) {
    client.has_support_pending = false;
    // An earlier try of what was refused may still come and be accepted.
    if (std::holds_alternative<Refused>(outcome)) client.unsure.insert(contribution);
    if (std::holds_alternative<Accepted>(outcome)) client.stances[contribution] = stance;
  });
}

void Population::close(Client& client) {
  auto& place = places_[client.platform];
  const auto contribution = around_.random().pick(place.contributions);
  auto ask = ask_of(client);
  ask->make = [contribution](Keys&) {
    return ContributionCommand(WithdrawContribution{.contribution = contribution});
  };
  send(client, ask, [](const Outcome&) {});
}

// Asking -----------------------------------------------------------------------------------------

void Population::send(Client& client, const std::shared_ptr<Ask>& ask, Done done) {
  ++counts_.asked;
  if (++client.waiting == 1) {
    done = [this, &client, done = std::move(done)](const Outcome& outcome) {
      done(outcome);
      rest(client);
    };
  }
  attempt(client, ask, done, std::make_shared<bool>(false));
}

/// Every try goes to some node; an answer to an earlier try counts too.
void Population::attempt(Client& client, const AskPtr& asked, const Done& done,
                         const std::shared_ptr<bool>& is_answered) {
  auto ask = asked;
  if (ask->after && around_.may_be_lost(ask->platform)) {
    // A token of a history that is gone: 410, and it is asked again without.
    auto without = std::make_shared<Ask>(*ask);
    without->after = std::nullopt;
    ask = without;
  }
  auto& random = around_.random();
  auto& schedule = around_.schedule();
  if (*is_answered) return;
  ++counts_.tries;
  const auto again = std::make_shared<bool>(false);
  const auto repeat = [this, &client, ask, done, is_answered, again](Millis delay) {
    if (std::exchange(*again, true)) return;
    around_.schedule().after(delay, [this, &client, ask, done, is_answered] {
      attempt(client, ask, done, is_answered);
    });
  };
  schedule.after(Millis(random.between(300, 5000)), [repeat] { repeat(Millis(1)); });
  auto* node = around_.some_node();
  if (node == nullptr || random.happens(10)) return;  // it never arrives
  const auto reply = [this, &client, ask, done, is_answered, repeat](const Outcome& outcome) {
    if (around_.random().happens(15)) return;  // the answer gets lost
    around_.schedule().after(Millis(around_.random().between(1, 4)),
                             [this, &client, ask, done, is_answered, repeat, outcome] {
                               if (*is_answered) return;
                               if (!settle(client, *ask, outcome)) {
                                 return repeat(Millis(around_.random().between(10, 300)));
                               }
                               *is_answered = true;
                               --client.waiting;
                               done(outcome);
                             });
  };
  schedule.after(Millis(random.between(1, 4)), [node, ask, reply] { node->handle(ask, reply); });
}

/// False: to be repeated.
bool Population::settle(Client& client, const Ask& ask, const Outcome& outcome) {
  if (const auto* accepted = std::get_if<Accepted>(&outcome)) {
    ++(accepted->is_repeat ? counts_.repeated : counts_.accepted);
    acknowledged_.push_back({.platform = ask.platform,
                             .first_position = accepted->first_position,
                             .last_position = accepted->last_position,
                             .hash = accepted->record_hash,
                             .at = around_.schedule().now()});
    if (!client.token || client.token->position < accepted->last_position) {
      client.token = {.position = accepted->last_position, .hash = accepted->record_hash};
    }
    return true;
  }
  if (std::holds_alternative<Refused>(outcome)) {
    ++counts_.refused;
    return true;
  }
  if (std::holds_alternative<KeyReused>(outcome)) {
    around_.fail("a key was said to be used before with another request, which it was not");
    return true;
  }
  return false;
}

std::size_t Population::waiting(const std::function<bool(PlatformId)>& counts) const {
  std::size_t count = 0;
  for (const auto& client : clients_) {
    if (counts(client->platform)) count += client->waiting;
  }
  return count;
}

void Population::forget_tokens(PlatformId platform) {
  for (auto& client : clients_) {
    if (client->platform != platform) continue;
    client->token = std::nullopt;
    client->comment = std::nullopt;
    client->stances.clear();
  }
}

// Reading ----------------------------------------------------------------------------------------

void Population::read(Client& client) {
  auto* node = around_.some_node();
  if (node == nullptr || !node->is_serving() || !client.token) return;
  read_at(client, *node);
}

/// A node that is not as far as the token says so, and is asked again later.
void Population::read_at(Client& client, Node& node) {
  const auto tip = node.store().tip(client.platform);
  if (tip.position < client.token->position) return;
  ++counts_.reads;
  const auto record = node.store().hash_at(client.platform, client.token->position);
  if (record != client.token->hash) {
    if (!around_.may_be_lost(client.platform)) {
      around_.fail("node " + std::to_string(node.number()) +
                   " has another history at the position of a token");
    }
    return;
  }
  const auto& view = node.view();
  if (!client.has_support_pending && view.position(client.platform) >= client.token->position) {
    for (const auto& [contribution, stance] : client.stances) {
      if (client.unsure.contains(contribution)) continue;
      if (view.stance(client.platform, contribution, client.person) != stance) {
        around_.fail("a view went back behind the token of who reads it");
      }
    }
  }
  if (client.comment) read_words(client, node);
  client.token = {.position = tip.position, .hash = tip.hash};
}

void Population::read_words(const Client& client, Node& node) {
  const auto& [position, words] = *client.comment;
  const auto stored = node.store().record_at(client.platform, position);
  const auto record = stored ? decode_record(stored->bytes) : std::unexpected(DecodeError{});
  if (!record) return around_.fail("a node does not have what its tip covers");
  auto at = record->header.base_position;
  for (const auto& commit : record->commits) {
    for (const auto& raw : commit.events) {
      if (at++ != position) continue;
      const auto event = decode_event(raw);
      const auto* of_discuss = event ? std::get_if<DiscussEvent>(&*event) : nullptr;
      const auto* placed = of_discuss ? std::get_if<CommentPlaced>(of_discuss) : nullptr;
      if (placed == nullptr) return around_.fail("a comment is not where it was said to be");
      const auto text = open_text(node.keys(), client.platform, placed->body);
      if (text && *text == words) return;
      if (!text && text.error() == KeyFault::missing) return;  // on its way: 503
      if (!text && text.error() == KeyFault::destroyed && around_.is_destroyed(placed->body.key)) {
        return;
      }
      return around_.fail(text ? "other words than were written"
                               : "words were said to be erased, or to be damaged");
    }
  }
}

}  // namespace meent::simulation
