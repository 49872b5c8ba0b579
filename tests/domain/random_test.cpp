#include <algorithm>
#include <map>
#include <random>

#include "tests/domain/village.h"

/// Random commands on few ids: whatever is decided, the records keep telling one story.
namespace {

using namespace meent::domain;
using namespace meent::tests;

constexpr int commands_a_run = 3000;
constexpr int runs = 8;

class Chance {
 public:
  explicit Chance(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(engine_);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class T>
  T any(const std::vector<T>& values) {
    return values[below(static_cast<std::uint32_t>(values.size()))];
  }

  PersonId person() { return id<PersonId>(static_cast<std::uint8_t>(0xA + below(5))); }
  SpaceId space() { return id<SpaceId>(static_cast<std::uint8_t>(1 + below(3))); }
  ContributionId contribution() {
    return id<ContributionId>(static_cast<std::uint8_t>(1 + below(12)));
  }
  CommentId comment() { return id<CommentId>(static_cast<std::uint8_t>(1 + below(30))); }
  TokenId token() { return id<TokenId>(static_cast<std::uint8_t>(1 + below(8))); }
  Item item() { return one_in(2) ? Item(contribution()) : Item(comment()); }
  Role role() { return static_cast<Role>(below(3)); }
  std::string kind() { return any<std::string>({"idea", "statement", "discussion", "petition"}); }
  std::string words() {
    if (one_in(8)) return any<std::string>({"", "\xFF"});
    return any<std::string>({"Een tekst.", "Nog een tekst.", "één"});
  }
  ContributionText text() {
    return {.title = words(),
            .body = words(),
            .form = one_in(4) ? std::map<std::string, std::string>{{"costs", words()}}
                              : std::map<std::string, std::string>{},
            .themes = {},
            .language = one_in(20) ? "" : "nl"};
  }
  SpaceDescription description() {
    return {.slug = any<std::string>({"groen", "blauw", "rood", "geel", "Fout"}),
            .title = words(),
            .introduction = words(),
            .kinds = one_in(2) ? std::vector<std::string>{"idea", "statement"}
                               : std::vector<std::string>{"discussion", kind()},
            .opens_at = {},
            .closes_at = one_in(8) ? std::optional(Timestamp{below(2) * 2'000'000}) : std::nullopt};
  }
  Kind changed_kind() {
    auto kind = any(default_kinds("nl"));
    if (one_in(8)) kind.abilities = below(8);
    return kind;
  }

  Context context() {
    switch (below(8)) {
      case 0: return by_guest();
      case 1: return by({ActorKind::officer, person().value()}, Role::operator_);
      case 2:
      case 3: return by_operator();
      case 4:
      case 5: return by_importer();
      default: return by(person());
    }
  }
  Command command() {
    switch (below(24)) {
      case 0: return SpaceCommand(CreateSpace{space(), description()});
      case 1: return SpaceCommand(ChangeSpace{space(), description()});
      case 2: return KindCommand(DefineKind{changed_kind()});
      case 3: {
        const auto who = person();
        return PersonCommand(
            RegisterPerson{who, identity_key_of(who), content_key_of(who), words(), role(), {}});
      }
      case 4: return PersonCommand(GrantRole{person(), role()});
      case 5:
        return TokenCommand(IssueToken{token(), {}, person(), below(40), {now.ms + 1000}, words()});
      case 6: return TokenCommand(RevokeToken{token()});
      case 7:
        return one_in(10) ? ContributionCommand(WithdrawContribution{contribution()})
                          : ContributionCommand(ReopenContribution{contribution()});
      case 8: return ContributionCommand(CloseContribution{contribution()});
      case 9: return ContributionCommand(ReopenContribution{contribution()});
      case 10: return ContributionCommand(ReviseContribution{contribution(), 1 + below(3), text()});
      case 11: return DiscussCommand(EditComment{comment(), 1 + below(3), words()});
      case 12: return DiscussCommand(WithdrawComment{comment()});
      case 13: return ModerateCommand(AcceptItem{item()});
      case 14: return ModerateCommand(HideItem{item(), words()});
      case 15:
      case 16: return SupportCommand(WithdrawSupport{contribution(), person()});
      case 17:
      case 18:
      case 19: {
        const auto stance = static_cast<Stance>(below(3));
        return SupportCommand(GiveSupport{contribution(), person(), stance});
      }
      case 20:
      case 21:
        return ContributionCommand(
            PlaceContribution{contribution(), space(), kind(), person(), text(), {}});
      default:
        return DiscussCommand(PlaceComment{
            comment(), contribution(), one_in(2) ? std::optional<CommentId>() : comment(), person(),
            words(), "nl", one_in(3) ? std::vector{person()} : std::vector<PersonId>()});
    }
  }

 private:
  std::mt19937 engine_;
};

/// All records of a table, by the bytes of their keys.
template <class Record>
std::map<std::string, Record> table(const MemoryState& state) {
  std::map<std::string, Record> out;
  for (const auto& [key, value] : state.records()) {
    if (key[0] == Record::table) out.emplace(key.substr(1), unpack<Record>(value).value());
  }
  return out;
}

void expect_one_story(const MemoryState& state) {
  for (const auto& [key, space] : table<SpaceRecord>(state)) {
    const auto owner = find<SpaceSlugRecord>(state, space.description.slug);
    ASSERT_TRUE(owner) << "a space is found by its slug";
    EXPECT_EQ(pack(owner->space), key);
    for (const auto& kind : space.description.kinds) EXPECT_TRUE(find<KindRecord>(state, kind));
  }
  for (const auto& [key, slug] : table<SpaceSlugRecord>(state)) {
    EXPECT_TRUE(find<SpaceRecord>(state, slug.space)) << "a slug leads to a space";
  }
  for (const auto& [key, contribution] : table<ContributionRecord>(state)) {
    EXPECT_TRUE(find<SpaceRecord>(state, contribution.space));
    EXPECT_TRUE(find<KindRecord>(state, contribution.kind));
    EXPECT_TRUE(find<PersonRecord>(state, contribution.author));
    EXPECT_LE(contribution.before_hiding, Standing::closed);
    EXPECT_FALSE(contribution.standing == Standing::hidden && contribution.accepted);
  }
  for (const auto& [key, comment] : table<CommentRecord>(state)) {
    const auto contribution = find<ContributionRecord>(state, comment.contribution);
    ASSERT_TRUE(contribution);
    EXPECT_EQ(comment.space, contribution->space);
    EXPECT_NE(comment.standing, Standing::closed);
    EXPECT_LE(comment.level, deepest_comment);
    const auto parent = comment.parent ? find<CommentRecord>(state, *comment.parent) : std::nullopt;
    EXPECT_EQ(comment.level, parent ? parent->level + 1 : 1);
    if (parent) EXPECT_EQ(parent->contribution, comment.contribution);
  }
  for (const auto& [key, support] : table<SupportRecord>(state)) {
    const auto of = unpack<SupportRecord::Key>(key).value();
    EXPECT_TRUE(find<ContributionRecord>(state, of.contribution));
    EXPECT_TRUE(find<PersonRecord>(state, of.person));
  }
}

/// What a view counts from events alone must be what the records say.
class Tally {
 public:
  void count(const Event& event) {
    if (const auto* given = as<SupportGiven>(event)) {
      if (given->replaces) take(*given->replaces);
      ++counts_[given->stance];
    } else if (const auto* withdrawn = as<SupportWithdrawn>(event)) {
      take(withdrawn->replaces);
    }
  }
  void expect_equal(const MemoryState& state) {
    std::map<Stance, int> records;
    for (const auto& [key, support] : table<SupportRecord>(state)) ++records[support.stance];
    std::erase_if(counts_, [](const auto& entry) { return entry.second == 0; });
    EXPECT_EQ(counts_, records);
  }

 private:
  void take(Stance stance) { EXPECT_GE(--counts_[stance], 0); }
  std::map<Stance, int> counts_;
};

void run(std::uint32_t seed, std::map<std::string, int>& happened) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Chance chance(seed);
  auto history = village();
  auto state = state_after(history);
  Tally tally;
  EventContext as_first;
  as_first.recorded_at = {1'000};
  for (int i = 0; i < commands_a_run; ++i) {
    const auto command = chance.command();
    const auto context = chance.context();
    const auto decided = decide(state, command, context);
    const auto again = decide(state, command, context);
    ASSERT_TRUE(decided == again) << "same state, same answer";
    if (!decided) continue;
    ASSERT_FALSE(decided->empty());
    for (const auto& event : *decided) {
      evolve(state, event, as_first);
      tally.count(event);
      ++happened[words({event})];
      history.push_back(event);
    }
    if (i % 100 == 0) expect_one_story(state);
  }
  expect_one_story(state);
  tally.expect_equal(state);
  EXPECT_EQ(state_after(history).records(), state.records()) << "a rebuild gives the same records";
}

}  // namespace

TEST(Random, WhateverIsDecidedTheRecordsTellOneStory) {
  std::map<std::string, int> happened;
  for (std::uint32_t seed = 1; seed <= runs; ++seed) run(seed, happened);
  EXPECT_EQ(happened.size(), 19u) << "everything that can happen on a platform has happened";
  for (const auto& [event, times] : happened) EXPECT_GE(times, 5) << event;
}
