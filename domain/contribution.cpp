#include "domain/contribution.h"

#include <algorithm>

#include "domain/person.h"
#include "domain/space.h"

namespace meent::domain {

namespace {

constexpr std::size_t longest_external_id = 120;

using Events = std::vector<ContributionEvent>;
using Answer = Result<Events, ContributionRejection>;

Events only(ContributionEvent event) {
  Events events;
  events.push_back(std::move(event));
  return events;
}

/// The first thing wrong with the text.
std::optional<ContributionRejection> fault_in(const ContributionText& text, const Kind& kind,
                                              const Actor& actor) {
  const auto faults = faults_in(text, kind, actor);
  return faults.empty() ? std::nullopt : std::optional(faults.front().why);
}

/// What is left blank is left out.
ContributionContent sealed_for(KeyId key, const ContributionText& text) {
  ContributionContent content{.title = {},
                              .body = PrivateText::plain(key, text.body),
                              .form = {},
                              .themes = text.themes,
                              .language = text.language};
  if (!is_blank(text.title)) content.title = PrivateText::plain(key, text.title);
  for (const auto& [name, value] : text.form) {
    if (!is_blank(value)) content.form.emplace(name, PrivateText::plain(key, value));
  }
  return content;
}

bool may_write(const State& state, const Context& context, PersonId author) {
  return may_act(context.actor, role_of_actor(state, context), Capability::place,
                 {.concerned = author, .author = author});
}

bool may_conclude(const State& state, const Context& context, PersonId author) {
  return may_act(context.actor, role_of_actor(state, context), Capability::conclude,
                 {.concerned = {}, .author = author});
}

Answer decide_on(const State& state, const PlaceContribution& command, const Context& context) {
  const auto space = find<SpaceRecord>(state, command.space);
  if (!space) return refuse(ContributionRejection::unknown_space);
  const auto author = find<PersonRecord>(state, command.author);
  if (!author) return refuse(ContributionRejection::unknown_author);
  const bool imports = context.actor.kind == ActorKind::importer;
  if (!may_write(state, context, command.author) || (!imports && !command.external_id.empty())) {
    return refuse(ContributionRejection::not_allowed);
  }
  if (find<ContributionRecord>(state, command.contribution)) {
    return refuse(ContributionRejection::already_placed);
  }
  if (!is_open_for(*space, context)) return refuse(ContributionRejection::space_not_open);
  const auto& kinds = space->description.kinds;
  if (std::ranges::find(kinds, command.kind) == kinds.end()) {
    return refuse(ContributionRejection::kind_not_in_space);
  }
  const auto kind = must_find<KindRecord>(state, command.kind).kind;
  if (const auto fault = fault_in(command.text, kind, context.actor)) return refuse(*fault);
  if (!is_text(command.external_id) || length(command.external_id) > longest_external_id) {
    return refuse(ContributionRejection::external_id_too_long);
  }
  return only(ContributionPlaced{.contribution = command.contribution,
                                 .space = command.space,
                                 .kind = command.kind,
                                 .author = command.author,
                                 .content = sealed_for(author->content_key, command.text),
                                 .external_id = command.external_id});
}

Answer decide_on(const State& state, const ReviseContribution& command, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, command.contribution);
  if (!contribution) return refuse(ContributionRejection::unknown_contribution);
  if (!may_write(state, context, contribution->author)) {
    return refuse(ContributionRejection::not_allowed);
  }
  if (!is_open_for(must_find<SpaceRecord>(state, contribution->space), context)) {
    return refuse(ContributionRejection::space_not_open);
  }
  switch (contribution->standing) {
    case Standing::open: break;
    case Standing::closed: return refuse(ContributionRejection::is_closed);
    case Standing::hidden: return refuse(ContributionRejection::is_hidden);
    case Standing::withdrawn: return refuse(ContributionRejection::is_withdrawn);
  }
  const auto kind = must_find<KindRecord>(state, contribution->kind).kind;
  if (!kind.can(KindAbility::revise)) return refuse(ContributionRejection::cannot_be_revised);
  if (command.revision != contribution->revision) {
    return refuse(ContributionRejection::stale_revision);
  }
  if (const auto fault = fault_in(command.text, kind, context.actor)) return refuse(*fault);
  const auto key = must_find<PersonRecord>(state, contribution->author).content_key;
  return only(ContributionRevised{.contribution = command.contribution,
                                  .revision = contribution->revision + 1,
                                  .author = contribution->author,
                                  .content = sealed_for(key, command.text)});
}

// An author may always take back what is theirs, also after closing and when it is hidden.
Answer decide_on(const State& state, const WithdrawContribution& command, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, command.contribution);
  if (!contribution) return refuse(ContributionRejection::unknown_contribution);
  if (!may_write(state, context, contribution->author)) {
    return refuse(ContributionRejection::not_allowed);
  }
  if (contribution->standing == Standing::withdrawn) {
    return refuse(ContributionRejection::is_withdrawn);
  }
  return only(ContributionWithdrawn{command.contribution});
}

Answer decide_on(const State& state, const CloseContribution& command, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, command.contribution);
  if (!contribution) return refuse(ContributionRejection::unknown_contribution);
  if (!may_conclude(state, context, contribution->author)) {
    return refuse(ContributionRejection::not_allowed);
  }
  switch (contribution->standing) {
    case Standing::open: return only(ContributionClosed{command.contribution});
    case Standing::closed: return refuse(ContributionRejection::is_closed);
    case Standing::hidden: return refuse(ContributionRejection::is_hidden);
    case Standing::withdrawn: return refuse(ContributionRejection::is_withdrawn);
  }
  std::abort();
}

Answer decide_on(const State& state, const ReopenContribution& command, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, command.contribution);
  if (!contribution) return refuse(ContributionRejection::unknown_contribution);
  if (!may_conclude(state, context, contribution->author)) {
    return refuse(ContributionRejection::not_allowed);
  }
  switch (contribution->standing) {
    case Standing::open: return refuse(ContributionRejection::is_not_closed);
    case Standing::closed: return only(ContributionReopened{command.contribution});
    case Standing::hidden: return refuse(ContributionRejection::is_hidden);
    case Standing::withdrawn: return refuse(ContributionRejection::is_withdrawn);
  }
  std::abort();
}

void apply(MutableState& state, const ContributionPlaced& event, const EventContext& context) {
  put(state, event.contribution,
      ContributionRecord{.space = event.space,
                         .kind = event.kind,
                         .author = event.author,
                         .placed_at = context.recorded_at});
}

void apply(MutableState& state, const ContributionRevised& event, const EventContext&) {
  auto contribution = must_find<ContributionRecord>(state, event.contribution);
  contribution.revision = event.revision;
  put(state, event.contribution, contribution);
}

void stand(MutableState& state, ContributionId id, Standing standing) {
  auto contribution = must_find<ContributionRecord>(state, id);
  contribution.standing = standing;
  put(state, id, contribution);
}

void apply(MutableState& state, const ContributionWithdrawn& event, const EventContext&) {
  stand(state, event.contribution, Standing::withdrawn);
}

void apply(MutableState& state, const ContributionClosed& event, const EventContext&) {
  stand(state, event.contribution, Standing::closed);
}

void apply(MutableState& state, const ContributionReopened& event, const EventContext&) {
  stand(state, event.contribution, Standing::open);
}

}  // namespace

Level level_of(Standing standing) {
  switch (standing) {
    case Standing::open:
    case Standing::closed: return Level::open;
    case Standing::hidden:
    case Standing::withdrawn: return Level::moderation;
  }
  std::abort();
}

Answer decide(const State& state, const ContributionCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const ContributionEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(ContributionRejection rejection) {
  using enum ContributionRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case unknown_space:
      return {"unknown-space", "No space has this id; look it up in the list of spaces.", unknown,
              "space"};
    case unknown_author:
      return {"unknown-author", "Nobody here has the author's id; register the person first.",
              unknown, "author"};
    case unknown_contribution:
      return {"unknown-contribution", "No contribution has this id; look it up in the feed.",
              unknown};
    case not_allowed:
      return {"not-allowed",
              "You may not do this here: act for yourself and on your own contributions, or ask a "
              "moderator.",
              forbidden};
    case already_placed:
      return {"already-placed", "A contribution with this id exists already; draw another id.",
              conflict};
    case space_not_open:
      return {"space-not-open",
              "The space is not open now; come back between its opening and closing dates.",
              conflict};
    case kind_not_in_space:
      return {"kind-not-in-space", "This space has no such kind; choose one of the space's kinds.",
              invalid, "kind"};
    case is_withdrawn:
      return {"is-withdrawn", "The contribution has been withdrawn; place a new one instead.",
              conflict};
    case is_hidden:
      return {"is-hidden", "A moderator has hidden the contribution; ask a moderator to accept it.",
              conflict};
    case is_closed: return {"is-closed", "The contribution is closed; reopen it first.", conflict};
    case is_not_closed:
      return {"is-not-closed", "The contribution is open already; nothing to do.", conflict};
    case cannot_be_revised:
      return {"cannot-be-revised",
              "Contributions of this kind keep their text; withdraw it and place a new one.",
              conflict};
    case stale_revision:
      return {"stale-revision",
              "Somebody changed the contribution meanwhile; read it again and redo your changes.",
              stale, "revision"};
    case title_missing:
      return {"title-missing", "Give the contribution a title.", invalid, "title"};
    case title_too_long:
      return {"title-too-long", "Shorten the title to what the kind allows.", invalid, "title"};
    case body_missing:
      return {"body-missing", "Write a text for the contribution.", invalid, "body"};
    case body_too_long:
      return {"body-too-long", "Shorten the text to what the kind allows.", invalid, "body"};
    case not_text:
      return {"not-text", "Send title, text and form as UTF-8 without NUL characters.", invalid,
              "body"};
    case unknown_field:
      return {"unknown-field", "Fill in only the fields that the kind's form has.", invalid,
              "form"};
    case field_missing:
      return {"field-missing", "Fill in every field that the kind's form requires.", invalid,
              "form"};
    case bad_field:
      return {
          "bad-field",
          "Give every field a value of its type and within its length, as the kind's form says.",
          invalid, "form"};
    case too_many_themes:
      return {"too-many-themes", "Choose at most 10 themes.", invalid, "themes"};
    case bad_theme:
      return {"bad-theme", "Choose each theme once, and only themes that the kind allows.", invalid,
              "themes"};
    case bad_language:
      return {"bad-language", "Give the language as a tag such as nl, en-GB or zh-Hant.", invalid,
              "language"};
    case external_id_too_long:
      return {"external-id-too-long",
              "Give the id from the source as text of at most 120 characters.", invalid,
              "external_id"};
  }
  std::abort();
}

}  // namespace meent::domain
