#include "projections/tally.h"

#include <algorithm>
#include <unordered_set>

#include "domain/result.h"
#include "projections/standing.h"
#include "projections/tables.h"

namespace meent::projections {
namespace {

using domain::ContributionId;
using domain::EventContext;
using domain::overloaded;
using domain::PersonId;
using domain::PlatformId;
using domain::SpaceId;

constexpr std::uint32_t tally_version = 1;
constexpr char contribution_table = 'c';
constexpr char comment_table = 'm';
constexpr char stance_table = 's';
constexpr char participant_table = 'p';
constexpr char totals_table = 'z';

constexpr std::size_t most_asked = 100;
constexpr std::size_t most_in_matrix = 10000;
constexpr std::size_t most_known = 50000;
constexpr std::size_t most_cached_rows = 8000;

struct ContributionTally {
  SpaceId space;
  PersonId author;
  ItemStanding standing;
  StanceCounts counts;
  [[nodiscard]] domain::Scope scope() const {
    return domain::Scope::of_space(space, standing.level());
  }
  template <class A>
  void fields(A& a) {
    a(space, author, standing, counts);
  }
};

struct CommentStanding {
  SpaceId space;
  ItemStanding standing;
  template <class A>
  void fields(A& a) {
    a(space, standing);
  }
};

struct StanceValue {
  domain::Stance stance = domain::Stance::agree;
  std::uint64_t position = 0;
  domain::Timestamp given_at;
  template <class A>
  void fields(A& a) {
    a(stance, position, given_at);
  }
};

class TallyFold {
 public:
  explicit TallyFold(TableChanges& changes) : changes_(changes) {}

  void fold(const StoredEvent& stored) {
    with_event_of<domain::SupportEvent, domain::ContributionEvent, domain::DiscussEvent,
                  domain::ModerateEvent>(
        stored, [&](const auto& event, const auto& context) { on(event, context); });
  }

  void finish() {
    contributions_.write(changes_);
    totals_.write(changes_);
    if (known_.size() > most_known) known_.clear();
  }
  [[nodiscard]] std::size_t kept_bytes() const { return contributions_.touched_bytes(); }
  void forget() {
    contributions_.clear();
    totals_.clear();
    known_.clear();
  }

 private:
  void on(const domain::ContributionPlaced& event, const EventContext& context) {
    contributions_.put(
        {context.platform, event.contribution},
        {.space = event.space, .author = event.author, .standing = {}, .counts = {}});
    count(context, event.space, [](SpaceTotals& totals) { ++totals.contributions; });
    take_part(context, event.space, event.author);
  }
  void on(const domain::ContributionRevised&, const EventContext&) {}
  void on(const domain::ContributionWithdrawn& event, const EventContext& context) {
    restand_contribution(event.contribution, context,
                         [](auto& standing) { standing.now = domain::Standing::withdrawn; });
  }
  void on(const domain::ContributionClosed& event, const EventContext& context) {
    restand_contribution(event.contribution, context,
                         [](auto& standing) { standing.now = domain::Standing::closed; });
  }
  void on(const domain::ContributionReopened& event, const EventContext& context) {
    restand_contribution(event.contribution, context,
                         [](auto& standing) { standing.now = domain::Standing::open; });
  }

  void on(const domain::CommentPlaced& event, const EventContext& context) {
    changes_.put_row(key_of(comment_table, context.platform, event.comment),
                     CommentStanding{event.space, {}});
    count(context, event.space, [](SpaceTotals& totals) { ++totals.comments; });
    take_part(context, event.space, event.author);
  }
  void on(const domain::CommentEdited&, const EventContext&) {}
  void on(const domain::CommentWithdrawn& event, const EventContext& context) {
    restand_comment(event.comment, context,
                    [](auto& standing) { standing.now = domain::Standing::withdrawn; });
  }

  void on(const domain::SupportGiven& event, const EventContext& context) {
    auto& counts = contribution(event.contribution, context).counts;
    if (event.replaces) --count_of(counts, *event.replaces);
    ++count_of(counts, event.stance);
    changes_.put_row(key_of(stance_table, context.platform, event.contribution, event.person),
                     StanceValue{event.stance, context.position, context.shown_at()});
    if (!event.replaces) {
      count(context, event.space, [](SpaceTotals& totals) { ++totals.supports; });
    }
    take_part(context, event.space, event.person);
  }
  void on(const domain::SupportWithdrawn& event, const EventContext& context) {
    --count_of(contribution(event.contribution, context).counts, event.replaces);
    changes_.erase(key_of(stance_table, context.platform, event.contribution, event.person));
    count(context, event.space, [](SpaceTotals& totals) { --totals.supports; });
  }

  void on(const domain::ItemAccepted& event, const EventContext& context) {
    restand_item(event.item, context, [](auto& standing) { standing.accept(); });
  }
  void on(const domain::ItemHidden& event, const EventContext& context) {
    restand_item(event.item, context, [](auto& standing) { standing.hide(); });
  }

  template <class Change>
  void restand_item(const domain::Item& item, const EventContext& context, Change&& change) {
    std::visit(overloaded{[&](ContributionId id) { restand_contribution(id, context, change); },
                          [&](domain::CommentId id) { restand_comment(id, context, change); }},
               item);
  }
  template <class Change>
  void restand_contribution(ContributionId id, const EventContext& context, Change&& change) {
    auto& row = contribution(id, context);
    const auto shown = restand(row.standing, change);
    count(context, row.space, [&](SpaceTotals& totals) { shown.count_in(totals.contributions); });
  }
  template <class Change>
  void restand_comment(domain::CommentId id, const EventContext& context, Change&& change) {
    auto key = key_of(comment_table, context.platform, id);
    auto row = changes_.row<CommentStanding>(key);
    if (!row) fail_unknown("comment", id.text(), context);
    const auto shown = restand(row->standing, change);
    count(context, row->space, [&](SpaceTotals& totals) { shown.count_in(totals.comments); });
    changes_.put_row(key, *row);
  }

  ContributionTally& contribution(ContributionId id, const EventContext& context) {
    auto* row = contributions_.find(changes_, {context.platform, id});
    if (row == nullptr) fail_unknown("contribution", id.text(), context);
    return *row;
  }
  SpaceTotals& totals(PlatformId platform, SpaceId space) {
    auto* row = totals_.find(changes_, {platform, space});
    return row != nullptr ? *row : totals_.put({platform, space}, {});
  }
  /// In the space and in the platform as a whole.
  template <class Change>
  void count(const EventContext& context, SpaceId space, Change&& change) {
    change(totals(context.platform, space));
    change(totals(context.platform, SpaceId()));
  }
  void take_part(const EventContext& context, SpaceId space, PersonId person) {
    for (const auto place : {space, SpaceId()}) {
      if (!known_.insert({context.platform, place, person}).second) continue;
      auto key = key_of(participant_table, context.platform, place, person);
      if (changes_.get(key)) continue;
      changes_.put(key, {});
      ++totals(context.platform, place).participants;
    }
  }

  struct Participant {
    PlatformId platform;
    SpaceId space;
    PersonId person;
    bool operator==(const Participant&) const = default;
    struct Hash {
      std::size_t operator()(const Participant& one) const noexcept {
        return std::hash<SpaceId>()(one.space) * 31 + std::hash<PersonId>()(one.person);
      }
    };
  };

  TableChanges& changes_;
  RowCache<ContributionId, ContributionTally> contributions_{contribution_table, most_cached_rows};
  RowCache<SpaceId, SpaceTotals> totals_{totals_table, most_cached_rows};
  /// Some who are in the table, so that a busy person is not looked up again and again.
  std::unordered_set<Participant, Participant::Hash> known_;
};

class Tally final : public FoldedView<TallyView, TallyFold> {
 public:
  Tally() : FoldedView("tally", tally_version) {}
  [[nodiscard]] std::vector<std::optional<StanceCounts>> counts(
      PlatformId platform, std::span<const ContributionId> contributions,
      const domain::Viewer& viewer) const override {
    const auto asked = contributions.first(std::min(contributions.size(), most_asked));
    std::vector<std::string> keys;
    for (const auto id : asked) keys.push_back(key_of(contribution_table, platform, id));
    std::vector<std::optional<StanceCounts>> out(asked.size());
    const auto rows = now()->get_many(keys);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i]) continue;
      const auto row = unpack_row<ContributionTally>(*rows[i]);
      if (may_see(viewer, row.scope(), row.author)) out[i] = row.counts;
    }
    return out;
  }
  [[nodiscard]] std::vector<std::optional<domain::Stance>> own_stances(
      PlatformId platform, std::span<const ContributionId> contributions,
      const domain::Viewer& viewer) const override {
    const auto asked = contributions.first(std::min(contributions.size(), most_asked));
    std::vector<std::optional<domain::Stance>> out(asked.size());
    if (!viewer.person || !may_see(viewer, own_scope(*viewer.person))) return out;
    std::vector<std::string> keys;
    for (const auto id : asked) {
      keys.push_back(key_of(stance_table, platform, id, *viewer.person));
    }
    const auto rows = now()->get_many(keys);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i]) out[i] = unpack_row<StanceValue>(*rows[i]).stance;
    }
    return out;
  }
  [[nodiscard]] SpaceTotals totals(PlatformId platform,
                                   std::optional<SpaceId> space) const override {
    return now()
        ->row<SpaceTotals>(key_of(totals_table, platform, space.value_or(SpaceId())))
        .value_or(SpaceTotals());
  }
  [[nodiscard]] std::vector<StanceRow> matrix(PlatformId platform, ContributionId contribution,
                                              std::optional<PersonId> after, std::size_t limit,
                                              const domain::Viewer& viewer) const override {
    std::vector<StanceRow> out;
    const auto snapshot = now();
    if (!viewer.may_analyse || !find(*snapshot, platform, contribution, viewer)) return out;
    limit = std::clamp<std::size_t>(limit, 1, most_in_matrix);
    const auto prefix = key_of(stance_table, platform, contribution);
    const auto rows = snapshot->cursor();
    rows->seek(prefix, after ? key_of(stance_table, platform, contribution, *after) : prefix,
               false);
    for (; rows->valid() && out.size() < limit; rows->next()) {
      domain::IdBytes id{};
      const auto bytes = rows->row().key.substr(prefix.size());
      std::ranges::copy(bytes, reinterpret_cast<char*>(id.data()));
      if (after && PersonId(id) == *after) continue;
      const auto value = unpack_row<StanceValue>(rows->row().value);
      out.push_back({PersonId(id), value.stance, value.position, value.given_at});
    }
    return out;
  }

 private:
  static domain::Scope own_scope(PersonId person) {
    return {domain::Scope::Place::person, person.value(), domain::Level::open};
  }
  static std::optional<ContributionTally> find(const TableSnapshot& snapshot, PlatformId platform,
                                               ContributionId id, const domain::Viewer& viewer) {
    auto row = snapshot.row<ContributionTally>(key_of(contribution_table, platform, id));
    if (row && !may_see(viewer, row->scope(), row->author)) row.reset();
    return row;
  }
};

}  // namespace

std::unique_ptr<TallyView> TallyView::make() {
  return std::make_unique<Tally>();
}

}  // namespace meent::projections
