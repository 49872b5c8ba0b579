#pragma once
#include <map>
#include <string>
#include <vector>

#include "tests/api/running_node.h"

/// A browser without script: keeps cookies, reads pages, fills in forms.
namespace meent::api::pages {

class Visitor {
 public:
  /// `token`: signed in as its person; empty: a guest.
  explicit Visitor(RunningNode& node, const std::string& token = {});

  Told get(const std::string& path);
  /// Opens `page`, takes the hidden fields of the form that goes to `action`, fills in `fields` and
  /// sends it. Does not follow the redirect.
  Told send(const std::string& page, const std::string& action,
            std::vector<std::pair<std::string, std::string>> fields);
  /// Sends exactly these fields.
  Told post(const std::string& action,
            const std::vector<std::pair<std::string, std::string>>& fields, Headers headers = {});
  /// Goes where a 303 says. Fails the test when it is none.
  Told follow(const Told& told);

 private:
  Headers with_cookies(Headers headers) const;
  void keep_cookies(const Told& told);

  RunningNode& node_;
  std::map<std::string, std::string> cookies_;
};

bool holds(const Told& told, const std::string& text);
std::size_t count_of(const std::string& text, const std::string& part);
/// Values of one attribute, in order, entities replaced.
std::vector<std::string> attributes(const std::string& html, const std::string& name);
/// Hidden fields of the form with this action.
std::vector<std::pair<std::string, std::string>> hidden_fields(const std::string& html,
                                                               const std::string& action);

}  // namespace meent::api::pages
