#include "domain/token.h"

#include "tests/domain/village.h"

using namespace meent::domain;
using namespace meent::tests;

namespace {

constexpr std::int64_t year_ms = 365LL * 24 * 60 * 60 * 1000;
const auto key_ring = id<TokenId>(0x61);

TokenScopes scopes(std::initializer_list<TokenScope> list) {
  TokenScopes out = 0;
  for (const auto scope : list) out |= static_cast<TokenScopes>(scope);
  return out;
}

IssueToken for_bram() {
  return {.token = key_ring,
          .secret_hash = {1, 2, 3},
          .person = bram,
          .scopes = scopes({TokenScope::act, TokenScope::analyse}),
          .expires_at = {now.ms + year_ms},
          .label = "Telefoon van Bram"};
}
TokenIssued issued(const IssueToken& command) {
  return {.token = command.token,
          .secret_hash = command.secret_hash,
          .person = command.person,
          .scopes = command.scopes,
          .expires_at = command.expires_at,
          .label = command.label};
}
Events with_a_token() {
  auto events = founding();
  events.emplace_back(issued(for_bram()));
  return events;
}
Command issue(const IssueToken& command) {
  return TokenCommand(command);
}
const Command revoke_it = TokenCommand(RevokeToken{key_ring});
IssueToken& issuing(Case& one) {
  return in<TokenCommand, IssueToken>(one);
}
RevokeToken& revoking(Case& one) {
  return in<TokenCommand, RevokeToken>(one);
}

}  // namespace

TEST(Token, AnOperatorIssuesItForAPerson) {
  for (const auto& context : {by_operator(), by(olga)}) {
    given(founding()).when(issue(for_bram()), context).then({issued(for_bram())});
  }
}

TEST(Token, WithoutAPersonItMayImportAndOperate) {
  auto command = for_bram();
  command.person = {};
  command.scopes = scopes({TokenScope::import_, TokenScope::operate});
  given(founding()).when(issue(command), by_operator()).then({issued(command)});
}

TEST(Token, TheRecordKeepsTheHashAndRemembersRevoking) {
  auto events = with_a_token();
  const auto fresh = find<TokenRecord>(state_after(events), key_ring).value();
  EXPECT_EQ(fresh.secret_hash, std::string("\1\2\3") + std::string(29, '\0'));
  EXPECT_EQ(fresh.person, bram);
  EXPECT_EQ(fresh.expires_at, for_bram().expires_at);
  EXPECT_FALSE(fresh.revoked);
  given(events).when(revoke_it, by(olga)).then({TokenRevoked{key_ring}});
  events.emplace_back(TokenRevoked{key_ring});
  const auto revoked = find<TokenRecord>(state_after(events), key_ring).value();
  EXPECT_TRUE(revoked.revoked);
  EXPECT_EQ(revoked.label, "Telefoon van Bram");
}

TEST(Token, LimitsAreWithin) {
  constexpr std::int64_t ten_years_ms = 3653LL * 24 * 60 * 60 * 1000;
  expect_within_limits({founding(), issue(for_bram()), by_operator()},
                       {[](Case& c) { issuing(c).expires_at = {now.ms + ten_years_ms}; },
                        [](Case& c) { issuing(c).expires_at = {now.ms + 1}; },
                        [](Case& c) { issuing(c).label = std::string(120, 'a'); }});
  auto longer = for_bram();
  longer.expires_at = {now.ms + ten_years_ms + 1};
  given(founding()).when(issue(longer), by_operator()).then_rejected(TokenRejection::bad_expiry);
}

TEST(Token, OneReasonARow) {
  using enum TokenRejection;
  expect_reasons<TokenRejection>(
      {founding(), issue(for_bram()), by_operator()},
      {{not_allowed, [](Case& c) { c.context = by(bram); }},
       {not_allowed, [](Case& c) { c.context = by_importer(); }},
       {not_allowed, [](Case& c) { c.context = by_guest(); }},
       {no_platform, [](Case& c) { c.events.clear(); }},
       {already_issued, [](Case& c) { c.events = with_a_token(); }},
       {unknown_person, [](Case& c) { issuing(c).person = nobody; }},
       {no_scopes, [](Case& c) { issuing(c).scopes = 0; }},
       {no_scopes, [](Case& c) { issuing(c).scopes |= 1u << 20; }},
       {scope_needs_no_person, [](Case& c) { issuing(c).scopes = scopes({TokenScope::import_}); }},
       {scope_needs_no_person, [](Case& c) { issuing(c).scopes = scopes({TokenScope::operate}); }},
       {bad_expiry, [](Case& c) { issuing(c).expires_at = now; }},
       {bad_expiry, [](Case& c) { issuing(c).expires_at = {now.ms + 11 * year_ms}; }},
       {bad_expiry, [](Case& c) { issuing(c).expires_at = {INT64_MAX}; }},
       {bad_expiry, [](Case& c) { issuing(c).expires_at = {INT64_MIN}; }},
       {bad_label, [](Case& c) { issuing(c).label = ""; }},
       {bad_label, [](Case& c) { issuing(c).label = std::string(121, 'a'); }}});
  expect_reasons<TokenRejection>(
      {with_a_token(), revoke_it, by_operator()},
      {{not_allowed, [](Case& c) { c.context = by(mo); }},
       {no_platform, [](Case& c) { c.events = {issued(for_bram())}; }},
       {unknown_token, [](Case& c) { revoking(c).token = id<TokenId>(99); }},
       {already_revoked, [](Case& c) { c.events.push_back(TokenRevoked{key_ring}); }}});
}

TEST(Token, TheFirstReasonIsTheOneGiven) {
  using enum TokenRejection;
  expect_precedence<TokenRejection>(
      {{issued(for_bram())},
       issue({.token = key_ring,
              .secret_hash = {},
              .person = nobody,
              .scopes = 0,
              .expires_at = {0},
              .label = ""}),
       by_guest()},
      {{not_allowed, [](Case& c) { c.context = by_operator(); }},
       {no_platform, [](Case& c) { c.events = with_a_token(); }},
       {already_issued, [](Case& c) { issuing(c).token = id<TokenId>(0x62); }},
       {unknown_person, [](Case& c) { issuing(c).person = bram; }},
       {no_scopes, [](Case& c) { issuing(c).scopes = scopes({TokenScope::operate}); }},
       {scope_needs_no_person, [](Case& c) { issuing(c).person = {}; }},
       {bad_expiry, [](Case& c) { issuing(c).expires_at = {now.ms + 1}; }},
       {bad_label, [](Case& c) { issuing(c).label = "Beheer"; }}});
}

TEST(TokenDeathTest, RevokingAnUnknownTokenIsABrokenInvariant) {
  EXPECT_DEATH(state_after({TokenRevoked{key_ring}}), "");
}
