#include "projections/thread.h"

#include "domain/result.h"
#include "projections/thread_page.h"
#include "projections/thread_rows.h"

namespace meent::projections {
namespace {

using domain::CommentId;
using domain::ContributionId;
using domain::EventContext;
using domain::overloaded;
using domain::PlatformId;
using namespace thread;

class ThreadFold {
 public:
  explicit ThreadFold(TableChanges& changes) : changes_(changes) {}

  void fold(const StoredEvent& stored) {
    with_event_of<domain::DiscussEvent, domain::ContributionEvent, domain::ModerateEvent>(
        stored, [&](const auto& event, const auto& context) { on(event, context); });
  }
  void finish() {}
  [[nodiscard]] std::size_t kept_bytes() const { return 0; }
  void forget() {}

 private:
  void on(const domain::ContributionPlaced& event, const EventContext& context) {
    changes_.put_row(key_of(root_table, context.platform, event.contribution),
                     Root{.space = event.space, .author = event.author, .standing = {}});
  }
  void on(const domain::ContributionRevised&, const EventContext&) {}
  void on(const domain::ContributionWithdrawn& event, const EventContext& context) {
    change_root(event.contribution, context,
                [](Root& root) { root.standing.now = domain::Standing::withdrawn; });
  }
  void on(const domain::ContributionClosed& event, const EventContext& context) {
    change_root(event.contribution, context,
                [](Root& root) { root.standing.now = domain::Standing::closed; });
  }
  void on(const domain::ContributionReopened& event, const EventContext& context) {
    change_root(event.contribution, context,
                [](Root& root) { root.standing.now = domain::Standing::open; });
  }

  void on(const domain::CommentPlaced& event, const EventContext& context) {
    change_root(event.contribution, context, [&](Root& root) {
      ++root.descendant_count;
      if (!event.parent) ++root.reply_count;
    });
    const Place place{event.contribution, event.parent.value_or(CommentId()), context.position};
    Head head{.comment = event.comment,
              .space = event.space,
              .author = event.author,
              .standing = {},
              .hide_reason = {},
              .placed_at = context.shown_at(),
              .edited_at = context.shown_at(),
              .language = event.language,
              .mentions = event.mentions};
    bool is_direct = true;
    for (auto above = event.parent; above;) {
      const auto next = change_head(*above, context, [&](Head& ancestor) {
        ++ancestor.descendant_count;
        if (!is_direct) return;
        ++ancestor.reply_count;
        head.level = ancestor.level + 1;
      });
      is_direct = false;
      above = next.is_zero() ? std::nullopt : std::optional(next);
    }
    changes_.put_row(key_of(place_table, context.platform, event.comment), place);
    changes_.put_row(head_key(context.platform, place), head);
    changes_.put_row(key_of(text_table, context.platform, event.comment), event.body);
  }
  void on(const domain::CommentEdited& event, const EventContext& context) {
    const auto text_key = key_of(text_table, context.platform, event.comment);
    auto replaced = changes_.row<domain::PrivateText>(text_key);
    if (!replaced) fail_unknown("comment", event.comment.text(), context);
    change_head(event.comment, context, [&](Head& head) {
      changes_.put_row(
          key_of(revision_table, context.platform, event.comment, std::uint64_t{head.revision}),
          RevisionRow{*std::move(replaced), head.edited_at});
      head.revision = event.revision;
      head.edited_at = context.shown_at();
    });
    changes_.put_row(text_key, event.body);
  }
  void on(const domain::CommentWithdrawn& event, const EventContext& context) {
    change_head(event.comment, context, [](Head& head) {
      head.standing.now = domain::Standing::withdrawn;
      head.hide_reason.reset();
    });
  }

  void on(const domain::ItemAccepted& event, const EventContext& context) {
    std::visit(overloaded{[&](ContributionId id) {
                            change_root(id, context, [](Root& root) { root.standing.accept(); });
                          },
                          [&](CommentId id) {
                            change_head(id, context, [](Head& head) {
                              head.standing.accept();
                              head.accepted = true;
                              head.hide_reason.reset();
                            });
                          }},
               event.item);
  }
  void on(const domain::ItemHidden& event, const EventContext& context) {
    std::visit(overloaded{[&](ContributionId id) {
                            change_root(id, context, [](Root& root) { root.standing.hide(); });
                          },
                          [&](CommentId id) {
                            change_head(id, context, [&](Head& head) {
                              head.standing.hide();
                              head.accepted = false;
                              head.hide_reason = event.reason;
                            });
                          }},
               event.item);
  }

  template <class Change>
  void change_root(ContributionId id, const EventContext& context, Change&& change) {
    auto key = key_of(root_table, context.platform, id);
    auto root = changes_.row<Root>(key);
    if (!root) fail_unknown("contribution", id.text(), context);
    change(*root);
    changes_.put_row(key, *root);
  }
  /// Returns the comment's parent; zero when it has none.
  template <class Change>
  CommentId change_head(CommentId id, const EventContext& context, Change&& change) {
    const auto place = changes_.row<Place>(key_of(place_table, context.platform, id));
    if (!place) fail_unknown("comment", id.text(), context);
    auto key = head_key(context.platform, *place);
    auto head = changes_.row<Head>(key);
    if (!head) fail_unknown("comment", id.text(), context);
    change(*head);
    changes_.put_row(key, *head);
    return place->parent;
  }

  TableChanges& changes_;
};

class Thread final : public FoldedView<ThreadView, ThreadFold> {
 public:
  Thread() : FoldedView("thread", thread::version) {}
  [[nodiscard]] std::optional<CommentPage> branch(const BranchQuery& query) const override {
    return thread::branch(*now(), query);
  }
  [[nodiscard]] std::optional<CommentRow> comment(PlatformId platform, CommentId comment,
                                                  const domain::Viewer& viewer) const override {
    return thread::comment(*now(), platform, comment, viewer);
  }
  [[nodiscard]] CommentRevisions revisions(PlatformId platform, CommentId comment,
                                           std::optional<std::uint32_t> before, std::size_t limit,
                                           const domain::Viewer& viewer) const override {
    return thread::revisions(*now(), platform, comment, before, limit, viewer);
  }
};

}  // namespace

std::unique_ptr<ThreadView> ThreadView::make() {
  return std::make_unique<Thread>();
}

}  // namespace meent::projections
