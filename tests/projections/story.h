#pragma once
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "projections/view.h"

/// Histories that could have happened, as decoded events, without a sequencer.
namespace meent::projections {

/// One platform's story: every call appends one event with the next position.
class Story {
 public:
  explicit Story(std::uint8_t platform = 1);

  domain::SpaceId space(std::uint64_t number);
  domain::PersonId person(std::uint64_t number);

  domain::ContributionId place(domain::SpaceId space, domain::PersonId author,
                               const std::string& kind = "idea",
                               std::vector<std::string> themes = {});
  void revise(domain::ContributionId id, const std::string& body);
  void withdraw(domain::ContributionId id);
  void close(domain::ContributionId id);
  void reopen(domain::ContributionId id);
  domain::CommentId comment(domain::ContributionId under, domain::PersonId author,
                            std::optional<domain::CommentId> parent = {});
  void edit(domain::CommentId id, const std::string& body);
  void withdraw(domain::CommentId id);
  void support(domain::ContributionId id, domain::PersonId person, domain::Stance stance);
  void withdraw_support(domain::ContributionId id, domain::PersonId person);
  void hide(domain::Item item, const std::string& reason = "te grof");
  void accept(domain::Item item);
  /// The next events carry this time beside their recorded one; 0: none.
  void occurred_at(std::int64_t ms) { occurred_ms_ = ms; }

  /// A sealed text that shows what it is, so that tests can compare.
  static std::string sealed(const std::string& words);
  static domain::PrivateText text(const std::string& words, const std::string& origin);

  [[nodiscard]] domain::PlatformId platform() const { return platform_; }
  [[nodiscard]] const std::vector<StoredEvent>& events() const { return events_; }
  [[nodiscard]] std::uint64_t position() const { return forgotten_ + events_.size(); }
  /// For long stories: `events()` begins anew with what is told next.
  void forget_told() {
    forgotten_ += events_.size();
    events_.clear();
  }

 private:
  struct ItemState {
    domain::SpaceId space;
    domain::ContributionId contribution;
    domain::PersonId author;
    domain::Standing standing = domain::Standing::open;
    domain::Standing before_hiding = domain::Standing::open;
    std::uint32_t revision = 1;
  };
  void tell(domain::Event event, domain::PersonId by);
  domain::IdBytes draw(std::uint8_t sort, std::uint64_t number) const;
  ItemState& state_of(const domain::Item& item);

  domain::PlatformId platform_;
  std::int64_t occurred_ms_ = 0;
  std::uint64_t drawn_ = 0;
  std::uint64_t forgotten_ = 0;
  std::vector<StoredEvent> events_;
  std::map<domain::Item, ItemState> items_;
  std::map<std::pair<domain::ContributionId, domain::PersonId>, domain::Stance> stances_;
};

/// A random but possible story of `steps` events: placing, discussing, supporting, moderating.
Story random_story(std::uint32_t seed, std::size_t steps, std::uint8_t platform = 1);

/// Events as one batch, one envelope an event, from the given index of the whole history on.
EventBatch batch_of(std::span<const StoredEvent> events, std::uint64_t first_offset);
/// The whole history in batches of these sizes, over and over.
void apply_in_batches(View& view, const std::vector<StoredEvent>& events,
                      const std::vector<std::size_t>& sizes);
std::vector<std::string> dump_of(const View& view);

domain::Viewer guest();
domain::Viewer as(domain::PersonId person);
domain::Viewer moderator();
domain::Viewer analyst();

}  // namespace meent::projections
