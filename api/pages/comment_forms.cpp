#include "api/frames.h"
#include "api/pages/drafts.h"
#include "api/pages/routes.h"
#include "api/routes/routes.h"

namespace meent::api::pages {

using namespace domain;

namespace {

Refusal refusal_of(const Visit& visit, const Problem& problem, const Form& form,
                   std::string_view field) {
  return {.text = form[field],
          .sentence = words_of(visit.texts, problem, longest_comment),
          .of_moderation = false,
          .of_edit = false,
          .is_conflict = problem.type == &problems::precondition_failed,
          .status = problem.type->status,
          .form_key = form["key"]};
}

FormAnswer comment(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto id = ContributionId::parse(visit->request.path_parameter("contribution"));
  if (!id) return std::unexpected(not_found());
  const auto& parent_text = form["parent"];
  const auto parent = CommentId::parse(parent_text);
  if (!parent && !parent_text.empty()) return std::unexpected(not_found());
  PlaceComment command{.comment = draw_id<CommentId>(),
                       .contribution = *id,
                       .parent = parent,
                       .author = *visit->viewer().person,
                       .body = form["body"],
                       .language = visit->platform.record.language,
                       .mentions = {}};
  return FormAct{.command = DiscussCommand(std::move(command)),
                 .done =
                     [visit](const eventstore::Accepted& accepted) {
                       const auto* placed = first_event<CommentPlaced>(accepted);
                       const auto name = placed->comment.text();
                       return Sent{visit->href(placed->contribution) + "#m-" + name,
                                   "commented." + name};
                     },
                 .refused =
                     [visit, form, id = *id, parent](const Problem& problem) {
                       const auto refusal = refusal_of(*visit, problem, form, "body");
                       auto made = parent ? comment_page(*visit, *parent, refusal)
                                          : contribution_page(*visit, id, refusal);
                       // Without a form to put it back in, what was typed stands beside.
                       const bool has_form = made && made->values.get("can_comment")->is_true();
                       if (!has_form) return show_problem(*visit, problem, form["body"]);
                       return show(*visit, std::move(*made));
                     }};
}

FormAnswer edit(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto id = CommentId::parse(visit->request.path_parameter("comment"));
  if (!id) return std::unexpected(not_found());
  const auto draft = draft_from(*visit, form);
  return FormAct{.command = DiscussCommand(EditComment{*id, draft.revision, form["body"]}),
                 .done =
                     [visit](const eventstore::Accepted& accepted) {
                       const auto* edited = first_event<CommentEdited>(accepted);
                       return Sent{visit->href(edited->comment), "revised"};
                     },
                 .refused =
                     [visit, form, id = *id](const Problem& problem) {
                       auto refusal = refusal_of(*visit, problem, form, "body");
                       refusal.of_edit = true;
                       auto made = comment_page(*visit, id, refusal);
                       const bool has_form = made && made->values.get("can_edit")->is_true();
                       if (!has_form) return show_problem(*visit, problem, form["body"]);
                       return show(*visit, std::move(*made));
                     }};
}

FormAnswer withdraw(const std::shared_ptr<Visit>& visit, const Form&) {
  const auto id = CommentId::parse(visit->request.path_parameter("comment"));
  if (!id) return std::unexpected(not_found());
  return FormAct{.command = DiscussCommand(WithdrawComment{*id}),
                 .done =
                     [visit](const eventstore::Accepted& accepted) {
                       const auto* gone = first_event<CommentWithdrawn>(accepted);
                       return Sent{visit->href(gone->contribution) + "#m-" + gone->comment.text(),
                                   "withdrawn"};
                     },
                 .refused = {}};
}

/// Accepts or hides; `item` is in the address.
FormAnswer moderate(const std::shared_ptr<Visit>& visit, const Form& form, Item item) {
  const auto& act = form["act"];
  if (act != "accept" && act != "hide") {
    return std::unexpected(Problem{&problems::invalid_fields, {}, {}, {}});
  }
  const bool hides = act == "hide";
  const auto* comment = std::get_if<CommentId>(&item);
  const auto href =
      comment != nullptr ? visit->href(*comment) : visit->href(std::get<ContributionId>(item));
  return FormAct{.command = hides ? ModerateCommand(HideItem{item, form["reason"]})
                                  : ModerateCommand(AcceptItem{item}),
                 .done =
                     [href, hides](const eventstore::Accepted&) {
                       return Sent{href, hides ? "hidden" : "accepted"};
                     },
                 .refused =
                     [visit, form, item](const Problem& problem) {
                       auto refusal = refusal_of(*visit, problem, form, "reason");
                       refusal.of_moderation = true;
                       const auto* of_comment = std::get_if<CommentId>(&item);
                       auto made =
                           of_comment != nullptr
                               ? comment_page(*visit, *of_comment, refusal)
                               : contribution_page(*visit, std::get<ContributionId>(item), refusal);
                       const bool has_form = made && made->values.get("can_moderate")->is_true();
                       if (!has_form) return show_problem(*visit, problem, form["reason"]);
                       return show(*visit, std::move(*made));
                     }};
}

FormAnswer moderate_comment(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto id = CommentId::parse(visit->request.path_parameter("comment"));
  if (!id) return std::unexpected(not_found());
  return moderate(visit, form, *id);
}

FormAnswer moderate_contribution(const std::shared_ptr<Visit>& visit, const Form& form) {
  const auto id = ContributionId::parse(visit->request.path_parameter("contribution"));
  if (!id) return std::unexpected(not_found());
  return moderate(visit, form, *id);
}

}  // namespace

void add_comment_forms(Router& router, const std::shared_ptr<const Site>& site) {
  const std::string one = "/p/{platform}/m/{comment}";
  router.add(page_route(Method::post, "/p/{platform}/c/{contribution}/comment", "formComment",
                        "may_act(discuss)", form(site, comment)));
  router.add(
      page_route(Method::post, one + "/edit", "formEdit", "may_act(discuss)", form(site, edit)));
  router.add(page_route(Method::post, one + "/withdraw", "formWithdrawComment", "may_act(discuss)",
                        form(site, withdraw)));
}

void add_moderation_forms(Router& router, const std::shared_ptr<const Site>& site) {
  router.add(page_route(Method::post, "/p/{platform}/c/{contribution}/moderate",
                        "formModerateContribution", "may_act(moderate)",
                        form(site, moderate_contribution)));
  router.add(page_route(Method::post, "/p/{platform}/m/{comment}/moderate", "formModerateComment",
                        "may_act(moderate)", form(site, moderate_comment)));
}

}  // namespace meent::api::pages
