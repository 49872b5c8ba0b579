#include "api/frames.h"

/// Pieces of Operation rows that many routes share.
namespace meent::api {

namespace {

std::string one_of(std::initializer_list<std::string_view> words) {
  std::string out = R"({"type":"string","enum":[)";
  for (const auto word : words) {
    if (out.back() != '[') out += ',';
    out += '"' + std::string(word) + '"';
  }
  return out + "]}";
}

}  // namespace

Operation operation(std::string tag, std::string id, std::string summary, std::string guard) {
  Operation out;
  out.id = std::move(id);
  out.summary = std::move(summary);
  out.tag = std::move(tag);
  out.guard = std::move(guard);
  out.parameters = {platform_parameter()};
  return out;
}

Operation directory_operation(std::string id, std::string summary) {
  auto out = operation("service", std::move(id), std::move(summary), "may_act(found)");
  out.needs_token = true;
  out.parameters.clear();
  out.problem_statuses = {401, 403};
  return out;
}

Parameter platform_parameter() {
  return {.name = "platform",
          .place = ParameterPlace::path,
          .description = "Id or slug of the platform.",
          .schema = R"({"type":"string","minLength":1,"maxLength":64})",
          .is_required = true,
          .example = R"("overijssel")"};
}

Parameter id_parameter(std::string name, std::string description) {
  return {.name = std::move(name),
          .place = ParameterPlace::path,
          .description = std::move(description),
          .schema = schema_ref("Id"),
          .is_required = true,
          .example = R"("0f8fad5bd9cb469fa16570867728950e")"};
}

Parameter meent_after_parameter() {
  return {.name = "Meent-After",
          .place = ParameterPlace::header,
          .description = "A token from an accepted command: the answer is at least that fresh.",
          .schema = R"({"type":"string","maxLength":400})",
          .is_required = false,
          .example = ""};
}

Parameter person_parameter() {
  return {.name = "person",
          .place = ParameterPlace::query,
          .description = "Whom it is for; a token that acts for others must say it.",
          .schema = schema_ref("Id"),
          .is_required = false,
          .example = ""};
}

Parameter idempotency_parameter() {
  return {.name = "Idempotency-Key",
          .place = ParameterPlace::header,
          .description =
              "Drawn by the client for one act. A repeat with the same key and the same request "
              "gets the first answer and changes nothing; without a key a repeat is a new act.",
          .schema = R"({"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]+$"})",
          .is_required = false,
          .example = R"("5b1f3a52-7c0e-4f5e-9e43-4b9f0f2f6a10")"};
}

Parameter if_match_parameter() {
  return {.name = "If-Match",
          .place = ParameterPlace::header,
          .description = "The ETag of what you read; its revision must still be the current one.",
          .schema = R"({"type":"string","maxLength":200})",
          .is_required = true,
          .example = R"("\"r1-\"")"};
}

Parameter limit_parameter(std::size_t otherwise, std::size_t most) {
  return {.name = "limit",
          .place = ParameterPlace::query,
          .description = "Most items in this page.",
          .schema = R"({"type":"integer","minimum":1,"maximum":)" + std::to_string(most) +
                    R"(,"default":)" + std::to_string(otherwise) + "}",
          .is_required = false,
          .example = ""};
}

Parameter cursor_parameter() {
  return {.name = "cursor",
          .place = ParameterPlace::query,
          .description = "`next` of the page before this one.",
          .schema = R"({"type":"string","maxLength":2048})",
          .is_required = false,
          .example = ""};
}

Parameter word_parameter(std::string name, std::string description,
                         std::initializer_list<std::string_view> words) {
  return {.name = std::move(name),
          .place = ParameterPlace::query,
          .description = std::move(description),
          .schema = one_of(words),
          .is_required = false,
          .example = ""};
}

RequestBody json_request(std::string_view schema_name, std::string example) {
  return {.media_types = {"application/json"},
          .schema = schema_ref(schema_name),
          .example = std::move(example),
          .is_required = true};
}

OperationResponse json_answer(unsigned status, std::string description,
                              std::string_view schema_name) {
  OperationResponse answer;
  answer.status = status;
  answer.description = std::move(description);
  answer.schema = schema_ref(schema_name);
  return answer;
}

void add_shared_schemas(Router& router) {
  router.schema("Id", R"({"type":"string","pattern":"^[0-9a-fA-F]{32}$",
      "description":"128 opaque bits as 32 hexadecimal digits; never reused."})");
  router.schema("Time", R"({"type":"string","format":"date-time"})");
  router.schema("Token", R"({"type":"string",
      "description":"Send it as Meent-After to read at least this fresh."})");
  router.schema("Next", R"({"type":["string","null"],
      "description":"Pass as `cursor` for the next page; null: this was the last."})");
  router.schema("Standing", R"({"type":"string","enum":["open","closed","hidden","withdrawn"]})");
  router.schema("Stance", R"({"type":"string","enum":["agree","pass","disagree"]})");
  router.schema("Language", R"({"type":"string","minLength":2,"maxLength":35,"pattern":)"
                            R"("^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?)"
                            R"((-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$",
      "description":"BCP 47 tag."})");
  router.schema("Person", R"({"type":"object","required":["id","name"],"properties":{
      "id":{"$ref":"#/components/schemas/Id"},
      "name":{"type":["string","null"],"description":"null: unnamed, or forgotten."}}})");
  router.schema("Counts", R"({"type":"object","required":["agree","pass","disagree"],"properties":{
      "agree":{"type":"integer","minimum":0},"pass":{"type":"integer","minimum":0},
      "disagree":{"type":"integer","minimum":0}}})");
  router.schema("Accepted", R"({"type":"object","required":["token","recorded_at"],"properties":{
      "id":{"$ref":"#/components/schemas/Id"},
      "revision":{"type":"integer","minimum":1},
      "token":{"$ref":"#/components/schemas/Token"},
      "recorded_at":{"$ref":"#/components/schemas/Time"}}})");
}

}  // namespace meent::api
