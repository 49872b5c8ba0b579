#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <kainjow/mustache.hpp>

/// Private to api/pages: brings in Mustache.
namespace meent::api::pages {

using Values = kainjow::mustache::data;

/// The interface's words in one language. Source: web/text/<language>.json, keys to texts.
class Texts {
 public:
  /// Throws std::runtime_error when it is not a JSON object of strings.
  Texts(std::string language, std::string_view json);

  /// Aborts on a key that does not exist: a broken invariant, the tests ask for every key.
  [[nodiscard]] const std::string& operator()(std::string_view key) const;
  /// With `{name}` replaced by its value.
  [[nodiscard]] std::string operator()(
      std::string_view key,
      std::initializer_list<std::pair<std::string_view, std::string_view>> values) const;
  /// `key.one` or `key.other` with {n}: "1 reactie", "1.204 reacties".
  [[nodiscard]] std::string count(std::string_view key, std::uint64_t n) const;
  [[nodiscard]] std::string number(std::uint64_t n) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const std::string& language() const { return language_; }
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const {
    return texts_;
  }

 private:
  std::string language_;
  std::map<std::string, std::string, std::less<>> texts_;
};

/// Every page of web/templates in every language, composed and parsed once. In a template,
/// `{{> name}}` takes in templates/name.mustache and `[[key]]` a text, both when it is loaded;
/// line ends are layout of the source and do not reach the page.
/// Threads: any, once loaded.
class Templates {
 public:
  using Source = std::function<std::string(std::string_view path)>;  ///< web_file, or a test's

  /// Throws std::runtime_error: a tag that is not closed, a text or template that is not there.
  Templates(const Source& source, const std::vector<std::string>& pages);
  ~Templates();
  Templates(const Templates&) = delete;
  Templates& operator=(const Templates&) = delete;

  /// The whole page: layout around it. `language`: what has no texts gets English.
  [[nodiscard]] std::string render(std::string_view page, std::string_view language,
                                   const Values& values) const;
  [[nodiscard]] const Texts& texts(std::string_view language) const;

 private:
  struct Edition;  // one language
  [[nodiscard]] const Edition& edition(std::string_view language) const;
  std::vector<std::unique_ptr<Edition>> editions_;
};

/// The pages there are: names of templates that stand in the layout.
const std::vector<std::string>& page_names();

}  // namespace meent::api::pages
