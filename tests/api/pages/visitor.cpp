#include "tests/api/pages/visitor.h"

#include <gtest/gtest.h>

#include "api/pages/visit.h"

namespace meent::api::pages {

namespace {

std::string with_entities_replaced(std::string text) {
  for (const auto& [entity, letter] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}}) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, entity.size(), letter);
    }
  }
  return text;
}

}  // namespace

Visitor::Visitor(RunningNode& node, const std::string& token) : node_(node) {
  if (!token.empty()) cookies_[std::string(session_cookie)] = token;
}

Headers Visitor::with_cookies(Headers headers) const {
  std::string line;
  for (const auto& [name, value] : cookies_) {
    line += (line.empty() ? "" : "; ") + name + "=" + value;
  }
  if (!line.empty()) headers.add("Cookie", line);
  headers.add("Host", "meent.example");
  return headers;
}

void Visitor::keep_cookies(const Told& told) {
  for (std::size_t at = 0; at < told.headers.count(); ++at) {
    const auto [name, value] = told.headers.at(at);
    if (name != "Set-Cookie") continue;
    const auto end_of_name = value.find('=');
    const auto end = value.find(';');
    const std::string key(value.substr(0, end_of_name));
    if (value.find("Max-Age=0") != std::string_view::npos) {
      cookies_.erase(key);
    } else {
      cookies_[key] = value.substr(end_of_name + 1, end - end_of_name - 1);
    }
  }
}

Told Visitor::get(const std::string& path) {
  auto told = node_.ask({.target = path.substr(0, path.find('#')), .headers = with_cookies({})});
  keep_cookies(told);
  return told;
}

Told Visitor::post(const std::string& action,
                   const std::vector<std::pair<std::string, std::string>>& fields,
                   Headers headers) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += (body.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  auto told = node_.ask({.method = "POST",
                         .target = action,
                         .body = body,
                         .headers = with_cookies(std::move(headers)),
                         .content_type = "application/x-www-form-urlencoded"});
  keep_cookies(told);
  return told;
}

Told Visitor::send(const std::string& page, const std::string& action,
                   std::vector<std::pair<std::string, std::string>> fields) {
  const auto shown = get(page);
  auto all = hidden_fields(shown.body, action);
  EXPECT_FALSE(all.empty()) << page << " has no form that goes to " << action;
  all.insert(all.end(), fields.begin(), fields.end());
  return post(action, all);
}

Told Visitor::follow(const Told& told) {
  EXPECT_EQ(told.status, 303U) << told.body;
  return get(told.header("location"));
}

bool holds(const Told& told, const std::string& text) {
  return told.body.find(text) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::vector<std::string> attributes(const std::string& html, const std::string& name) {
  std::vector<std::string> out;
  const std::string mark = " " + name + "=\"";
  for (auto at = html.find(mark); at != std::string::npos; at = html.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    out.push_back(with_entities_replaced(html.substr(begin, html.find('"', begin) - begin)));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> hidden_fields(const std::string& html,
                                                               const std::string& action) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto begin = html.find("action=\"" + action + "\"");
  if (begin == std::string::npos) return out;
  const auto form = html.substr(begin, html.find("</form>", begin) - begin);
  const std::string mark = "<input type=\"hidden\"";
  for (auto at = form.find(mark); at != std::string::npos; at = form.find(mark, at + 1)) {
    const auto input = form.substr(at, form.find('>', at) - at);
    out.emplace_back(attributes(input, "name").front(), attributes(input, "value").front());
  }
  return out;
}

}  // namespace meent::api::pages
