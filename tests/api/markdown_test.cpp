#include "api/markdown.h"

#include <algorithm>
#include <string>
#include <vector>
#include <gtest/gtest.h>

namespace meent::api {
namespace {

TEST(Markdown, ShowsWhatPeopleMark) {
  EXPECT_EQ(markdown_html("Een **vet** en *schuin* woord"),
            "<p>Een <strong>vet</strong> en <em>schuin</em> woord</p>");
  EXPECT_EQ(markdown_html("- een\n- twee\n"), "<ul><li>een</li><li>twee</li></ul>");
  EXPECT_EQ(markdown_html("3. drie"), "<ol start=\"3\"><li>drie</li></ol>");
  EXPECT_EQ(markdown_html("> citaat"), "<blockquote><p>citaat</p></blockquote>");
  EXPECT_EQ(markdown_html("| a |\n|---|\n| b |"),
            "<table><thead><tr><th scope=\"col\">a</th></tr></thead>"
            "<tbody><tr><td>b</td></tr></tbody></table>");
}

TEST(Markdown, ASpanThatAnAddressRunsOutOfIsStillClosed) {
  EXPECT_EQ(markdown_html("*ftp://.n*@\n\nverder"), "<p><em>ftp://.n*@</em></p><p>verder</p>");
}

TEST(Markdown, WhatFollowsTheTextInMemoryIsNotRead) {
  const std::string_view more = "[a](b) en verder";
  EXPECT_EQ(markdown_html(more.substr(0, 5)), "<p>[a](b</p>");
  EXPECT_EQ(markdown_words(more.substr(0, 5), 100), "[a](b");
}

TEST(Markdown, HeadingsStayBelowThePagesOwn) {
  EXPECT_EQ(markdown_html("# Kop"), "<h3>Kop</h3>");
  EXPECT_EQ(markdown_html("###### Kop"), "<h6>Kop</h6>");
}

TEST(Markdown, LinksAreFollowedByNoSearchEngineAndGiveNothingAway) {
  EXPECT_EQ(markdown_html("[plan](https://voorbeeld.nl/a?b=1&c=2)"),
            "<p><a href=\"https://voorbeeld.nl/a?b=1&amp;c=2\" rel=\"nofollow noopener ugc\">plan"
            "</a></p>");
  EXPECT_EQ(markdown_html("[post](mailto:a@b.nl)"),
            "<p><a href=\"mailto:a@b.nl\" rel=\"nofollow noopener ugc\">post</a></p>");
}

TEST(Markdown, AnImageIsALinkAndInALinkOnlyItsWords) {
  EXPECT_EQ(markdown_html("![kaart](https://voorbeeld.nl/kaart.png)"),
            "<p><a href=\"https://voorbeeld.nl/kaart.png\" rel=\"nofollow noopener ugc\">kaart"
            "</a></p>");
  EXPECT_EQ(markdown_html("[![kaart](https://a.nl/k.png)](https://b.nl/)"),
            "<p><a href=\"https://b.nl/\" rel=\"nofollow noopener ugc\">kaart</a></p>");
}

TEST(Markdown, NoAttemptToRunScriptGetsThrough) {
  const std::vector<std::string> attempts{
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(1)>",
      "tekst <b onmouseover=alert(1)>vet</b>",
      "<a href=\"javascript:alert(1)\">klik</a>",
      "[klik](javascript:alert(1))",
      "[klik](JaVaScRiPt:alert(1))",
      "[klik](  javascript:alert(1))",
      "[klik](java\tscript:alert(1))",
      "[klik](&#106;avascript:alert(1))",
      "[klik](&#x6A;avascript:alert(1))",
      "[klik](javascript&colon;alert(1))",
      "[klik](&Tab;javascript:alert(1))",
      "[klik](data:text/html,<script>alert(1)</script>)",
      "[klik](vbscript:msgbox(1))",
      "[klik](//evil.example/)",
      "[klik](/p/overijssel/sign-out)",
      "![x](javascript:alert(1))",
      "![x](\"onerror=\"alert(1))",
      "<javascript:alert(1)>",
      "[a]: javascript:alert(1)\n\n[a]",
      "[klik](https://ok.nl/\"onmouseover=\"alert(1))",
      "[klik](https://ok.nl/ \"titel\"onmouseover=alert(1)\")",
      "`<script>alert(1)</script>`",
      "```\"><script>\n</script>\n```",
      "&lt;script&gt;alert(1)&lt;/script&gt;",
      "&#60;script>alert(1)&#60;/script>",
      "<!-- --><script>alert(1)</script>",
      "<svg/onload=alert(1)>",
      "| <script>alert(1)</script> |\n|---|\n| x |",
  };
  for (const auto& attempt : attempts) {
    const std::string html = markdown_html(attempt);
    SCOPED_TRACE(attempt + "\n  gave " + html);
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("<img"), std::string::npos);
    EXPECT_EQ(html.find("<svg"), std::string::npos);
    EXPECT_EQ(html.find("<b "), std::string::npos);
    // Every link there is, is ours: it goes to the web and its address is quoted whole.
    for (auto at = html.find("<a "); at != std::string::npos; at = html.find("<a ", at + 1)) {
      const std::string link = html.substr(at, html.find('>', at) - at);
      EXPECT_TRUE(link.starts_with("<a href=\"https://ok.nl/"));
      EXPECT_TRUE(link.ends_with("\" rel=\"nofollow noopener ugc\""));
      EXPECT_EQ(std::count(link.begin(), link.end(), '"'), 4);
    }
  }
}

TEST(Markdown, ALinkThatIsNotSafeKeepsItsWords) {
  EXPECT_EQ(markdown_html("[klik hier](javascript:alert(1))"), "<p>klik hier</p>");
}

TEST(Markdown, EntitiesAreTheLettersTheyMean) {
  EXPECT_EQ(markdown_html("&#65; &#x20AC; &amp; &eacute;"), "<p>A € &amp; &amp;eacute;</p>");
  EXPECT_EQ(markdown_html("&#xD800;"), "<p>\xEF\xBF\xBD</p>");
}

TEST(Markdown, DeepNestingAndBadBytesAreNoTrouble) {
  EXPECT_FALSE(markdown_html(std::string(5000, '>')).empty());
  EXPECT_FALSE(markdown_html(std::string(5000, '[')).empty());
  EXPECT_EQ(markdown_html("\xFF<"), "<p>\xFF&lt;</p>");
  EXPECT_EQ(markdown_html(""), "");
}

TEST(MarkdownWords, GivesTheWordsOfAWholeTextInOneLine) {
  EXPECT_EQ(markdown_words("# Kop\n\nEen **vet** [plan](https://a.nl)\n\n- een\n- twee", 100),
            "Kop Een vet plan een twee");
}

TEST(MarkdownWords, CutsBetweenWordsAndCountsCharacters) {
  EXPECT_EQ(markdown_words("één twee drie vier", 10), "één twee…");
  EXPECT_EQ(markdown_words("één twee", 8), "één twee");
  EXPECT_EQ(markdown_words("aaaaaaaaaaaaaaaa", 4), "aaaa…");
}

}  // namespace
}  // namespace meent::api
