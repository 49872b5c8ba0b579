#include "api/exchange/importer.h"

#include <mutex>
#include <set>
#include <nlohmann/json.hpp>

#include "api/json_writer.h"
#include "api/shapes.h"
#include "domain/result.h"

namespace meent::api {

using namespace domain;
using nlohmann::json;

namespace {

constexpr std::size_t most_refusals = 20;

std::string reason_of(const ApiAnswer& answer) {
  const auto problem = json::parse(answer.body, nullptr, false);
  if (problem.is_discarded() || !problem.is_object()) {
    return "status " + std::to_string(answer.status);
  }
  auto text = problem.value("title", "");
  if (const auto detail = problem.value("detail", ""); !detail.empty()) text += ": " + detail;
  for (const auto& error : problem.value("errors", json::array())) {
    text += " [" + error.value("field", "") + ": " + error.value("detail", "") + "]";
  }
  return text;
}

ApiAnswer expect_good(ApiAnswer answer, const std::string& what) {
  if (!answer.is_good()) throw CallFailed(what + ": " + reason_of(answer));
  return answer;
}

std::set<std::string> kinds_of(const ImportSource& source) {
  std::set<std::string> kinds{source.kind};
  for (const auto& row : source.rows) {
    const auto* contribution = std::get_if<ImportedContribution>(&row);
    if (contribution != nullptr) kinds.insert(contribution->kind);
  }
  return kinds;
}

class Import {
 public:
  Import(ApiCaller& caller, const ImportSource& source, const ImportTarget& target)
      : caller_(caller), source_(source), target_(target) {}

  ImportReport run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    platform_ = ensure_platform();
    base_ = "/api/v1/platforms/" + platform_;
    space_ = ensure_space();
    digest_ = to_hex(digest_of({source_.digest.text(), platform_, space_}));
    report_.row_count = source_.rows.size();
    report_.done_before = rows_done();
    for (auto row = report_.done_before; row < source_.rows.size(); ++row) {
      send(row);
      if (progress) progress(row + 1, source_.rows.size());
    }
    caller_.wait_for_all();
    const std::lock_guard lock(mutex_);
    if (!broken_.empty()) throw CallFailed(broken_);
    return report_;
  }

 private:
  std::string ensure_platform() {
    auto found = caller_.call({.method = Method::get,
                               .path = "/api/v1/platforms/" + target_.platform,
                               .body = {},
                               .headers = {}});
    if (found.status == 404) {
      JsonWriter body;
      body.open_object()
          .field("slug", target_.platform)
          .field("name", target_.platform_name)
          .field("language", target_.language)
          .close_object();
      found = caller_.call({.method = Method::post,
                            .path = "/api/v1/platforms",
                            .body = body.take(),
                            .headers = {{"Idempotency-Key", "import/" + target_.platform}}});
    }
    return json::parse(expect_good(found, "platform " + target_.platform).body).at("id");
  }

  std::string ensure_space() {
    for (std::string cursor;;) {
      const auto answer = expect_good(caller_.call({.method = Method::get,
                                                    .path = base_ + "/spaces?limit=100" + cursor,
                                                    .body = {},
                                                    .headers = {}}),
                                      "spaces");
      const auto page = json::parse(answer.body);
      for (const auto& space : page.at("items")) {
        if (space.at("slug") == target_.space) return space.at("id");
      }
      if (page.at("next").is_null()) break;
      cursor = "&cursor=" + page.at("next").get<std::string>();
    }
    JsonWriter body;
    body.open_object().field("slug", target_.space).field("title", target_.space_title);
    body.open_array("kinds");
    for (const auto& kind : kinds_of(source_)) body.element(kind);
    body.close_array().close_object();
    const auto made = caller_.call({.method = Method::post,
                                    .path = base_ + "/spaces",
                                    .body = body.take(),
                                    .headers = {{"Idempotency-Key", "import/" + target_.space}}});
    return json::parse(expect_good(made, "space " + target_.space).body).at("id");
  }

  std::uint64_t rows_done() {
    const auto answer = expect_good(caller_.call({.method = Method::get,
                                                  .path = base_ + "/imports/" + digest_,
                                                  .body = {},
                                                  .headers = {}}),
                                    "progress");
    return json::parse(answer.body).at("rows");
  }

  std::string id_of(std::string_view what, const std::string& id) const {
    return to_hex(digest_of({what, digest_, id}));
  }

  void send(std::uint64_t row) {
    auto request = std::visit([&](const auto& one) { return request_for(one); }, source_.rows[row]);
    request.headers = {{"Idempotency-Key", digest_ + "/" + std::to_string(row)},
                       {"Meent-Import", digest_ + ";rows=" + std::to_string(row + 1)}};
    {
      const std::lock_guard lock(mutex_);
      if (!broken_.empty()) throw CallFailed(broken_);
    }
    caller_.send(std::move(request), [this, row](ApiAnswer answer) { note(row, answer); });
  }

  void note(std::uint64_t row, const ApiAnswer& answer) {
    const std::lock_guard lock(mutex_);
    if (answer.is_good()) {
      ++report_.accepted;
    } else if (answer.status >= 500 || answer.status == 401 || answer.status == 429) {
      broken_ = "row " + std::to_string(row + 1) + ": " + reason_of(answer) +
                ". Nothing is lost: run the same command again to go on from there.";
    } else {
      ++report_.refused;
      if (report_.refusals.size() < most_refusals) {
        report_.refusals.push_back("row " + std::to_string(row + 1) + ": " + reason_of(answer));
      }
    }
  }

  ApiRequest request_for(const ImportedPerson& person) const {
    JsonWriter body;
    body.open_object()
        .field("id", id_of("person", person.id))
        .field("name", person.name)
        .field("external_id", person.id)
        .close_object();
    return {.method = Method::post, .path = base_ + "/people", .body = body.take(), .headers = {}};
  }

  ApiRequest request_for(const ImportedContribution& contribution) const {
    const auto& text = contribution.text;
    JsonWriter body;
    body.open_object()
        .field("id", id_of("contribution", contribution.id))
        .field("kind", contribution.kind)
        .field("author", id_of("person", contribution.author))
        .field("title", text.title)
        .field("body", text.body)
        .field("language", text.language)
        .field("external_id", contribution.id);
    body.open_object("form");
    for (const auto& [name, value] : text.form) body.field(name, value);
    body.close_object().open_array("themes");
    for (const auto& theme : text.themes) body.element(theme);
    body.close_array();
    if (contribution.occurred_at) body.field("occurred_at", *contribution.occurred_at);
    body.close_object();
    return {.method = Method::post,
            .path = base_ + "/spaces/" + space_ + "/contributions",
            .body = body.take(),
            .headers = {}};
  }

  ApiRequest request_for(const ImportedSupport& support) const {
    JsonWriter body;
    body.open_object()
        .field("stance", word_of(support.stance))
        .field("person", id_of("person", support.person));
    if (support.occurred_at) body.field("occurred_at", *support.occurred_at);
    body.close_object();
    return {.method = Method::put,
            .path = item(support.contribution) + "/support",
            .body = body.take(),
            .headers = {}};
  }

  ApiRequest request_for(const ImportedVerdict& verdict) const {
    JsonWriter body;
    body.open_object().field("verdict", verdict.hide ? "hidden" : "accepted");
    if (verdict.hide) body.field("reason", verdict.reason);
    body.close_object();
    return {.method = Method::put,
            .path = item(verdict.contribution) + "/moderation",
            .body = body.take(),
            .headers = {}};
  }

  std::string item(const std::string& contribution) const {
    return base_ + "/contributions/" + id_of("contribution", contribution);
  }

  ApiCaller& caller_;
  const ImportSource& source_;
  const ImportTarget& target_;
  std::string platform_, base_, space_, digest_;
  std::mutex mutex_;
  ImportReport report_;
  std::string broken_;  ///< why it cannot go on
};

}  // namespace

ImportReport run_import(
    ApiCaller& caller, const ImportSource& source, const ImportTarget& target,
    const std::function<void(std::uint64_t done, std::uint64_t all)>& progress) {
  return Import(caller, source, target).run(progress);
}

}  // namespace meent::api
