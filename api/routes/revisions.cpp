#include "api/routes/revisions.h"

namespace meent::api {
namespace {

constexpr std::size_t most_revisions = 100;

}  // namespace

std::expected<RevisionsAsked, Problem> revisions_asked(const Request& request) {
  const auto limit = limit_of(request, 20, most_revisions);
  if (!limit) return std::unexpected(limit.error());
  RevisionsAsked asked{.before = {}, .limit = *limit};
  if (!request.query_value("before")) return asked;
  const auto before = request.query_number("before", 1, UINT32_MAX);
  if (!before) {
    return std::unexpected(invalid_parameter("query.before", "This must be a revision number."));
  }
  asked.before = static_cast<std::uint32_t>(*before);
  return asked;
}

Operation revisions_operation(std::string tag, std::string id, std::string guard, Parameter item) {
  auto out =
      operation(std::move(tag), std::move(id), "Earlier texts, newest first", std::move(guard));
  out.parameters.insert(out.parameters.end(),
                        {std::move(item),
                         {.name = "before",
                          .place = ParameterPlace::query,
                          .description = "`next` of the page before this one.",
                          .schema = R"({"type":"integer","minimum":1,"maximum":4294967295})",
                          .is_required = false,
                          .example = ""},
                         limit_parameter(20, most_revisions),
                         meent_after_parameter()});
  out.responses = {json_answer(200, "A page of revisions.", "RevisionPage")};
  out.problem_statuses = {401, 410, 503};
  return out;
}

void add_revisions_schema(Router& router) {
  router.schema("RevisionPage", R"({"type":"object","required":["items","next"],"properties":{
    "items":{"type":"array","items":{"type":"object",
      "required":["revision","title","body","written_at"],"properties":{
      "revision":{"type":"integer"},"title":{"type":["string","null"]},
      "body":{"type":["string","null"]},"written_at":{"$ref":"#/components/schemas/Time"}}}},
    "next":{"type":["integer","null"],"description":"Pass as `before`."}}})");
}

}  // namespace meent::api
