#include "api/pages/pages.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/api/pages/visitor.h"

namespace meent::api::pages {
namespace {

struct Pages : testing::Test {
  VillageNode village;
  const std::string home = "/p/lindedorp";
  const std::string idea = home + "/c/" + village.idea;
  Visitor guest{village};
  Visitor anna{village, village.as_anna};
  Visitor bram{village, village.as_bram};
  Visitor mina{village, village.as_mina};

  Pages() { village.add_pages(); }
};

TEST_F(Pages, EachHasWhatReadersAndTheirToolsNeed) {
  for (const auto& path : std::vector<std::string>{
           "/", home, home + "/s/ideeen", home + "/s/ideeen?sort=top&kind=idea&theme=groen", idea,
           home + "/m/" + village.comment, home + "/search", home + "/search?q=linde",
           home + "/people/" + village.anna, home + "/c/" + village.hidden}) {
    const auto told = guest.get(path);
    SCOPED_TRACE(path);
    EXPECT_EQ(told.status, 200U);
    EXPECT_TRUE(told.header("content-type").starts_with("text/html"));
    EXPECT_TRUE(holds(told, "<html lang=\"nl\""));
    EXPECT_EQ(count_of(told.body, "<h1"), 1U);
    EXPECT_EQ(count_of(told.body, "<main id=\"main\""), 1U);
    EXPECT_TRUE(holds(told, "<a class=\"skip\" href=\"#main\">"));
    EXPECT_FALSE(attributes(told.body, "content").empty());
    EXPECT_TRUE(holds(told, "<link rel=\"canonical\" href=\"http://meent.example" +
                                path.substr(0, path.find('?')) + "\">"));
    EXPECT_FALSE(holds(told, "{{"));
    EXPECT_FALSE(holds(told, "[["));
    EXPECT_FALSE(holds(told, "<script"));
    EXPECT_FALSE(holds(told, " style=\""));  // what the Content-Security-Policy would refuse
    const auto ids = attributes(told.body, "id");
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size()) << "an id stands twice";
  }
}

TEST_F(Pages, EveryLinkLeadsSomewhere) {
  for (auto* visitor : {&guest, &anna, &mina}) {
    std::vector<std::string> paths{"/"};
    for (std::size_t at = 0; at < paths.size() && at < 200; ++at) {
      const auto told = visitor->get(paths[at]);
      EXPECT_LT(told.status, 400U) << paths[at];
      if (!told.header("content-type").starts_with("text/html")) continue;
      for (auto href : attributes(told.body, "href")) {
        href.resize(std::min(href.find('#'), href.size()));
        const bool is_ours = href.starts_with('/') && !href.starts_with("/api/");
        if (is_ours && std::ranges::find(paths, href) == paths.end()) paths.push_back(href);
      }
    }
    EXPECT_GT(paths.size(), 15U);
  }
}

TEST_F(Pages, ACommentIsPlacedAndTheNextPageShowsIt) {
  const auto sent = bram.send(idea, idea + "/comment", {{"body", "Mooi plan,\r\n\r\n**doen**!"}});
  EXPECT_TRUE(sent.header("location").starts_with(idea + "#m-"));
  const auto next = bram.follow(sent);
  EXPECT_TRUE(holds(next, "<p>Mooi plan,</p><p><strong>doen</strong>!</p>"));
  EXPECT_TRUE(holds(next, "Je reactie is geplaatst."));
  EXPECT_TRUE(holds(next, "2 reacties"));
  EXPECT_FALSE(holds(bram.get(idea), "Je reactie is geplaatst."));
}

TEST_F(Pages, AFormSentTwiceActsOnceAndChangedItActsAgain) {
  const auto page = bram.get(idea);
  auto fields = hidden_fields(page.body, idea + "/comment");
  fields.emplace_back("body", "Eén keer.");
  const auto first = bram.post(idea + "/comment", fields);
  const auto end = village.end();
  EXPECT_EQ(bram.post(idea + "/comment", fields).header("location"), first.header("location"));
  EXPECT_EQ(village.end(), end);
  fields.back().second = "Nog iets.";
  EXPECT_NE(bram.post(idea + "/comment", fields).header("location"), first.header("location"));
  EXPECT_EQ(count_of(bram.get(idea).body, "<p>Eén keer.</p>"), 1U);
}

TEST_F(Pages, AReplyStandsUnderWhatItAnswers) {
  const std::string comment = home + "/m/" + village.comment;
  const auto next =
      anna.follow(anna.send(comment, idea + "/comment", {{"body", "Met leuning dus."}}));
  const auto parent = next.body.find("Graag een bankje met leuning.");
  const auto reply = next.body.find("<p>Met leuning dus.</p>");
  EXPECT_LT(parent, next.body.find("<ol class=\"replies\">"));
  EXPECT_LT(next.body.find("<ol class=\"replies\">"), reply);
  EXPECT_EQ(count_of(next.body, "<ol "), count_of(next.body, "</ol>"));
  EXPECT_EQ(count_of(next.body, "<li>") + count_of(next.body, "<li "),
            count_of(next.body, "</li>"));
}

TEST_F(Pages, WhatIsRefusedStaysInTheFormWithTheReasonBesideIt) {
  const std::string place = home + "/s/ideeen/new/idea";
  const auto end = village.end();
  const auto told = anna.send(place, place,
                              {{"title", " "},
                               {"body", "Een \"heel\" goed <idee>"},
                               {"themes", "groen"},
                               {"language", "nl"}});
  EXPECT_EQ(told.status, 400U);
  EXPECT_TRUE(holds(told, "<a href=\"#title\">Vul een titel in.</a>"));
  EXPECT_TRUE(holds(told, "id=\"title-error\">Vul een titel in.</p>"));
  EXPECT_TRUE(holds(told, "aria-describedby=\"title-hint title-error\" aria-invalid=\"true\""));
  EXPECT_TRUE(holds(told, "Een &quot;heel&quot; goed &lt;idee&gt;</textarea>"));
  const auto link = anna.send(
      place, place,
      {{"title", "Bank"}, {"body", "Bank."}, {"form.more", "geen adres"}, {"language", "nl"}});
  EXPECT_TRUE(holds(link, "<a href=\"#form-more\">"));
  EXPECT_TRUE(holds(link, "value=\"geen adres\""));
  const auto empty = bram.send(idea, idea + "/comment", {{"body", "  "}});
  EXPECT_EQ(empty.status, 400U);
  EXPECT_TRUE(holds(empty, "<a href=\"#body\">Schrijf eerst iets.</a>"));
  EXPECT_EQ(village.end(), end);
}

TEST_F(Pages, AContributionIsPlacedWithItsFieldsAndThemes) {
  const std::string place = home + "/s/ideeen/new/idea";
  const auto next = anna.follow(anna.send(place, place,
                                          {{"title", "Pluktuin"},
                                           {"body", "Appels en *peren*."},
                                           {"form.location", "Achter de school"},
                                           {"form.costs", ""},
                                           {"themes", "Groen, openbaar vervoer, #groen"},
                                           {"language", "nl"}}));
  EXPECT_TRUE(holds(next, "<h1>Pluktuin</h1>"));
  EXPECT_TRUE(holds(next, "Appels en <em>peren</em>."));
  EXPECT_TRUE(holds(next, "<dd>Achter de school</dd>"));
  EXPECT_FALSE(holds(next, "Kosten"));
  EXPECT_TRUE(holds(next, ">groen</a>"));
  EXPECT_TRUE(holds(next, ">openbaar-vervoer</a>"));
}

TEST_F(Pages, AStatementIsHeadedByItsText) {
  const std::string place = home + "/s/ideeen/new/statement";
  const auto next = anna.follow(
      anna.send(place, place, {{"body", "Meer **bankjes**.\n\nOveral."}, {"language", "nl"}}));
  EXPECT_TRUE(holds(next, "<h1>Meer bankjes.</h1>"));
  EXPECT_TRUE(holds(next, "<p>Overal.</p>"));
}

TEST_F(Pages, AnEditOfAnOlderTextShowsBothAndLosesNothing) {
  const std::string edit = idea + "/edit";
  auto stale = hidden_fields(anna.get(edit).body, edit);
  const auto first = anna.send(
      edit, edit, {{"title", "Twee bankjes"}, {"body", "Eerst dit."}, {"language", "nl"}});
  EXPECT_EQ(first.status, 303U);
  stale.insert(stale.end(), {{"title", "Drie bankjes"}, {"body", "Toen dat."}, {"language", "nl"}});
  village.wait_for_views();
  const auto conflict = anna.post(edit, stale);
  EXPECT_EQ(conflict.status, 412U);
  EXPECT_TRUE(holds(conflict, "Eerst dit."));
  EXPECT_TRUE(holds(conflict, "Toen dat.</textarea>"));
  EXPECT_TRUE(holds(conflict, "value=\"Drie bankjes\""));
  // What the page now says can be sent again.
  auto again = hidden_fields(conflict.body, edit);
  again.insert(again.end(), {{"title", "Drie bankjes"}, {"body", "Toen dat."}, {"language", "nl"}});
  const auto next = anna.follow(anna.post(edit, again));
  EXPECT_TRUE(holds(next, "<h1>Drie bankjes</h1>"));
  EXPECT_TRUE(holds(next, "3 versies"));
  const auto history = guest.get(idea + "/history");
  EXPECT_TRUE(holds(history, "Eerst dit."));
  EXPECT_TRUE(holds(history, "Een bankje bij de linde"));
}

TEST_F(Pages, ACommentIsEditedAndItsEarlierTextKept) {
  const std::string comment = home + "/m/" + village.comment;
  auto stale = hidden_fields(bram.get(comment).body, comment + "/edit");
  const auto next =
      bram.follow(bram.send(comment, comment + "/edit", {{"body", "Zonder leuning."}}));
  EXPECT_TRUE(holds(next, "Zonder leuning."));
  EXPECT_TRUE(holds(guest.get(comment + "/history"), "Graag een bankje met leuning."));
  stale.emplace_back("body", "Met kussen.");
  const auto conflict = bram.post(comment + "/edit", stale);
  EXPECT_EQ(conflict.status, 412U);
  EXPECT_TRUE(holds(conflict, "Zonder leuning."));
  EXPECT_TRUE(holds(conflict, "Met kussen.</textarea>"));
}

TEST_F(Pages, SupportIsCountedReplacedAndTakenBack) {
  const auto choose = [&](const std::string& stance) {
    return bram.follow(bram.send(idea, idea + "/support", {{"stance", stance}}));
  };
  auto told = choose("agree");
  EXPECT_TRUE(holds(told, "<strong>1</strong> Eens"));
  EXPECT_TRUE(holds(told, "Jij bent het eens."));
  told = choose("disagree");
  EXPECT_TRUE(holds(told, "<strong>0</strong> Eens"));
  EXPECT_TRUE(holds(told, "<strong>1</strong> Oneens"));
  EXPECT_FALSE(holds(anna.get(idea), "Jij bent"));
  told = choose("none");
  EXPECT_TRUE(holds(told, "<strong>0</strong> Oneens"));
  EXPECT_FALSE(holds(told, "Jij bent"));
}

TEST_F(Pages, AGuestIsAskedToTakePartAndLosesNoText) {
  const auto page = guest.get(idea);
  EXPECT_TRUE(holds(page, "Doe eerst mee."));
  EXPECT_FALSE(holds(page, "<textarea"));
  const auto end = village.end();
  const auto told = guest.post(idea + "/comment", {{"body", "Toch zeggen."}});
  EXPECT_EQ(told.status, 401U);
  EXPECT_TRUE(holds(told, "Toch zeggen.</textarea>"));
  EXPECT_EQ(village.end(), end);
}

TEST_F(Pages, AFormThatIsNotOursActsForNobody) {
  const auto own = hidden_fields(bram.get(idea).body, idea + "/support");
  const auto others = hidden_fields(anna.get(idea).body, idea + "/support");
  const auto end = village.end();
  const auto refused = [&](std::vector<std::pair<std::string, std::string>> fields,
                           Headers headers = {}) {
    fields.emplace_back("stance", "agree");
    EXPECT_EQ(bram.post(idea + "/support", fields, std::move(headers)).status, 403U);
  };
  refused({});
  refused({{"csrf", ""}});
  refused({{"csrf", "AAAAAAAAAAAAAAAAAAAAAAAA"}});
  refused(others);
  refused(own, {{"Origin", "https://elders.example"}});
  refused(own, {{"Origin", "https://meent.example.elders.example"}});
  refused(own, {{"Origin", "null"}});
  EXPECT_EQ(village.end(), end);
  auto fields = own;
  fields.emplace_back("stance", "agree");
  EXPECT_EQ(bram.post(idea + "/support", fields, {{"Origin", "https://meent.example"}}).status,
            303U);
}

TEST_F(Pages, WhatIsHiddenLeavesAMarkWithTheReason) {
  const auto told = guest.get(home + "/c/" + village.hidden);
  EXPECT_TRUE(holds(told, "Deze bijdrage is verborgen door een moderator."));
  EXPECT_TRUE(holds(told, village.hidden_reason));
  EXPECT_FALSE(holds(told, "tuinstoelen"));
  EXPECT_TRUE(holds(told, "<meta name=\"robots\" content=\"noindex\">"));
  EXPECT_TRUE(holds(mina.get(home + "/c/" + village.hidden), "tuinstoelen"));
}

TEST_F(Pages, AModeratorHidesWithAReasonAndShowsAgain) {
  const std::string comment = home + "/m/" + village.comment;
  const auto nothing = mina.send(comment, comment + "/moderate", {{"act", "hide"}, {"reason", ""}});
  EXPECT_EQ(nothing.status, 400U);
  EXPECT_TRUE(holds(nothing, "<details class=\"moderation\" open>"));
  EXPECT_TRUE(holds(nothing, "id=\"reason-error\">Schrijf waarom je dit verbergt.</p>"));
  mina.follow(
      mina.send(comment, comment + "/moderate", {{"act", "hide"}, {"reason", "Niet <aardig>"}}));
  village.wait_for_views();
  const auto hidden = guest.get(idea);
  EXPECT_TRUE(holds(hidden, "Deze reactie is verborgen door een moderator."));
  EXPECT_TRUE(holds(hidden, "Niet &lt;aardig&gt;"));
  EXPECT_FALSE(holds(hidden, "met leuning"));
  mina.follow(mina.send(comment, comment + "/moderate", {{"act", "accept"}}));
  village.wait_for_views();
  EXPECT_TRUE(holds(guest.get(idea), "met leuning"));
  EXPECT_FALSE(holds(bram.get(comment), "/moderate"));
}

TEST_F(Pages, OnesOwnIsWithdrawnClosedAndReopened) {
  auto told = anna.follow(anna.send(idea, idea + "/close", {}));
  EXPECT_TRUE(holds(told, "Afgesloten"));
  EXPECT_FALSE(holds(told, "id=\"write\""));
  told = anna.follow(anna.send(idea, idea + "/reopen", {}));
  EXPECT_TRUE(holds(told, "id=\"write\""));
  told = anna.follow(anna.send(idea, idea + "/withdraw", {}));
  EXPECT_TRUE(holds(told, "Deze bijdrage is ingetrokken door de schrijver."));
  village.wait_for_views();
  EXPECT_FALSE(holds(guest.get(idea), "bankje bij de linde"));
  EXPECT_FALSE(holds(bram.get(idea), idea + "/close"));
}

TEST_F(Pages, NothingThatPeopleWriteIsRunByABrowser) {
  const std::string nasty = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
  const auto person = village.register_person(nasty);
  Visitor villain{village, village.token(person, {"act"})};
  const std::string place = home + "/s/ideeen/new/idea";
  const auto sent = villain.send(place, place,
                                 {{"title", nasty},
                                  {"body", nasty + "\n\n[klik](javascript:alert(3))"},
                                  {"form.location", nasty},
                                  {"language", "nl"}});
  const auto path = sent.header("location");
  villain.follow(villain.send(path, path + "/comment", {{"body", nasty}}));
  mina.follow(mina.send(path, path + "/moderate", {{"act", "accept"}}));
  village.wait_for_views();
  for (const auto& page : std::vector<std::string>{
           path, home, home + "/s/ideeen", home + "/people/" + person, home + "/search?q=alert",
           home + "/search?q=" + percent_encode(nasty),
           home + "/s/ideeen?theme=" + percent_encode(nasty), "/" + percent_encode(nasty)}) {
    const auto told = guest.get(page);
    SCOPED_TRACE(page);
    EXPECT_FALSE(holds(told, "<script"));
    EXPECT_FALSE(holds(told, "<img"));
    EXPECT_FALSE(holds(told, "href=\"javascript"));
  }
  EXPECT_TRUE(holds(guest.get(path), "&lt;script&gt;alert(1)"));
}

TEST_F(Pages, WhatIsNotThereIsAPageThatSaysSo) {
  for (const auto& path : std::vector<std::string>{
           "/nergens", "/p/nergens", home + "/s/nergens", home + "/c/nergens",
           home + "/c/" + std::string(32, '0'), home + "/m/" + std::string(32, '0'),
           home + "/people/" + std::string(32, '0'), home + "/s/ideeen/new/discussion",
           home + "/demo"}) {
    const auto told = anna.get(path);
    EXPECT_EQ(told.status, 404U) << path;
    EXPECT_TRUE(holds(told, "<h1>Deze pagina is er niet</h1>")) << path;
  }
  EXPECT_EQ(guest.get(home + "?cursor=onzin").status, 400U);
  EXPECT_EQ(guest.get(home + "/search?from=gisteren").status, 400U);
}

TEST_F(Pages, OldAddressesOfAPlatformLeadToItsName) {
  const auto told = guest.get("/p/" + village.platform + "/s/ideeen?sort=top");
  EXPECT_EQ(told.status, 301U);
  EXPECT_EQ(told.header("location"), home + "/s/ideeen?sort=top");
}

TEST_F(Pages, OnItsOwnHostAPlatformIsAtTheRoot) {
  const auto on_host = [&](const std::string& target) {
    Request request;
    request.target = target;
    request.headers.add("Host", "lindedorp.example:8080");
    EXPECT_TRUE(parse_target(request));
    find_own_host(village.node(), request);
    Response answer;
    village.dispatch(request, Respond([&](Response response) { answer = std::move(response); }));
    return Told{answer.status, answer.headers, std::string(answer.body.view())};
  };
  const auto home_page = on_host("/");
  EXPECT_TRUE(holds(home_page, "<h1>Lindedorp</h1>"));
  EXPECT_TRUE(holds(home_page, "href=\"/s/ideeen\""));
  EXPECT_FALSE(holds(home_page, "\"/p/lindedorp"));
  EXPECT_TRUE(holds(on_host("/c/" + village.idea), "<h1>Een bankje bij de linde</h1>"));
  EXPECT_TRUE(holds(on_host("/p/lindedorp"), "href=\"/p/lindedorp/s/ideeen\""));
  EXPECT_EQ(on_host("/s/nergens").status, 404U);
}

TEST_F(Pages, AGuestsPageIsKeptAndNotSentTwice) {
  const auto first = guest.get(idea);
  const auto etag = first.header("etag");
  ASSERT_FALSE(etag.empty());
  const auto again = village.ask(
      {.target = idea, .headers = {{"Host", "meent.example"}, {"If-None-Match", etag}}});
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(anna.get(idea).header("cache-control"), "private, no-store");
}

TEST_F(Pages, SearchMarksWhatItFound) {
  const auto told = guest.get(home + "/search?q=linde");
  EXPECT_TRUE(holds(told, "<mark>linde</mark>"));
  EXPECT_TRUE(holds(told, "2 resultaten"));
  EXPECT_TRUE(holds(guest.get(home + "/search?q=lnide"),
                    "Bedoel je <a href=\"" + home + "/search?q=linde\">"));
}

TEST_F(Pages, SupportIsShownToTheOneWhoGaveItAlone) {
  bram.follow(bram.send(idea, idea + "/support", {{"stance", "agree"}}));
  village.wait_for_views();
  const std::string person = home + "/people/" + village.bram;
  EXPECT_TRUE(holds(bram.get(person), "koos Eens bij"));
  EXPECT_FALSE(holds(guest.get(person), "koos "));
  EXPECT_FALSE(holds(mina.get(person), "koos "));
}

struct DemoPages : Pages {
  DemoPages() { village.be_demo(); }

  Told ask(Method method, const std::string& target, const std::string& cookies,
           const std::string& body = {}, bool is_loopback = true) {
    Headers headers{{"Host", "localhost"}};
    if (!cookies.empty()) headers.add("Cookie", cookies);
    return village.ask({.method = std::string(to_string(method)),
                        .target = target,
                        .body = body,
                        .headers = std::move(headers),
                        .content_type = "application/x-www-form-urlencoded",
                        .is_loopback = is_loopback});
  }
};

TEST_F(DemoPages, OneClickActsAsADemoPersonAndReturns) {
  const auto first = ask(Method::get, home + "/demo?back=" + percent_encode(idea), "");
  const auto set = first.header("set-cookie");
  const auto cookie = set.substr(0, set.find(';'));
  const auto page = ask(Method::get, first.header("location"), cookie);
  EXPECT_TRUE(holds(page, "Anna Brandsma"));
  auto body = "person=" + village.anna;
  for (const auto& [name, value] : hidden_fields(page.body, home + "/demo")) {
    body += "&" + name + "=" + percent_encode(value);
  }
  const auto in = ask(Method::post, home + "/demo", cookie, body);
  EXPECT_EQ(in.status, 303U);
  EXPECT_EQ(in.header("location"), idea);
  std::string session;
  for (std::size_t at = 0; at < in.headers.count(); ++at) {
    const auto [name, value] = in.headers.at(at);
    if (value.starts_with("meent_session=")) session = value.substr(0, value.find(';'));
  }
  EXPECT_TRUE(holds(ask(Method::get, idea, session), "Anna Brandsma</a>"));
  // Without the form's own seal nobody is anybody.
  EXPECT_EQ(ask(Method::post, home + "/demo", cookie, "person=" + village.mina).header("location"),
            home + "/demo");
  const auto own = hidden_fields(ask(Method::get, idea, session).body, home + "/sign-out");
  ask(Method::post, home + "/sign-out", session, "csrf=" + own.front().second);
  EXPECT_FALSE(holds(ask(Method::get, idea, session), "/people/" + village.anna + "\"><span"));
}

TEST_F(DemoPages, TheChooserIsForThisMachineAndLeadsNowhereElse) {
  EXPECT_EQ(ask(Method::get, home + "/demo", "", "", false).status, 404U);
  for (const auto* elsewhere : {"//elders.example", "https://elders.example", "/p/ander",
                                "/p/lindedorp/\\elders.example", "/p/lindedorpen/x"}) {
    const auto told = ask(Method::get, home + "/demo?back=" + percent_encode(elsewhere), "");
    EXPECT_EQ(told.header("location"), home + "/demo?back=" + percent_encode(home)) << elsewhere;
  }
}

TEST_F(Pages, APlatformSpeaksItsOwnLanguage) {
  village.accept_locally({.method = "POST",
                          .target = "/api/v1/platforms",
                          .body = R"({"slug":"common","name":"Common","language":"en"})"});
  village.wait_for_views();
  const auto told = guest.get("/p/common");
  EXPECT_TRUE(holds(told, "<html lang=\"en\""));
  EXPECT_TRUE(holds(told, "What is going on"));
}

}  // namespace
}  // namespace meent::api::pages
