#include "api/exchange/demo_script.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <nlohmann/json.hpp>

#include "api/exchange/source.h"
#include "api/pages/web_files.h"

namespace meent::api {

using namespace domain;
using Json = nlohmann::json;

namespace {

constexpr double day_ms = 86'400'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t resident_count = 260;
constexpr std::size_t one_in_changes_mind = 29;

/// Numbers that look drawn and are the same every time.
class Dice {
 public:
  explicit Dice(const IdBytes& seed) {
    for (const auto byte : seed) state_ = state_ * 257 + byte;
  }
  std::uint64_t next() {  // splitmix64
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31U);
  }
  double fraction() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }

 private:
  std::uint64_t state_ = 0;
};

class Script {
 public:
  Script(const Json& file, PlatformId platform, Timestamp now)
      : file_(file), platform_(platform.text()), now_(now) {}

  std::vector<DemoStep> steps() {
    add_people();
    add_spaces();
    for (const auto& contribution : file_.at("contributions")) add_contribution(contribution);
    // By time; what happened at once stays in the order in which it was written down.
    std::vector<std::size_t> order(happened_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t at) { return std::pair(happened_[at].at, at); });
    for (const auto at : order) first_.push_back(std::move(happened_[at]));
    return std::move(first_);
  }

 private:
  template <class IdT>
  IdT id_of(std::string_view what, std::string_view key) const {
    return IdT(digest_of({"demo", platform_, what, key}));
  }
  /// Spaces made in the same moment stand in the order of their ids: in that of the file.
  SpaceId space_of(const std::string& key) const {
    auto bytes = id_of<SpaceId>("space", key).value();
    const auto& spaces = file_.at("spaces");
    const auto found =
        std::ranges::find_if(spaces, [&](const Json& space) { return space.at("key") == key; });
    bytes.front() = static_cast<std::uint8_t>(found - spaces.begin());
    return SpaceId(bytes);
  }
  PersonId person_of(const Json& item) const {
    return id_of<PersonId>("person", item.at("author").get_ref<const std::string&>());
  }
  Timestamp days_before(double days) const {
    return Timestamp{now_.ms - static_cast<std::int64_t>(days * day_ms)};
  }
  Timestamp time_of(const Json& item) const {
    return days_before(item.at("days_ago").get<double>());
  }
  /// A while after `when`, never after now.
  Timestamp after(Timestamp when, std::int64_t ms) const {
    return Timestamp{std::min(when.ms + ms, now_.ms)};
  }
  void happens(Timestamp at, Command command) {
    happened_.push_back({.at = at, .command = [command = std::move(command)](eventstore::Keys&) {
                           return command;
                         }});
  }

  void add_person(PersonId id, std::string name) {
    people_.push_back(id);
    first_.push_back({.at = now_, .command = [id, name = std::move(name)](eventstore::Keys& keys) {
                        return Command(PersonCommand(RegisterPerson{.person = id,
                                                                    .identity_key = keys.create(),
                                                                    .content_key = keys.create(),
                                                                    .name = name,
                                                                    .role = Role::person,
                                                                    .external_id = {}}));
                      }});
  }

  void add_people() {
    for (const auto& person : file_.at("people")) {
      const auto id = id_of<PersonId>("person", person.at("key").get_ref<const std::string&>());
      add_person(id, person.at("name"));
      if (person.at("role") == "moderator") {
        const Command grant = PersonCommand(GrantRole{id, Role::moderator});
        first_.push_back({.at = now_,
                          .command = [grant](eventstore::Keys&) { return grant; },
                          .is_operators = true});
      }
    }
    const auto& first = file_.at("residents").at("first");
    const auto& last = file_.at("residents").at("last");
    const auto most = std::min(resident_count, first.size() * last.size());
    for (std::size_t at = 0; at < most; ++at) {
      // Every pair of names at most once: the surnames move on when the first names start again.
      const auto surname = (at + at / first.size() * 7) % last.size();
      const auto name = first.at(at % first.size()).get<std::string>() + " " +
                        last.at(surname).get<std::string>();
      add_person(id_of<PersonId>("resident", std::to_string(at)), name);
    }
  }

  void add_spaces() {
    for (const auto& space : file_.at("spaces")) {
      SpaceDescription told{.slug = space.at("slug"),
                            .title = space.at("title"),
                            .introduction = space.at("introduction"),
                            .kinds = space.at("kinds").get<std::vector<std::string>>(),
                            .opens_at = {},
                            .closes_at = {}};
      if (space.contains("opens_days_ago")) {
        told.opens_at = days_before(space.at("opens_days_ago").get<double>());
      }
      if (space.contains("closes_in_days")) {
        told.closes_at = days_before(-space.at("closes_in_days").get<double>());
      }
      const auto id = space_of(space.at("key").get_ref<const std::string&>());
      const Command create = SpaceCommand(CreateSpace{id, std::move(told)});
      first_.push_back({.at = now_, .command = [create](eventstore::Keys&) { return create; }});
    }
  }

  void add_contribution(const Json& item) {
    const auto& key = item.at("key").get_ref<const std::string&>();
    const auto id = id_of<ContributionId>("contribution", key);
    const auto placed_at = time_of(item);
    ContributionText text{.title = item.at("title"),
                          .body = item.at("body"),
                          .form = {},
                          .themes = item.at("themes").get<std::vector<std::string>>(),
                          .language = item.at("language")};
    if (item.contains("fields")) {
      text.form = item.at("fields").get<std::map<std::string, std::string>>();
    }
    const auto& space = item.at("space").get_ref<const std::string&>();
    happens(placed_at, ContributionCommand(PlaceContribution{.contribution = id,
                                                             .space = space_of(space),
                                                             .kind = item.at("kind"),
                                                             .author = person_of(item),
                                                             .text = std::move(text),
                                                             .external_id = {}}));
    if (item.contains("lean")) add_supports(id, key, placed_at, item.at("lean"));
    add_comments(item.at("comments"), id, key, {}, item.at("language"));
  }

  void add_supports(ContributionId id, const std::string& key, Timestamp placed_at,
                    const Json& lean) {
    Dice dice(digest_of({"supports", platform_, key}));
    auto voters = people_;
    for (std::size_t at = voters.size(); at > 1; --at) {
      std::swap(voters[at - 1], voters[dice.next() % at]);
    }
    std::size_t taken = 0;
    const auto give = [&](const char* word, Stance stance) {
      const auto wanted = lean.at(word).get<std::size_t>();
      for (std::size_t n = 0; n < wanted && taken < voters.size(); ++n, ++taken) {
        // Many come in the first days, some much later.
        const double late = dice.fraction() * dice.fraction();
        const auto span = static_cast<double>(now_.ms - placed_at.ms);
        const Timestamp at = after(placed_at, static_cast<std::int64_t>(late * span));
        const auto person = voters[taken];
        if (taken % one_in_changes_mind == one_in_changes_mind - 1) {
          const auto before = stance == Stance::pass ? Stance::agree : Stance::pass;
          happens(at, SupportCommand(GiveSupport{id, person, before}));
          happens(after(at, dice.next() % 600 * minute_ms),
                  SupportCommand(GiveSupport{id, person, stance}));
        } else {
          happens(at, SupportCommand(GiveSupport{id, person, stance}));
        }
      }
    };
    give("agree", Stance::agree);
    give("pass", Stance::pass);
    give("disagree", Stance::disagree);
  }

  void add_comments(const Json& comments, ContributionId contribution, const std::string& path,
                    std::optional<CommentId> parent, const std::string& language) {
    std::size_t at = 0;
    for (const auto& item : comments) {
      const std::string key = path + "/" + std::to_string(at++);
      const auto id = id_of<CommentId>("comment", key);
      const auto placed_at = time_of(item);
      happens(placed_at, DiscussCommand(PlaceComment{.comment = id,
                                                     .contribution = contribution,
                                                     .parent = parent,
                                                     .author = person_of(item),
                                                     .body = item.at("body"),
                                                     .language = language,
                                                     .mentions = {}}));
      if (item.contains("edited")) {
        happens(after(placed_at, 20 * minute_ms),
                DiscussCommand(EditComment{id, 1, item.at("edited")}));
      }
      if (item.contains("withdrawn")) {
        happens(after(placed_at, 90 * minute_ms), DiscussCommand(WithdrawComment{id}));
      }
      if (item.contains("hidden")) {
        happens(after(placed_at, 45 * minute_ms), ModerateCommand(HideItem{id, item.at("hidden")}));
      }
      if (item.contains("replies")) {
        add_comments(item.at("replies"), contribution, key, id, language);
      }
    }
  }

  const Json& file_;
  std::string platform_;
  Timestamp now_;
  std::vector<PersonId> people_;
  std::vector<DemoStep> first_;     // people and spaces
  std::vector<DemoStep> happened_;  // the rest, to be put in order of time
};

Json parsed(std::string_view json) {
  auto file = Json::parse(json, nullptr, false);
  if (!file.is_object()) throw std::runtime_error("a demo file is not a JSON object");
  return file;
}

}  // namespace

std::string demo_file(std::string_view community) {
  return pages::web_file("demo/" + std::string(community) + ".json");
}

SourceDigest demo_source(std::string_view slug) {
  return SourceDigest(digest_of({"demo", slug}));
}

std::string demo_path(std::string_view platform, std::string_view community, std::uint64_t row) {
  return "/internal/v1/platforms/" + std::string(platform) + "/demo/" + std::string(community) +
         "?from=" + std::to_string(row);
}

DemoHead demo_head(std::string_view json) {
  try {
    const auto file = parsed(json);
    return {file.at("slug"), file.at("name"), file.at("language"), file.at("introduction")};
  } catch (const Json::exception& error) {
    throw std::runtime_error(std::string("demo file: ") + error.what());
  }
}

std::vector<DemoStep> demo_steps(std::string_view json, PlatformId platform, Timestamp now) {
  try {
    const auto file = parsed(json);
    return Script(file, platform, now).steps();
  } catch (const Json::exception& error) {
    throw std::runtime_error(std::string("demo file: ") + error.what());
  }
}

}  // namespace meent::api
