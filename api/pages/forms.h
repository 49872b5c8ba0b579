#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/commands.h"
#include "api/pages/visit.h"

/// Plain forms: how one is read, judged and answered. Private to api/pages.
namespace meent::api::pages {

/// What was sent; line ends are "\n", as texts have them everywhere else.
class Form {
 public:
  static std::expected<Form, std::string> read(const Request& request);
  /// Empty when there is no such field.
  [[nodiscard]] const std::string& operator[](std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& values() const {
    return values_;
  }
  /// Everything that was written, to be shown again when nothing else can be done with it.
  [[nodiscard]] std::string written() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Where to go after an act, and what to say there.
struct Sent {
  std::string location;
  std::string notice;  ///< "commented", or with the id of what it is about: "commented.<id>"
};

/// The act that a form asks for.
struct FormAct {
  domain::Command command;
  std::function<Sent(const eventstore::Accepted&)> done;
  /// The same page with what was typed and what is wrong; nothing: a page that says so.
  std::function<Response(const Problem&)> refused;
};
using FormAnswer = std::expected<FormAct, Problem>;

/// POST: checks who sends it and that it is theirs (SameSite cookie, Origin, the form's own seal),
/// submits the command, and answers with 303 to where the act can be seen. The form's `key` and its
/// content are the Idempotency-Key: sent twice it happens once, changed and sent again it is new.
Handler form(std::shared_ptr<const Site> site,
             std::function<FormAnswer(const std::shared_ptr<Visit>&, const Form&)> make);

/// Did this come from a form of ours, for this visitor?
bool is_own_form(const Visit& visit, const Form& form);

/// 303 with cookies: what was done (`accepted`, so that the next page shows it) and the notice.
Response go_to(const Visit& visit, const Sent& sent, const eventstore::Accepted& accepted);

/// A page made to answer a form, whatever came of making it.
Response shown(const Visit& visit, PageAnswer made, const Problem& otherwise,
               std::string_view kept);

}  // namespace meent::api::pages
