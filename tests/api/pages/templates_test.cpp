#include "api/pages/templates.h"

#include <stdexcept>
#include <gtest/gtest.h>

#include "api/pages/web_files.h"

namespace meent::api::pages {
namespace {

/// A house of templates made for one test.
Templates::Source source_of(std::map<std::string, std::string> files) {
  return [files = std::move(files)](std::string_view path) {
    const auto found = files.find(std::string(path));
    if (found == files.end()) throw std::runtime_error("no file " + std::string(path));
    return found->second;
  };
}

TEST(Templates, EveryPageOfThisHouseLoadsInEveryLanguage) {
  const Templates templates(web_file, page_names());
  for (const auto& page : page_names()) {
    for (const auto* language : {"nl", "en"}) {
      EXPECT_TRUE(templates.render(page, language, Values{}).starts_with("<!doctype html>"))
          << page << " " << language;
    }
  }
}

TEST(Templates, DutchAndEnglishHaveTheSameTexts) {
  const Templates templates(web_file, {});
  for (const auto& [key, text] : templates.texts("nl").all()) {
    EXPECT_TRUE(templates.texts("en").has(key)) << key;
  }
  EXPECT_EQ(templates.texts("nl").all().size(), templates.texts("en").all().size());
}

TEST(Templates, TextsPartsAndLayoutAreOnePage) {
  const Templates templates(source_of({{"text/nl.json", R"({"hi": "Dag <jij>"})"},
                                       {"text/en.json", R"({"hi": "Hello <you>"})"},
                                       {"templates/layout.mustache", "<b>\n{{> page}}</b>\n"},
                                       {"templates/one.mustache", "[[hi]] {{> part}}\n"},
                                       {"templates/part.mustache", "{{name}}"}}),
                            {"one"});
  Values values;
  values["name"] = "<Piet>";
  EXPECT_EQ(templates.render("one", "nl", values), "<b>Dag &lt;jij&gt; &lt;Piet&gt;</b>");
  EXPECT_EQ(templates.render("one", "nl-BE", values), "<b>Dag &lt;jij&gt; &lt;Piet&gt;</b>");
  EXPECT_EQ(templates.render("one", "fr", values), "<b>Hello &lt;you&gt; &lt;Piet&gt;</b>");
}

TEST(Templates, AFaultIsFoundWhenLoadingAndNamed) {
  const auto load = [](const std::string& page) {
    const Templates templates(source_of({{"text/nl.json", "{}"},
                                         {"text/en.json", "{}"},
                                         {"templates/layout.mustache", "{{> page}}"},
                                         {"templates/one.mustache", page}}),
                              {"one"});
  };
  EXPECT_NO_THROW(load("fine"));
  for (const auto* wrong : {"[[missing]]", "{{> missing}}", "{{#open}}", "{{> one}}",
                            "[[not closed", "{{/never_opened}}"}) {
    EXPECT_THROW(load(wrong), std::runtime_error) << wrong;
  }
}

TEST(Templates, ValuesOfATextAreFilledInAndOthersStay) {
  const Texts texts("nl", R"({"closes": "Open tot {date}, {never}"})");
  EXPECT_EQ(texts("closes", {{"date", "1 mei"}}), "Open tot 1 mei, {never}");
}

TEST(WebFiles, TheStylesheetIsSmallEnoughForASlowPhone) {
  EXPECT_LT(web_file("style/meent.css").size(), 25'000U);
}

}  // namespace
}  // namespace meent::api::pages
