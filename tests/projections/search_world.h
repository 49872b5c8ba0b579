#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/keys.h"
#include "projections/search.h"
#include "tests/eventstore/scratch.h"

/// A history made by hand for search: real keys and sealed texts, no log.
namespace meent::projections {

struct Text {
  std::string title;
  std::string body;
  std::string language = "nl";
  std::vector<std::string> themes = {};
  std::map<std::string, std::string> form = {};
};

class SearchWorld {
  eventstore::ScratchFolder scratch_;  // first: the keys are in it

 public:
  SearchWorld();

  domain::PersonId person();  ///< a new one, with a key
  domain::SpaceId space();    ///< a new id
  domain::ContributionId idea(const Text& text, std::string kind = "idea");
  domain::CommentId comment(domain::ContributionId on, std::string_view body,
                            std::string_view language = "nl");
  void revise(domain::ContributionId contribution, const Text& text);
  void edit(domain::CommentId comment, std::string_view body);
  void hide(const domain::Item& item);
  void accept(const domain::Item& item);
  void withdraw(const domain::Item& item);
  void close(domain::ContributionId contribution);
  void reopen(domain::ContributionId contribution);
  void support(domain::ContributionId contribution);
  void destroy_keys_of(domain::PersonId person);

  [[nodiscard]] std::size_t pending() const { return history_.size() - taken_; }
  /// What happened since the last call.
  EventBatch batch();
  /// The same events again, all of them.
  [[nodiscard]] EventBatch whole() const;
  [[nodiscard]] std::filesystem::path folder(std::string_view name) const;
  [[nodiscard]] domain::PersonId author_of(const domain::Item& item) const;

  std::unique_ptr<eventstore::Keys> keys;
  domain::PlatformId platform;               ///< events happen here
  domain::SpaceId here;                      ///< contributions are placed here
  std::optional<domain::PersonId> writer;    ///< who writes; nothing: a new person each time
  domain::Timestamp now{1'700'000'000'000};  ///< moves a minute with each event

 private:
  template <class Id>
  Id fresh() {
    domain::IdBytes bytes{};
    const std::uint64_t number = ++last_id_ * 0x9E3779B97F4A7C15U;
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return Id(bytes);
  }
  domain::PersonId someone() { return writer ? *writer : person(); }
  domain::ContributionContent content(const Text& text, domain::KeyId key) const;
  void happen(const domain::Event& event);
  [[nodiscard]] EventBatch batch_from(std::size_t first) const;

  std::uint64_t last_id_ = 0;
  std::map<domain::PersonId, domain::KeyId> key_of_;
  std::map<std::string, domain::PersonId> authors_;
  std::map<domain::CommentId, domain::ContributionId> root_;
  std::map<domain::PlatformId, std::uint64_t> position_;
  std::vector<StoredEvent> history_;
  std::size_t taken_ = 0;
};

std::string text_of(const domain::Item& item);
/// The runs in one line, what is highlighted between [brackets].
std::string marked(const std::vector<TextRun>& runs);

}  // namespace meent::projections
