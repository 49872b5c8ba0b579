#include "projections/feed.h"

#include <algorithm>
#include <cstdlib>

#include "domain/result.h"
#include "projections/feed_page.h"
#include "projections/feed_rows.h"

namespace meent::projections {
namespace {

using domain::ContributionId;
using domain::EventContext;
using domain::overloaded;
using domain::PlatformId;
using namespace feed;

/// A head, and from what its index entries in the table were made: nothing before the first ones.
struct IndexedHead : Head {
  std::optional<IndexState> indexed;
};
using Heads = RowCache<ContributionId, IndexedHead>;
constexpr std::size_t most_cached_heads = 8000;

IndexState index_state_of(ContributionId id, const Head& head) {
  IndexState state{.is_shown = head.standing.is_shown(),
                   .value = {id, head.kind, head.themes, head.standing.now, head.accepted}};
  for (const FeedSort sort : all_sorts) {
    state.scores[static_cast<std::size_t>(sort)] = score_of(head, sort);
  }
  return state;
}

/// Every contribution's head and index entries are written once a batch, however often it was
/// supported in between.
class FeedFold {
 public:
  explicit FeedFold(TableChanges& changes) : changes_(changes) {}

  void fold(const StoredEvent& stored) {
    with_event_of<domain::SupportEvent, domain::ContributionEvent, domain::DiscussEvent,
                  domain::ModerateEvent>(
        stored, [&](const auto& event, const auto& context) { on(event, context); });
  }

  /// Heads and index entries of what was touched.
  void finish() {
    heads_.write(changes_, [this](const Heads::Key& key, IndexedHead& head) {
      auto state = index_state_of(key.id, head);
      write_index(key, head, state);
      head.indexed = std::move(state);
    });
  }
  [[nodiscard]] std::size_t kept_bytes() const { return heads_.touched_bytes(); }
  void forget() { heads_.clear(); }

 private:
  IndexedHead& head(ContributionId id, const EventContext& context) {
    const Heads::Key key{context.platform, id};
    auto* head = heads_.find(
        changes_, key, [&](IndexedHead& loaded) { loaded.indexed = index_state_of(id, loaded); });
    if (head == nullptr) fail_unknown("contribution", id.text(), context);
    return *head;
  }

  void on(const domain::ContributionPlaced& event, const EventContext& context) {
    IndexedHead head{Head{.space = event.space,
                          .kind = event.kind,
                          .author = event.author,
                          .standing = {},
                          .hide_reason = {},
                          .themes = event.content.themes,
                          .external_id = event.external_id,
                          .placed_position = context.position,
                          .active_position = context.position,
                          .placed_at = context.shown_at(),
                          .revised_at = context.shown_at(),
                          .active_at = context.shown_at(),
                          .counts = {}},
                     {}};
    changes_.put_row(key_of(text_table, context.platform, event.contribution), event.content);
    heads_.put({context.platform, event.contribution}, std::move(head));
  }
  void on(const domain::ContributionRevised& event, const EventContext& context) {
    auto& now = head(event.contribution, context);
    const std::string text_key = key_of(text_table, context.platform, event.contribution);
    const auto replaced = changes_.row<domain::ContributionContent>(text_key);
    if (!replaced) fail_unknown("contribution", event.contribution.text(), context);
    changes_.put_row(
        key_of(revision_table, context.platform, event.contribution, std::uint64_t{now.revision}),
        RevisionRow{now.author, *replaced, now.revised_at});
    changes_.put_row(text_key, event.content);
    now.revision = event.revision;
    now.themes = event.content.themes;
    now.revised_at = context.shown_at();
    be_active(now, context);
  }
  void on(const domain::ContributionWithdrawn& event, const EventContext& context) {
    auto& now = head(event.contribution, context);
    now.standing.now = domain::Standing::withdrawn;
    now.hide_reason.reset();
  }
  void on(const domain::ContributionClosed& event, const EventContext& context) {
    head(event.contribution, context).standing.now = domain::Standing::closed;
  }
  void on(const domain::ContributionReopened& event, const EventContext& context) {
    head(event.contribution, context).standing.now = domain::Standing::open;
  }

  void on(const domain::CommentPlaced& event, const EventContext& context) {
    changes_.put_row(key_of(comment_table, context.platform, event.comment), ItemStanding{});
    auto& now = head(event.contribution, context);
    ++now.comment_count;
    be_active(now, context);
  }
  void on(const domain::CommentEdited&, const EventContext&) {}
  void on(const domain::CommentWithdrawn& event, const EventContext& context) {
    restand_comment(event.comment, event.contribution, context,
                    [](auto& standing) { standing.now = domain::Standing::withdrawn; });
  }

  void on(const domain::SupportGiven& event, const EventContext& context) {
    auto& now = head(event.contribution, context);
    if (event.replaces) --count_of(now.counts, *event.replaces);
    ++count_of(now.counts, event.stance);
    move_near_scores(now);
  }
  void on(const domain::SupportWithdrawn& event, const EventContext& context) {
    auto& now = head(event.contribution, context);
    --count_of(now.counts, event.replaces);
    move_near_scores(now);
  }
  /// With every event, not every batch: the result does not depend on how events are batched.
  static void move_near_scores(Head& head) {
    const auto slack = score_slack(head.counts);
    const auto top = top_score(head.counts);
    const auto controversial = controversial_score(head.counts);
    if (std::abs(top - head.top) > slack) head.top = top;
    if (std::abs(controversial - head.controversial) > 8 * slack) {
      head.controversial = controversial;
    }
  }

  void on(const domain::ItemAccepted& event, const EventContext& context) {
    std::visit(overloaded{[&](ContributionId id) {
                            auto& now = head(id, context);
                            now.standing.accept();
                            now.accepted = true;
                            now.hide_reason.reset();
                          },
                          [&](domain::CommentId id) {
                            restand_comment(id, event.contribution, context,
                                            [](auto& standing) { standing.accept(); });
                          }},
               event.item);
  }
  void on(const domain::ItemHidden& event, const EventContext& context) {
    std::visit(overloaded{[&](ContributionId id) {
                            auto& now = head(id, context);
                            now.standing.hide();
                            now.accepted = false;
                            now.hide_reason = event.reason;
                          },
                          [&](domain::CommentId id) {
                            restand_comment(id, event.contribution, context,
                                            [](auto& standing) { standing.hide(); });
                          }},
               event.item);
  }

  static void be_active(Head& head, const EventContext& context) {
    head.active_position = context.position;
    head.active_at = context.shown_at();
  }

  template <class Change>
  void restand_comment(domain::CommentId id, ContributionId contribution,
                       const EventContext& context, Change&& change) {
    const std::string key = key_of(comment_table, context.platform, id);
    auto standing = changes_.row<ItemStanding>(key);
    if (!standing) fail_unknown("comment", id.text(), context);
    restand(*standing, change).count_in(head(contribution, context).comment_count);
    changes_.put_row(key, *standing);
  }

  void write_index(const Heads::Key& key, const IndexedHead& head, const IndexState& now) {
    const auto& before = head.indexed;
    const bool same_list = before && before->is_shown == now.is_shown;
    const bool same_value = before && before->value == now.value;
    std::string packed;
    for (const FeedSort sort : all_sorts) {
      const auto at = static_cast<std::size_t>(sort);
      const bool stays = same_list && before->scores[at] == now.scores[at];
      if (stays && same_value) continue;
      if (packed.empty()) packed = domain::pack(now.value);
      for_each_list(key, head, sort, now,
                    [&](const std::string& entry) { changes_.put(entry, packed); });
      if (!before || stays) continue;
      for_each_list(key, head, sort, *before,
                    [&](const std::string& entry) { changes_.erase(entry); });
    }
  }

  template <class Each>
  static void for_each_list(const Heads::Key& key, const Head& head, FeedSort sort,
                            const IndexState& state, Each&& each) {
    const auto place =
        place_in_list(state.scores[static_cast<std::size_t>(sort)], head.placed_position);
    for (const auto space : {head.space, domain::SpaceId()}) {
      for (const List list : {List::open, List::moderation, List::own}) {
        if ((list == List::open) != state.is_shown) continue;
        each(list_key(key.platform, space, list, head.author, sort) + place);
      }
    }
  }

  TableChanges& changes_;
  Heads heads_{head_table, most_cached_heads};
};

class Feed final : public FoldedView<FeedView, FeedFold> {
 public:
  Feed() : FoldedView("feed", feed::version) {}
  [[nodiscard]] FeedPage page(const FeedQuery& query) const override {
    return feed::page(*now(), query);
  }
  [[nodiscard]] std::optional<ContributionRow> contribution(
      PlatformId platform, ContributionId contribution,
      const domain::Viewer& viewer) const override {
    return feed::contributions(*now(), platform, {&contribution, 1}, viewer).front();
  }
  [[nodiscard]] std::vector<std::optional<ContributionRow>> contributions(
      PlatformId platform, std::span<const ContributionId> contributions,
      const domain::Viewer& viewer) const override {
    return feed::contributions(*now(), platform, contributions, viewer);
  }
  [[nodiscard]] ContributionRevisions revisions(PlatformId platform, ContributionId contribution,
                                                std::optional<std::uint32_t> before,
                                                std::size_t limit,
                                                const domain::Viewer& viewer) const override {
    return feed::revisions(*now(), platform, contribution, before, limit, viewer);
  }
};

}  // namespace

std::unique_ptr<FeedView> FeedView::make() {
  return std::make_unique<Feed>();
}

std::uint64_t& count_of(StanceCounts& counts, domain::Stance stance) {
  switch (stance) {
    case domain::Stance::agree: return counts.agree;
    case domain::Stance::pass: return counts.pass;
    case domain::Stance::disagree: break;
  }
  return counts.disagree;
}

std::int64_t top_score(const StanceCounts& counts) {
  return static_cast<std::int64_t>(counts.agree) - static_cast<std::int64_t>(counts.disagree);
}

std::int64_t controversial_score(const StanceCounts& counts) {
  const auto [smaller, larger] = std::minmax(counts.agree, counts.disagree);
  return larger == 0 ? 0 : static_cast<std::int64_t>(16 * smaller * smaller / larger);
}

std::int64_t score_slack(const StanceCounts& counts) {
  return static_cast<std::int64_t>(counts.participants() / 64);
}

}  // namespace meent::projections
