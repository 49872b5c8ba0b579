#include "domain/kind.h"

#include <set>

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

Kind petition() {
  return {.name = "petition",
          .label = "Petitie",
          .abilities = static_cast<std::uint32_t>(KindAbility::support),
          .title_required = true,
          .longest_title = 150,
          .longest_body = 5000,
          .form = {{.name = "size",
                    .label = "Grootte",
                    .type = FieldType::choice,
                    .required = true,
                    .longest = 20,
                    .choices = {"klein", "groot"}}},
          .themes = {"groen", "zorg"}};
}
Command define(const Kind& kind) {
  return KindCommand(DefineKind{kind});
}
Kind& defining(Case& one) {
  return in<KindCommand, DefineKind>(one).kind;
}
FormField& size_field(Case& one) {
  return defining(one).form[0];
}

}  // namespace

TEST(Kind, DefiningOneIsAFactOfThePlatform) {
  for (const auto& context : {by_operator(), by_importer(), by(olga)}) {
    given(founding()).when(define(petition()), context).then({KindDefined{petition()}});
  }
}

TEST(Kind, DefiningItAgainReplacesIt) {
  auto idea = default_kinds("nl")[0];
  idea.longest_body = 100;
  given(founding()).when(define(idea), by_operator()).then({KindDefined{idea}});
  auto events = founding();
  events.emplace_back(KindDefined{idea});
  EXPECT_EQ(find<KindRecord>(state_after(events), "idea")->kind, idea);
}

TEST(Kind, TheShippedKindsCanAllBeDefined) {
  for (const auto* language : {"nl", "nl-BE", "en", "zh"}) {
    std::set<std::string> names;
    for (const auto& kind : default_kinds(language)) {
      names.insert(kind.name);
      const Events fresh{PlatformPlaced{log_id}, PlatformCreated{}};
      given(fresh).when(define(kind), by_operator()).then({KindDefined{kind}});
    }
    EXPECT_EQ(names, (std::set<std::string>{"discussion", "idea", "statement"}));
  }
  EXPECT_EQ(default_kinds("nl-BE")[0].label, "Idee");
  EXPECT_EQ(default_kinds("zh")[0].label, "Idea");
}

TEST(Kind, AStatementStandsWithoutATitleAndKeepsItsText) {
  const auto statement = default_kinds("nl")[1];
  EXPECT_EQ(statement.name, "statement");
  EXPECT_FALSE(statement.title_required);
  EXPECT_TRUE(statement.can(KindAbility::support));
  EXPECT_FALSE(statement.can(KindAbility::revise));
  EXPECT_EQ(statement.longest_body, 500u);
}

TEST(Kind, LimitsAreWithin) {
  expect_within_limits(
      {founding(), define(petition()), by_operator()},
      {[](Case& c) { defining(c).label = std::string(60, 'a'); },
       [](Case& c) { defining(c).longest_title = 500; },
       [](Case& c) { defining(c).longest_title = 1; },
       [](Case& c) { defining(c).longest_body = 100000; },
       [](Case& c) { defining(c).longest_body = 1; }, [](Case& c) { defining(c).abilities = 7; },
       [](Case& c) { defining(c).themes = slugs(200); },
       [](Case& c) {
         const auto field = size_field(c);
         for (const auto& name : slugs(29)) {
           defining(c).form.push_back(field);
           defining(c).form.back().name = name;
         }
       },
       [](Case& c) { size_field(c).longest = 20000; },
       [](Case& c) { size_field(c).choices = slugs(100); },
       [](Case& c) { size_field(c).choices[0] = std::string(120, 'a'); }});
}

TEST(Kind, OneReasonARow) {
  using enum KindRejection;
  expect_reasons<KindRejection>(
      {founding(), define(petition()), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by(mo); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {no_platform, [](Case& c) { c.events.clear(); }},
       {bad_name, [](Case& c) { defining(c).name = "Petitie"; }},
       {bad_label, [](Case& c) { defining(c).label = ""; }},
       {bad_label, [](Case& c) { defining(c).label = std::string(61, 'a'); }},
       {bad_limits, [](Case& c) { defining(c).abilities = 1u << 30; }},
       {bad_limits, [](Case& c) { defining(c).longest_title = 0; }},
       {bad_limits, [](Case& c) { defining(c).longest_title = 501; }},
       {bad_limits, [](Case& c) { defining(c).longest_body = 0; }},
       {bad_limits, [](Case& c) { defining(c).longest_body = 100001; }},
       {too_many_fields, [](Case& c) { defining(c).form.resize(31); }},
       {bad_field, [](Case& c) { size_field(c).name = "Size"; }},
       {bad_field, [](Case& c) { defining(c).form.push_back(size_field(c)); }},
       {bad_field, [](Case& c) { size_field(c).label = ""; }},
       {bad_field, [](Case& c) { size_field(c).label = std::string(121, 'a'); }},
       {bad_field, [](Case& c) { size_field(c).longest = 0; }},
       {bad_field, [](Case& c) { size_field(c).longest = 20001; }},
       {bad_field, [](Case& c) { size_field(c).choices = {"klein"}; }},
       {bad_field, [](Case& c) { size_field(c).choices = {"klein", "klein"}; }},
       {bad_field, [](Case& c) { size_field(c).choices = {"klein", ""}; }},
       {bad_field, [](Case& c) { size_field(c).choices = slugs(101); }},
       {bad_field, [](Case& c) { size_field(c).type = FieldType::line; }},
       {bad_theme, [](Case& c) { defining(c).themes.emplace_back("Groen!"); }},
       {bad_theme, [](Case& c) { defining(c).themes.emplace_back("groen"); }},
       {bad_theme, [](Case& c) { defining(c).themes = slugs(201); }},
       {unchanged, [](Case& c) { c.events.push_back(KindDefined{petition()}); }}});
}

TEST(Kind, TheFirstReasonIsTheOneGiven) {
  using enum KindRejection;
  Kind worst{.name = "",
             .label = "",
             .abilities = 0,
             .title_required = true,
             .longest_title = 0,
             .longest_body = 0,
             .form = std::vector<FormField>(31),
             .themes = {"Groen!"}};
  expect_precedence<KindRejection>(
      {{}, define(worst), by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {no_platform,
        [](Case& c) {
          c.events = founding();
          c.events.push_back(KindDefined{petition()});
        }},
       {bad_name, [](Case& c) { defining(c).name = "petition"; }},
       {bad_label, [](Case& c) { defining(c).label = "Petitie"; }},
       {bad_limits,
        [](Case& c) {
          defining(c).abilities = petition().abilities;
          defining(c).longest_title = 150;
          defining(c).longest_body = 5000;
        }},
       {too_many_fields, [](Case& c) { defining(c).form.resize(30); }},
       {bad_field, [](Case& c) { defining(c).form = petition().form; }},
       {bad_theme, [](Case& c) { defining(c).themes = petition().themes; }},
       {unchanged, [](Case& c) { defining(c).label = "Verzoekschrift"; }}});
}
