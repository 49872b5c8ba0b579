#include "domain/action.h"

#include <map>
#include <set>

#include "domain/text.h"
#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

/// Every enumerator up to the last, as rejections.
template <class Why>
void list(std::vector<Rejection>& all, Why last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) all.emplace_back(static_cast<Why>(i));
}

std::vector<Rejection> every_rejection() {
  std::vector<Rejection> all;
  list(all, PlatformRejection::lives_there);
  list(all, PersonRejection::role_unchanged);
  list(all, TokenRejection::already_revoked);
  list(all, KindRejection::unchanged);
  list(all, SpaceRejection::unchanged);
  list(all, ContributionRejection::external_id_too_long);
  list(all, DiscussRejection::unknown_mention);
  list(all, SupportRejection::nothing_to_withdraw);
  list(all, ModerateRejection::not_text);
  return all;
}

}  // namespace

TEST(Action, EveryRejectionIsExplainedInASentenceThatSaysWhatToDo) {
  for (const auto& rejection : every_rejection()) {
    const auto reason = explain(rejection);
    EXPECT_TRUE(is_slug(reason.code)) << reason.code;
    EXPECT_TRUE(is_label(reason.sentence, 200)) << reason.code;
    EXPECT_TRUE(reason.sentence.ends_with('.')) << reason.code;
    if (reason.sort == Reason::Sort::invalid) EXPECT_FALSE(reason.field.empty()) << reason.code;
  }
}

TEST(Action, OneCodeIsOneSortOfRefusalEverywhere) {
  std::map<std::string_view, Reason::Sort> sorts;
  for (const auto& rejection : every_rejection()) {
    const auto reason = explain(rejection);
    const auto known = sorts.emplace(reason.code, reason.sort).first;
    EXPECT_EQ(known->second, reason.sort) << reason.code;
  }
}

TEST(Action, WithinACapabilityEveryReasonHasItsOwnCode) {
  std::set<std::pair<std::size_t, std::string_view>> codes;
  for (const auto& rejection : every_rejection()) {
    const auto code = explain(rejection).code;
    EXPECT_TRUE(codes.emplace(rejection.index(), code).second) << code;
  }
}

TEST(Action, ACommandAndAnEventReachTheirCapability) {
  const Command command = SupportCommand(GiveSupport{bench, bram, Stance::pass});
  given(village())
      .when(command, by(bram))
      .then({SupportGiven{bench, green, bram, Stance::pass, {}}});
  const auto state = state_after(village(SupportGiven{bench, green, bram, Stance::pass, {}}));
  EXPECT_EQ(find<SupportRecord>(state, {bench, bram})->stance, Stance::pass);
}

TEST(Action, OnlyImportersSayWhenSomethingOccurred) {
  const Command command = SupportCommand(GiveSupport{bench, bram, Stance::pass});
  for (auto context : {by(bram), by_operator(), by_guest()}) {
    context.occurred_at = Timestamp{5};
    given(village()).when(command, context).then_rejected(SupportRejection::not_allowed);
    given(village())
        .when(ModerateCommand(AcceptItem{id<CommentId>(99)}), context)
        .then_rejected(ModerateRejection::not_allowed);
  }
  auto context = by_importer();
  context.occurred_at = Timestamp{5};
  given(village()).when(command, context).then_accepted();
}
