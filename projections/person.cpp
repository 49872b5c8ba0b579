#include "projections/person.h"

#include <algorithm>

#include "domain/result.h"
#include "projections/merge.h"
#include "projections/standing.h"
#include "projections/tables.h"

namespace meent::projections {
namespace {

using domain::CommentId;
using domain::ContributionId;
using domain::EventContext;
using domain::Level;
using domain::overloaded;
using domain::PersonId;
using domain::PlatformId;
using domain::Scope;
using domain::SpaceId;

constexpr std::uint32_t person_version = 1;
constexpr char deed_table = 'd';
constexpr char item_table = 'i';
constexpr char move_table = 'm';
constexpr char count_table = 'n';

constexpr std::size_t most_in_page = 100;
constexpr std::size_t most_looked_at = 1000;

/// Which of a person's lists a deed stands in.
enum class List : std::uint8_t { open, moderation, secret };

struct DeedValue {
  Deed deed = Deed::placed;
  SpaceId space;
  ContributionId contribution;
  std::optional<CommentId> comment;
  std::optional<domain::Stance> stance;
  domain::Timestamp at;
  template <class A>
  void fields(A& a) {
    a(deed, space, contribution, comment, stance, at);
  }
};

/// A contribution or a comment: who wrote it and how it stands.
struct ItemRow {
  SpaceId space;
  ContributionId contribution;
  PersonId author;
  ItemStanding standing;
  template <class A>
  void fields(A& a) {
    a(space, contribution, author, standing);
  }
};

struct Counts {
  std::uint64_t contributions = 0, comments = 0;
  template <class A>
  void fields(A& a) {
    a(contributions, comments);
  }
};

std::string item_key(char table, PlatformId platform, ContributionId id) {
  return key_of(table, platform, std::uint8_t{0}, id);
}
std::string item_key(char table, PlatformId platform, CommentId id) {
  return key_of(table, platform, std::uint8_t{1}, id);
}
std::string list_key(PlatformId platform, PersonId person, List list) {
  return key_of(deed_table, platform, person, static_cast<std::uint8_t>(list));
}
/// Later deeds first.
std::string place_of(std::uint64_t position) {
  std::string place;
  append_to(place, ~position);
  return place;
}
List list_of(Level level) {
  return level == Level::open ? List::open : List::moderation;
}

class PersonFold {
 public:
  explicit PersonFold(TableChanges& changes) : changes_(changes) {}

  void fold(const StoredEvent& stored) {
    with_event_of<domain::SupportEvent, domain::ContributionEvent, domain::DiscussEvent,
                  domain::ModerateEvent>(
        stored, [&](const auto& event, const auto& context) { on(event, context); });
  }
  void finish() {}
  [[nodiscard]] std::size_t kept_bytes() const { return 0; }
  void forget() {}

 private:
  void on(const domain::ContributionPlaced& event, const EventContext& context) {
    const ItemRow item{event.space, event.contribution, event.author, {}};
    changes_.put_row(item_key(item_table, context.platform, event.contribution), item);
    change_counts(context, event.author, [](Counts& counts) { ++counts.contributions; });
    add_deed(item, event.contribution, Deed::placed, context);
  }
  void on(const domain::ContributionRevised& event, const EventContext& context) {
    add_deed(find(event.contribution, context), event.contribution, Deed::revised, context);
  }
  void on(const domain::ContributionWithdrawn& event, const EventContext& context) {
    add_deed(find(event.contribution, context), event.contribution, Deed::withdrew, context);
    change_standing(event.contribution, context,
                    [](auto& standing) { standing.now = domain::Standing::withdrawn; });
  }
  void on(const domain::ContributionClosed& event, const EventContext& context) {
    change_standing(event.contribution, context,
                    [](auto& standing) { standing.now = domain::Standing::closed; });
  }
  void on(const domain::ContributionReopened& event, const EventContext& context) {
    change_standing(event.contribution, context,
                    [](auto& standing) { standing.now = domain::Standing::open; });
  }

  void on(const domain::CommentPlaced& event, const EventContext& context) {
    const ItemRow item{event.space, event.contribution, event.author, {}};
    changes_.put_row(item_key(item_table, context.platform, event.comment), item);
    change_counts(context, event.author, [](Counts& counts) { ++counts.comments; });
    add_deed(item, event.comment, Deed::commented, context);
  }
  void on(const domain::CommentEdited& event, const EventContext& context) {
    add_deed(find(event.comment, context), event.comment, Deed::edited_comment, context);
  }
  void on(const domain::CommentWithdrawn& event, const EventContext& context) {
    add_deed(find(event.comment, context), event.comment, Deed::withdrew_comment, context);
    change_standing(event.comment, context,
                    [](auto& standing) { standing.now = domain::Standing::withdrawn; });
  }

  void on(const domain::SupportGiven& event, const EventContext& context) {
    add_secret(event.person, context,
               {.deed = Deed::supported,
                .space = event.space,
                .contribution = event.contribution,
                .comment = {},
                .stance = event.stance,
                .at = context.shown_at()});
  }
  void on(const domain::SupportWithdrawn& event, const EventContext& context) {
    add_secret(event.person, context,
               {.deed = Deed::withdrew_support,
                .space = event.space,
                .contribution = event.contribution,
                .comment = {},
                .stance = {},
                .at = context.shown_at()});
  }

  void on(const domain::ItemAccepted& event, const EventContext& context) {
    std::visit([&](auto id) { change_standing(id, context, [](auto& s) { s.accept(); }); },
               event.item);
  }
  void on(const domain::ItemHidden& event, const EventContext& context) {
    std::visit([&](auto id) { change_standing(id, context, [](auto& s) { s.hide(); }); },
               event.item);
  }

  template <class ItemId>
  ItemRow find(ItemId id, const EventContext& context) {
    auto item = changes_.row<ItemRow>(item_key(item_table, context.platform, id));
    if (!item) fail_unknown("item", id.text(), context);
    return *std::move(item);
  }

  template <class ItemId>
  void add_deed(const ItemRow& item, ItemId id, Deed deed, const EventContext& context) {
    DeedValue value{.deed = deed,
                    .space = item.space,
                    .contribution = item.contribution,
                    .comment = {},
                    .stance = {},
                    .at = context.shown_at()};
    if constexpr (std::is_same_v<ItemId, CommentId>) value.comment = id;
    changes_.put_row(list_key(context.platform, item.author, list_of(item.standing.level())) +
                         place_of(context.position),
                     value);
    const auto places_key = item_key(move_table, context.platform, id);
    auto places =
        changes_.row<std::vector<std::uint64_t>>(places_key).value_or(std::vector<std::uint64_t>());
    places.push_back(context.position);
    changes_.put_row(places_key, places);
  }
  void add_secret(PersonId person, const EventContext& context, const DeedValue& value) {
    changes_.put_row(list_key(context.platform, person, List::secret) + place_of(context.position),
                     value);
  }

  /// What was done with an item moves to the list of the level at which the item stands.
  template <class ItemId, class Change>
  void change_standing(ItemId id, const EventContext& context, Change&& change) {
    auto item = find(id, context);
    const auto before = item.standing.level();
    const auto shown = restand(item.standing, change);
    changes_.put_row(item_key(item_table, context.platform, id), item);
    const auto after = item.standing.level();
    if (before == after) return;
    change_counts(context, item.author, [&](Counts& counts) {
      shown.count_in(std::is_same_v<ItemId, CommentId> ? counts.comments : counts.contributions);
    });
    const auto places =
        changes_.row<std::vector<std::uint64_t>>(item_key(move_table, context.platform, id));
    if (!places) fail_unknown("item", id.text(), context);
    for (const auto position : *places) {
      auto from = list_key(context.platform, item.author, list_of(before)) + place_of(position);
      auto value = changes_.get(from);
      if (!value) fail_unknown("deed on", id.text(), context);
      changes_.erase(std::move(from));
      changes_.put(list_key(context.platform, item.author, list_of(after)) + place_of(position),
                   *std::move(value));
    }
  }

  template <class Change>
  void change_counts(const EventContext& context, PersonId person, Change&& change) {
    auto key = key_of(count_table, context.platform, person);
    auto counts = changes_.row<Counts>(key).value_or(Counts());
    change(counts);
    changes_.put_row(key, counts);
  }

  TableChanges& changes_;
};

struct CursorBytes {
  std::uint32_t view_version = person_version;
  PersonId person;
  std::string place;
  template <class A>
  void fields(A& a) {
    a(view_version, person, place);
  }
};

class Person final : public FoldedView<PersonView, PersonFold> {
 public:
  Person() : FoldedView("person", person_version) {}
  [[nodiscard]] PersonPage page(const PersonQuery& query) const override {
    const auto snapshot = now();
    PersonPage page;
    page.position = snapshot->position(query.platform);
    const auto counts =
        snapshot->row<Counts>(key_of(count_table, query.platform, query.person)).value_or(Counts());
    page.contribution_count = counts.contributions;
    page.comment_count = counts.comments;
    CursorBytes cursor{.person = query.person, .place = {}};
    if (query.cursor) {
      const auto given = domain::unpack<CursorBytes>(*query.cursor);
      page.gone = !given || given->view_version != person_version ||
                  given->person != query.person || given->place.size() != place_of(0).size();
      if (page.gone) return page;
      cursor.place = given->place;
    }
    const auto limit = std::clamp<std::size_t>(query.limit, 1, most_in_page);
    std::size_t looked_at = 0;
    MergedLists lists(*snapshot, lists_for(query), cursor.place);
    for (; lists.valid() && page.rows.size() < limit && looked_at < most_looked_at; lists.next()) {
      ++looked_at;
      cursor.place = lists.place();
      if (auto row = row_of(*snapshot, query, unpack_row<DeedValue>(lists.value()))) {
        row->position = ~number_in(cursor.place, 0);
        page.rows.push_back(*std::move(row));
      }
    }
    if (lists.valid()) page.next = domain::pack(cursor);
    return page;
  }

 private:
  static Scope own_scope(PersonId person) {
    return {Scope::Place::person, person.value(), Level::open};
  }
  static bool is_secret(Deed deed) {
    return deed == Deed::supported || deed == Deed::withdrew_support;
  }

  /// Lists that may hold something for this viewer; the policy judges each row again.
  static std::vector<std::string> lists_for(const PersonQuery& query) {
    std::vector<std::string> lists{list_key(query.platform, query.person, List::open)};
    if (may_see(query.viewer, Scope::of_space(SpaceId(), Level::moderation), query.person)) {
      lists.push_back(list_key(query.platform, query.person, List::moderation));
    }
    if (query.with_support && may_see(query.viewer, own_scope(query.person))) {
      lists.push_back(list_key(query.platform, query.person, List::secret));
    }
    return lists;
  }

  /// Nothing when the viewer may not see the deed, or the contribution it was done under.
  static std::optional<DeedRow> row_of(const TableSnapshot& snapshot, const PersonQuery& query,
                                       const DeedValue& value) {
    DeedRow row{.position = 0,
                .deed = value.deed,
                .space = value.space,
                .contribution = value.contribution,
                .comment = value.comment,
                .stance = value.stance,
                .scope = own_scope(query.person),
                .at = value.at};
    if (is_secret(value.deed)) {
      return may_see(query.viewer, row.scope) ? std::optional(row) : std::nullopt;
    }
    const auto contribution =
        snapshot.row<ItemRow>(item_key(item_table, query.platform, value.contribution));
    if (!contribution) throw ViewFault("a deed names an unknown contribution; rebuild the view");
    row.scope = Scope::of_space(value.space, contribution->standing.level());
    if (!may_see(query.viewer, row.scope, contribution->author)) return std::nullopt;
    if (!value.comment) return row;
    const auto comment =
        snapshot.row<ItemRow>(item_key(item_table, query.platform, *value.comment));
    if (!comment) throw ViewFault("a deed names an unknown comment; rebuild the view");
    row.scope = {Scope::Place::discussion, value.contribution.value(), comment->standing.level()};
    return may_see(query.viewer, row.scope, query.person) ? std::optional(row) : std::nullopt;
  }
};

}  // namespace

std::unique_ptr<PersonView> PersonView::make() {
  return std::make_unique<Person>();
}

}  // namespace meent::projections
