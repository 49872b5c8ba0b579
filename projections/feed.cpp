#include "projections/feed.h"

#include <algorithm>
#include <bit>

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

/// Folds one batch: every contribution's head and index entries are written once, however often
/// it was supported in between.
class FeedChange {
 public:
  explicit FeedChange(const Tables& tables) : changes_(tables) {}

  void fold(const StoredEvent& stored) {
    const auto& context = stored.context;
    const auto each = [&](const auto& variant) {
      std::visit([&](const auto& event) { on(event, context); }, variant);
    };
    if (const auto* support = std::get_if<domain::SupportEvent>(&stored.event)) {
      each(*support);
    } else if (const auto* contribution = std::get_if<domain::ContributionEvent>(&stored.event)) {
      each(*contribution);
    } else if (const auto* discuss = std::get_if<domain::DiscussEvent>(&stored.event)) {
      each(*discuss);
    } else if (const auto* moderate = std::get_if<domain::ModerateEvent>(&stored.event)) {
      each(*moderate);
    }
  }

  /// Heads and index entries of what was touched.
  const TableChanges& finish() {
    for (const auto& [key, touched] : touched_) {
      write_index(touched);
      changes_.put_row(key, touched.now);
    }
    return changes_;
  }

 private:
  struct Touched {
    PlatformId platform;
    ContributionId contribution;
    std::optional<Head> before;
    Head now;
  };

  Head& head(ContributionId id, const EventContext& context) {
    std::string key = key_of(head_table, context.platform, id);
    const auto found = touched_.find(key);
    if (found != touched_.end()) return found->second.now;
    auto stored = changes_.row<Head>(key);
    if (!stored) fail_unknown("contribution", id.text(), context);
    Touched touched{.platform = context.platform, .contribution = id, .before = stored, .now = {}};
    touched.now = *std::move(stored);
    return touched_.emplace(std::move(key), std::move(touched)).first->second.now;
  }

  void on(const domain::ContributionPlaced& event, const EventContext& context) {
    Touched touched{
        .platform = context.platform, .contribution = event.contribution, .before = {}, .now = {}};
    touched.now = Head{.space = event.space,
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
                       .counts = {}};
    changes_.put_row(key_of(text_table, context.platform, event.contribution), event.content);
    touched_.emplace(key_of(head_table, context.platform, event.contribution), std::move(touched));
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
    auto& counts = head(event.contribution, context).counts;
    if (event.replaces) --count_of(counts, *event.replaces);
    ++count_of(counts, event.stance);
  }
  void on(const domain::SupportWithdrawn& event, const EventContext& context) {
    --count_of(head(event.contribution, context).counts, event.replaces);
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

  void write_index(const Touched& touched) {
    const auto value_of = [&](const Head& head) {
      return IndexValue{touched.contribution, head.kind, head.themes, head.standing.now,
                        head.accepted};
    };
    const auto value = value_of(touched.now);
    const bool same_list =
        touched.before && touched.before->standing.is_shown() == touched.now.standing.is_shown();
    const bool same_value = touched.before && value_of(*touched.before) == value;
    std::string packed;
    for (const FeedSort sort : all_sorts) {
      const auto score = score_of(touched.now, sort);
      const bool stays = same_list && score_of(*touched.before, sort) == score;
      if (stays && same_value) continue;
      if (touched.before && !stays) {
        for (auto& key : index_keys(touched, *touched.before, sort)) changes_.erase(std::move(key));
      }
      if (packed.empty()) packed = domain::pack(value);
      for (auto& key : index_keys(touched, touched.now, sort)) {
        changes_.put(std::move(key), packed);
      }
    }
  }

  static std::vector<std::string> index_keys(const Touched& touched, const Head& head,
                                             FeedSort sort) {
    const auto place = place_in_list(score_of(head, sort), head.placed_position);
    std::vector<std::string> keys;
    for (const auto space : {head.space, domain::SpaceId()}) {
      for (const List list : {List::open, List::moderation, List::own}) {
        if ((list == List::open) != head.standing.is_shown()) continue;
        keys.push_back(list_key(touched.platform, space, list, head.author, sort) + place);
      }
    }
    return keys;
  }

  TableChanges changes_;
  std::unordered_map<std::string, Touched> touched_;
};

class Feed final : public TableView<FeedView> {
 public:
  Feed() : TableView("feed", feed::version) {}
  void apply(const EventBatch& batch) override {
    FeedChange change(tables());
    for (const auto& stored : batch.events) change.fold(stored);
    tables().write(change.finish(), batch.reached);
  }
  [[nodiscard]] FeedPage page(const FeedQuery& query) const override {
    return feed::page(*now(), query);
  }
  [[nodiscard]] std::optional<ContributionRow> contribution(
      PlatformId platform, ContributionId contribution,
      const domain::Viewer& viewer) const override {
    return feed::contribution(*now(), platform, contribution, viewer);
  }
  [[nodiscard]] std::vector<std::optional<ContributionRow>> contributions(
      PlatformId platform, std::span<const ContributionId> contributions,
      const domain::Viewer& viewer) const override {
    const auto now = this->now();
    std::vector<std::optional<ContributionRow>> rows;
    for (const auto id : contributions.first(std::min(contributions.size(), most_rows))) {
      rows.push_back(feed::contribution(*now, platform, id, viewer));
    }
    return rows;
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

std::int64_t in_steps(std::int64_t score) {
  constexpr int kept_bits = 5;
  const auto size = static_cast<std::uint64_t>(score < 0 ? -score : score);
  const int dropped = std::max(0, static_cast<int>(std::bit_width(size)) - kept_bits);
  const auto stepped = static_cast<std::int64_t>(size >> dropped << dropped);
  return score < 0 ? -stepped : stepped;
}

std::int64_t top_score(const StanceCounts& counts) {
  return in_steps(static_cast<std::int64_t>(counts.agree) -
                  static_cast<std::int64_t>(counts.disagree));
}

std::int64_t controversial_score(const StanceCounts& counts) {
  const auto [smaller, larger] = std::minmax(counts.agree, counts.disagree);
  return larger == 0 ? 0 : in_steps(static_cast<std::int64_t>(16 * smaller * smaller / larger));
}

}  // namespace meent::projections
