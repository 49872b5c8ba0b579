#include <algorithm>

#include "api/pages/visit.h"

namespace meent::api::pages {

using namespace domain;

namespace {

/// The statuses that have words of their own; others speak with the nearest.
std::string told_as(unsigned status) {
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 409:
    case 503: return std::to_string(status);
    case 410:
    case 412:
    case 422: return "409";
    case 405: return "404";
    default: return status >= 500 ? "500" : "400";
  }
}

Page problem_page(const Texts& texts, const Problem& problem, const std::string& back,
                  std::string_view kept) {
  const auto status = problem.type->status;
  const std::string key = "error." + told_as(status);
  Page page("error", texts(key + ".title"), std::string());
  page.status = status;
  page.is_indexed = false;
  page.values["error_status"] = std::to_string(status);
  page.values["error_title"] = texts(key + ".title");
  page.values["error_lead"] = texts(key + ".lead");
  const bool has_words = !problem.errors.empty() || !problem.detail.empty();
  const bool is_plain = status == 404 || status == 405 || status >= 500;
  page.values["error_detail"] =
      or_false(has_words && !is_plain ? std::optional(words_of(texts, problem)) : std::nullopt);
  page.values["kept_text"] =
      or_false(kept.empty() ? std::nullopt : std::optional(std::string(kept)));
  page.values["error_back"] = back;
  return page;
}

}  // namespace

std::string words_of(const Texts& texts, const Problem& problem, std::optional<std::size_t> limit) {
  const std::string code = problem.errors.empty() ? std::string() : problem.errors.front().code;
  std::string key = "refused." + code;
  std::ranges::replace(key, '-', '_');
  if (texts.has(key)) return texts(key, {{"n", texts.number(limit.value_or(0))}});
  return texts("refused.other", {{"reason", problem.detail}});
}

Response show_problem(const Visit& visit, const Problem& problem, std::string_view kept) {
  auto response = show(visit, problem_page(visit.texts, problem, visit.home, kept));
  add_advice(response, problem);
  return response;
}

Response show_problem(const Site& site, const Request& request, const Problem& problem) {
  auto response = show(site, request, problem_page(site.templates.texts("nl"), problem, "/", {}));
  add_advice(response, problem);
  return response;
}

}  // namespace meent::api::pages
