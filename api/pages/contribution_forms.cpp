#include <algorithm>

#include "api/frames.h"
#include "api/pages/drafts.h"
#include "api/pages/routes.h"
#include "api/pages/rows.h"
#include "api/routes/routes.h"

namespace meent::api::pages {

using namespace domain;
using projections::ContributionRow;

namespace {

std::expected<ContributionRow, Problem> row_asked(const Visit& visit) {
  const auto id = ContributionId::parse(visit.request.path_parameter("contribution"));
  const auto feed = serving(visit.site.node.tables.feed);
  if (!feed) return std::unexpected(feed.error());
  auto row = id ? (*feed)->contribution(visit.platform.id, *id, visit.viewer()) : std::nullopt;
  if (!row) return std::unexpected(not_found());
  return std::move(*row);
}

// ---- placing

struct Placing {
  SpaceId space;
  const SpaceRecord* record = nullptr;
  const Kind* kind = nullptr;
};

std::expected<Placing, Problem> placing_asked(const Visit& visit) {
  const auto id = space_named(visit, visit.request.path_parameter("space"));
  const auto* record = id ? visit.space(*id) : nullptr;
  const auto* kind = visit.kind(visit.request.path_parameter("kind"));
  if (record == nullptr || kind == nullptr ||
      std::ranges::find(record->description.kinds, kind->name) == record->description.kinds.end()) {
    return std::unexpected(not_found());
  }
  return Placing{*id, record, kind};
}

Page placing_page(const Visit& visit, const Placing& placing, const Draft& draft,
                  const std::optional<Problem>& problem) {
  const std::string key = "place." + placing.kind->name;
  return draft_page(visit, draft,
                    {.kind = *placing.kind,
                     .space = placing.space,
                     .action = visit.href(placing.space) + "/new/" + placing.kind->name,
                     .heading = visit.texts.has(key)
                                    ? visit.texts(key)
                                    : visit.texts("place.other", {{"kind", placing.kind->label}}),
                     .button = visit.texts("form.place"),
                     .back = visit.href(placing.space),
                     .back_label = placing.record->description.title,
                     .problem = problem,
                     .conflict = {}});
}

PageAnswer new_page(const Visit& visit) {
  const auto placing = placing_asked(visit);
  if (!placing) return std::unexpected(placing.error());
  const auto& me = visit.viewer().person;
  if (!me) return std::unexpected(Problem{&problems::not_signed_in, {}, {}, {}});
  if (!visit.may(Capability::place, {.concerned = me, .author = me})) {
    return std::unexpected(Problem{&problems::not_allowed, {}, {}, {}});
  }
  Draft draft;
  draft.language = visit.platform.record.language;
  return placing_page(visit, *placing, draft, {});
}

FormAnswer place(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto placing = placing_asked(*visit);
  if (!placing) return std::unexpected(placing.error());
  auto draft = draft_from(*visit, form);
  PlaceContribution command{.contribution = draw_id<ContributionId>(),
                            .space = placing->space,
                            .kind = placing->kind->name,
                            .author = *visit->viewer().person,
                            .text = text_of(draft, *placing->kind),
                            .external_id = {}};
  return FormAct{.command = ContributionCommand(std::move(command)),
                 .done =
                     [visit](const eventstore::Accepted& accepted) {
                       const auto* placed = first_event<ContributionPlaced>(accepted);
                       return Sent{visit->href(placed->contribution), "placed"};
                     },
                 .refused =
                     [visit, placing = *placing, draft = std::move(draft)](const Problem& problem) {
                       return show(*visit, placing_page(*visit, placing, draft, problem));
                     }};
}

// ---- revising

Page revising_page(const Visit& visit, const ContributionRow& row, const Kind& kind,
                   const Draft& draft, const std::optional<Problem>& problem) {
  const bool conflicts = problem && problem->type == &problems::precondition_failed;
  const auto href = visit.href(row.contribution);
  return draft_page(visit, draft,
                    {.kind = kind,
                     .space = row.space,
                     .action = href + "/edit",
                     .heading = visit.texts("form.edit_title"),
                     .button = visit.texts("form.save"),
                     .back = href,
                     .back_label = heading_of(visit, row).title,
                     .problem = problem,
                     .conflict = conflicts ? std::optional(row) : std::nullopt});
}

PageAnswer edit_page(const Visit& visit) {
  const auto row = row_asked(visit);
  if (!row) return std::unexpected(row.error());
  const auto* kind = visit.kind(row->kind);
  if (kind == nullptr) return std::unexpected(not_found());
  const auto& me = visit.viewer().person;
  if (!me) return std::unexpected(Problem{&problems::not_signed_in, {}, {}, {}});
  if (!row->readable ||
      !visit.may(Capability::place, {.concerned = row->author, .author = row->author})) {
    return std::unexpected(Problem{&problems::not_allowed, {}, {}, {}});
  }
  return revising_page(visit, *row, *kind, draft_from(visit, *row), {});
}

FormAnswer revise(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto row = row_asked(*visit);
  if (!row) return std::unexpected(row.error());
  const auto* kind = visit->kind(row->kind);
  if (kind == nullptr) return std::unexpected(not_found());
  auto draft = draft_from(*visit, form);
  ReviseContribution command{row->contribution, draft.revision, text_of(draft, *kind)};
  return FormAct{
      .command = ContributionCommand(std::move(command)),
      .done = [visit, id = row->contribution](
                  const eventstore::Accepted&) { return Sent{visit->href(id), "revised"}; },
      .refused =
          [visit, kind, draft = std::move(draft)](const Problem& problem) mutable {
            const auto now = row_asked(*visit);
            if (!now) return show_problem(*visit, problem, draft.body);
            // Saved again, it replaces what the writer has now seen.
            if (problem.type == &problems::precondition_failed) draft.revision = now->revision;
            return show(*visit, revising_page(*visit, *now, *kind, draft, problem));
          }};
}

// ---- what needs no text

FormAnswer simple(const std::shared_ptr<Visit>& visit, std::string notice,
                  const std::function<Command(ContributionId)>& command) {
  const auto id = ContributionId::parse(visit->request.path_parameter("contribution"));
  if (!id) return std::unexpected(not_found());
  return FormAct{.command = command(*id),
                 .done = [visit, id = *id, notice = std::move(notice)](
                             const eventstore::Accepted&) { return Sent{visit->href(id), notice}; },
                 .refused = {}};
}

FormAnswer support(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto id = ContributionId::parse(visit->request.path_parameter("contribution"));
  if (!id) return std::unexpected(not_found());
  const auto& word = form["stance"];
  const auto person = *visit->viewer().person;
  std::optional<SupportCommand> command;
  if (word == "agree") command = GiveSupport{*id, person, Stance::agree};
  if (word == "pass") command = GiveSupport{*id, person, Stance::pass};
  if (word == "disagree") command = GiveSupport{*id, person, Stance::disagree};
  if (word == "none") command = WithdrawSupport{*id, person};
  if (!command) return std::unexpected(Problem{&problems::invalid_fields, {}, {}, {}});
  const std::string notice = word == "none" ? "unsupported" : "supported";
  return FormAct{.command = *command,
                 .done =
                     [visit, id = *id, notice](const eventstore::Accepted&) {
                       return Sent{visit->href(id) + "#support", notice};
                     },
                 .refused = {}};
}

}  // namespace

void add_contribution_forms(Router& router, const std::shared_ptr<const Site>& site) {
  const std::string place_path = "/p/{platform}/s/{space}/new/{kind}";
  const std::string one = "/p/{platform}/c/{contribution}";
  router.add(page_route(Method::get, place_path, "pagePlace", "may_act(place)",
                        page(site, {"tally"}, new_page)));
  router.add(
      page_route(Method::post, place_path, "formPlace", "may_act(place)", form(site, place)));
  router.add(page_route(Method::get, one + "/edit", "pageRevise", "may_act(place)",
                        page(site, {"feed"}, edit_page)));
  router.add(
      page_route(Method::post, one + "/edit", "formRevise", "may_act(place)", form(site, revise)));
  router.add(page_route(Method::post, one + "/support", "formSupport", "may_act(support)",
                        form(site, support)));
  const auto add_simple = [&](const std::string& verb, const std::string& id,
                              const std::string& guard, const std::string& notice,
                              std::function<Command(ContributionId)> command) {
    router.add(page_route(Method::post, one + "/" + verb, id, guard,
                          form(site, [notice, command = std::move(command)](
                                         const std::shared_ptr<Visit>& visit, const Form&) {
                            return simple(visit, notice, command);
                          })));
  };
  add_simple("withdraw", "formWithdraw", "may_act(place)", "withdrawn",
             [](ContributionId id) { return ContributionCommand(WithdrawContribution{id}); });
  add_simple("close", "formClose", "may_act(conclude)", "closed",
             [](ContributionId id) { return ContributionCommand(CloseContribution{id}); });
  add_simple("reopen", "formReopen", "may_act(conclude)", "reopened",
             [](ContributionId id) { return ContributionCommand(ReopenContribution{id}); });
}

}  // namespace meent::api::pages
