#include "domain/discuss.h"

#include <algorithm>

#include "domain/person.h"
#include "domain/space.h"

namespace meent::domain {

namespace {

constexpr std::size_t most_mentions = 50;

using Events = std::vector<DiscussEvent>;
using Answer = Result<Events, DiscussRejection>;
using Fault = std::optional<DiscussRejection>;

Events only(DiscussEvent event) {
  Events events;
  events.push_back(std::move(event));
  return events;
}

bool may_write(const State& state, const Context& context, PersonId author) {
  return may_act(context.actor, role_of_actor(state, context), Capability::discuss,
                 {.concerned = author, .author = author});
}

/// Why nobody can discuss this contribution now.
Fault fault_in(const State& state, const ContributionRecord& contribution, const Context& context) {
  if (!is_open_for(must_find<SpaceRecord>(state, contribution.space), context)) {
    return DiscussRejection::space_not_open;
  }
  if (!must_find<KindRecord>(state, contribution.kind).kind.can(KindAbility::discuss)) {
    return DiscussRejection::cannot_be_discussed;
  }
  if (contribution.standing != Standing::open) return DiscussRejection::contribution_not_open;
  return std::nullopt;
}

Fault fault_in_body(const std::string& body) {
  if (is_blank(body)) return DiscussRejection::body_missing;
  if (length(body) > longest_comment) return DiscussRejection::body_too_long;
  if (!is_text(body)) return DiscussRejection::not_text;
  return std::nullopt;
}

/// Mentions in the order of their first appearance.
std::vector<PersonId> without_repeats(const std::vector<PersonId>& mentions) {
  std::vector<PersonId> out;
  for (const auto person : mentions) {
    if (std::ranges::find(out, person) == out.end()) out.push_back(person);
  }
  return out;
}

Answer decide_on(const State& state, const PlaceComment& command, const Context& context) {
  const auto contribution = find<ContributionRecord>(state, command.contribution);
  if (!contribution) return refuse(DiscussRejection::unknown_contribution);
  std::optional<CommentRecord> parent;
  if (command.parent) {
    parent = find<CommentRecord>(state, *command.parent);
    if (!parent) return refuse(DiscussRejection::unknown_parent);
  }
  const auto author = find<PersonRecord>(state, command.author);
  if (!author) return refuse(DiscussRejection::unknown_author);
  if (!may_write(state, context, command.author)) return refuse(DiscussRejection::not_allowed);
  if (find<CommentRecord>(state, command.comment)) return refuse(DiscussRejection::already_placed);
  if (const auto fault = fault_in(state, *contribution, context)) return refuse(*fault);
  if (parent) {
    if (parent->contribution != command.contribution) {
      return refuse(DiscussRejection::parent_elsewhere);
    }
    if (parent->standing != Standing::open) return refuse(DiscussRejection::parent_not_open);
    if (parent->level >= deepest_comment) return refuse(DiscussRejection::too_deep);
  }
  if (const auto fault = fault_in_body(command.body)) return refuse(*fault);
  if (!is_language_tag(command.language)) return refuse(DiscussRejection::bad_language);
  if (command.mentions.size() > most_mentions) return refuse(DiscussRejection::too_many_mentions);
  for (const auto person : command.mentions) {
    if (!find<PersonRecord>(state, person)) return refuse(DiscussRejection::unknown_mention);
  }
  return only(CommentPlaced{.comment = command.comment,
                            .contribution = command.contribution,
                            .space = contribution->space,
                            .parent = command.parent,
                            .author = command.author,
                            .body = PrivateText::plain(author->content_key, command.body),
                            .language = command.language,
                            .mentions = without_repeats(command.mentions)});
}

Answer decide_on(const State& state, const EditComment& command, const Context& context) {
  const auto comment = find<CommentRecord>(state, command.comment);
  if (!comment) return refuse(DiscussRejection::unknown_comment);
  if (!may_write(state, context, comment->author)) return refuse(DiscussRejection::not_allowed);
  const auto contribution = must_find<ContributionRecord>(state, comment->contribution);
  if (const auto fault = fault_in(state, contribution, context)) return refuse(*fault);
  if (comment->standing == Standing::hidden) return refuse(DiscussRejection::is_hidden);
  if (comment->standing == Standing::withdrawn) return refuse(DiscussRejection::is_withdrawn);
  if (command.revision != comment->revision) return refuse(DiscussRejection::stale_revision);
  if (const auto fault = fault_in_body(command.body)) return refuse(*fault);
  const auto key = must_find<PersonRecord>(state, comment->author).content_key;
  return only(CommentEdited{.comment = command.comment,
                            .contribution = comment->contribution,
                            .revision = comment->revision + 1,
                            .body = PrivateText::plain(key, command.body)});
}

// An author may always take back what is theirs, also after closing and when it is hidden.
Answer decide_on(const State& state, const WithdrawComment& command, const Context& context) {
  const auto comment = find<CommentRecord>(state, command.comment);
  if (!comment) return refuse(DiscussRejection::unknown_comment);
  if (!may_write(state, context, comment->author)) return refuse(DiscussRejection::not_allowed);
  if (comment->standing == Standing::withdrawn) return refuse(DiscussRejection::is_withdrawn);
  return only(CommentWithdrawn{.comment = command.comment, .contribution = comment->contribution});
}

void apply(MutableState& state, const CommentPlaced& event, const EventContext&) {
  CommentRecord comment{.contribution = event.contribution,
                        .space = event.space,
                        .parent = event.parent,
                        .author = event.author};
  if (event.parent) comment.level = must_find<CommentRecord>(state, *event.parent).level + 1;
  put(state, event.comment, comment);
}

void apply(MutableState& state, const CommentEdited& event, const EventContext&) {
  auto comment = must_find<CommentRecord>(state, event.comment);
  comment.revision = event.revision;
  put(state, event.comment, comment);
}

void apply(MutableState& state, const CommentWithdrawn& event, const EventContext&) {
  auto comment = must_find<CommentRecord>(state, event.comment);
  comment.standing = Standing::withdrawn;
  put(state, event.comment, comment);
}

}  // namespace

Answer decide(const State& state, const DiscussCommand& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide_on(state, one, context); }, command);
}

void evolve(MutableState& state, const DiscussEvent& event, const EventContext& context) {
  std::visit([&](const auto& one) { apply(state, one, context); }, event);
}

Reason explain(DiscussRejection rejection) {
  using enum DiscussRejection;
  using enum Reason::Sort;
  switch (rejection) {
    case unknown_contribution:
      return {"unknown-contribution", "No contribution has this id; look it up in the feed.",
              unknown};
    case unknown_comment:
      return {"unknown-comment", "No comment has this id; look it up in the discussion.", unknown};
    case unknown_parent:
      return {"unknown-parent",
              "The comment you answer does not exist; answer another one, or none.", unknown,
              "parent"};
    case unknown_author:
      return {"unknown-author", "Nobody here has the author's id; register the person first.",
              unknown, "author"};
    case not_allowed:
      return {"not-allowed",
              "You may not do this here: write as yourself, and change only your own comments.",
              forbidden};
    case already_placed:
      return {"already-placed", "A comment with this id exists already; draw another id.",
              conflict};
    case space_not_open:
      return {"space-not-open",
              "The space is not open now; come back between its opening and closing dates.",
              conflict};
    case cannot_be_discussed:
      return {"cannot-be-discussed",
              "Contributions of this kind have no discussion; place a contribution of your own.",
              conflict};
    case contribution_not_open:
      return {"contribution-not-open",
              "The contribution is closed, hidden or withdrawn; discuss one that is open.",
              conflict};
    case parent_elsewhere:
      return {"parent-elsewhere",
              "The comment you answer stands under another contribution; answer it there.", invalid,
              "parent"};
    case parent_not_open:
      return {"parent-not-open",
              "The comment you answer is hidden or withdrawn; answer another one, or none.",
              conflict, "parent"};
    case too_deep:
      return {"too-deep", "Answers go 32 levels deep; answer a comment higher up.", conflict,
              "parent"};
    case is_hidden:
      return {"is-hidden", "A moderator has hidden the comment; ask a moderator to accept it.",
              conflict};
    case is_withdrawn:
      return {"is-withdrawn", "The comment has been withdrawn; place a new one instead.", conflict};
    case stale_revision:
      return {"stale-revision",
              "Somebody changed the comment meanwhile; read it again and redo your changes.", stale,
              "revision"};
    case body_missing: return {"body-missing", "Write a text for the comment.", invalid, "body"};
    case body_too_long:
      return {"body-too-long", "Shorten the comment to 10000 characters.", invalid, "body"};
    case not_text:
      return {"not-text", "Send the comment as UTF-8 without NUL characters.", invalid, "body"};
    case bad_language:
      return {"bad-language", "Give the language as a tag such as nl, en-GB or zh-Hant.", invalid,
              "language"};
    case too_many_mentions:
      return {"too-many-mentions", "Mention at most 50 people.", invalid, "mentions"};
    case unknown_mention:
      return {"unknown-mention", "Mention only people of this platform.", invalid, "mentions"};
  }
  std::abort();
}

}  // namespace meent::domain
