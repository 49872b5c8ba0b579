#include "api/pages/forms.h"

#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "api/frames.h"

namespace meent::api::pages {

using namespace domain;
using std::chrono::seconds;

namespace {

constexpr std::size_t longest_form_key = 64;
constexpr seconds after_lifetime{120};
constexpr seconds notice_lifetime{60};

std::string with_plain_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r') {
      out += '\n';
      if (at + 1 < text.size() && text[at + 1] == '\n') ++at;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string key_for(const Visit& visit, const Form& form) {
  const auto& key = form["key"];
  if (key.empty() || key.size() > longest_form_key) return to_hex(draw_id_bytes());
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  const auto& body = visit.request.body;
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), hash.data());
  return "form:" + key + ":" + base64url({reinterpret_cast<const char*>(hash.data()), 18});
}

/// Browsers say where a form stands; what says nothing is no browser, and has no cookie to steal.
bool is_from_here(const Request& request) {
  const auto origin = request.header("origin");
  if (!origin) return true;
  const auto host = request.header("host").value_or("");
  return origin->ends_with(host) &&
         (*origin == "http://" + std::string(host) || *origin == "https://" + std::string(host));
}

Problem expired(const Visit& visit) {
  return {&problems::not_allowed,
          {},
          {{"csrf", "form-expired", visit.texts("refused.form_expired")}},
          {}};
}

}  // namespace

std::expected<Form, std::string> Form::read(const Request& request) {
  auto fields = parse_form(request.body);
  if (!fields) return std::unexpected(fields.error());
  Form form;
  for (auto& [name, value] : *fields) {
    form.values_.emplace_back(std::move(name), with_plain_line_ends(value));
  }
  return form;
}

const std::string& Form::operator[](std::string_view name) const {
  static const std::string none;
  const auto found =
      std::ranges::find(values_, name, [](const auto& field) { return field.first; });
  return found == values_.end() ? none : found->second;
}

std::string Form::written() const {
  std::string out;
  for (const auto& [name, value] : values_) {
    const bool is_written =
        name == "title" || name == "body" || name == "reason" || name.starts_with("form.");
    if (!is_written || value.empty()) continue;
    out += (out.empty() ? "" : "\n\n") + value;
  }
  return out;
}

bool is_own_form(const Visit& visit, const Form& form) {
  const auto& sent = form["csrf"];
  const auto seal = visit.form_seal();
  return is_from_here(visit.request) && !seal.empty() && sent.size() == seal.size() &&
         sodium_memcmp(sent.data(), seal.data(), seal.size()) == 0;
}

Response go_to(const Visit& visit, const Sent& sent, const eventstore::Accepted& accepted) {
  auto response = Response::see_other(sent.location);
  const Place place{accepted.last_position, prefix_of(accepted.record_hash), {}, {}};
  const auto token = seal(visit.site.node.keys, visit.platform.id,
                          visit.platform.record.platform_key, Seal::token, place);
  response.headers.add("Set-Cookie", cookie_line(visit, after_cookie, token, after_lifetime));
  if (!sent.notice.empty()) {
    response.headers.add("Set-Cookie",
                         cookie_line(visit, notice_cookie, sent.notice, notice_lifetime));
  }
  return response;
}

Response shown(const Visit& visit, PageAnswer made, const Problem& otherwise,
               std::string_view kept) {
  if (!made) return show_problem(visit, otherwise, kept);
  return show(visit, std::move(*made));
}

Handler form(std::shared_ptr<const Site> site,
             std::function<FormAnswer(const std::shared_ptr<Visit>&, const Form&)> make) {
  return [site = std::move(site), make = std::move(make)](const Request& request, Respond respond) {
    const auto found = Visit::find(*site, request);
    if (!found) return respond(found.error());
    const auto& visit = *found;
    const auto read = Form::read(request);
    if (!read) {
      return respond(
          show_problem(*visit, Problem{&problems::malformed_body, read.error(), {}, {}}));
    }
    const auto refuse = [&](const Problem& problem) {
      respond(show_problem(*visit, problem, read->written()));
    };
    if (!visit->viewer().person) {
      return refuse(Problem{&problems::not_signed_in, {}, {}, {}});
    }
    if (!is_own_form(*visit, *read)) return refuse(expired(*visit));
    auto act = make(visit, *read);
    if (!act) return refuse(act.error());
    perform(site->node.sequencer,
            Act{.platform = visit->platform.id,
                .command = std::move(act->command),
                .requester = visit->requester,
                .occurred_at = {},
                .import_progress = {},
                .idempotency_key = key_for(*visit, *read),
                .request = request_bytes(request),
                .after = request.least_applied},
            [visit, kept = read->written(), done = std::move(act->done),
             refused = std::move(act->refused),
             shared = std::make_shared<Respond>(std::move(respond))](ActResult result) {
              if (result) return (*shared)(go_to(*visit, done(*result), *result));
              const auto& problem = result.error();
              // Only the rules' own answers are shown in the form again.
              const bool is_of_the_rules = problem.type->status < 500;
              (*shared)(refused&& is_of_the_rules ? refused(problem)
                                                  : show_problem(*visit, problem, kept));
            });
  };
}

}  // namespace meent::api::pages
