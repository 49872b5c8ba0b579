#include "api/openapi.h"

#include <stdexcept>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace meent::api {
namespace {

using Json = nlohmann::json;

OpenApiInfo info() {
  return {.description = "A test.",
          .contact_name = "Meent",
          .contact_url = "https://meent.example",
          .tags = {{"ideas", "What people propose."}}};
}

Route place_idea() {
  Route route{.method = Method::post, .path = "/api/v1/platforms/{platform}/ideas"};
  route.handler = [](const Request&, Respond respond) { respond(Response(201)); };
  route.operation = {
      .id = "placeIdea",
      .summary = "Place an idea",
      .tag = "ideas",
      .parameters = {{.name = "Idempotency-Key",
                      .place = ParameterPlace::header,
                      .is_required = true,
                      .example = R"("k-1")"}},
      .body = {.media_types = {"application/json"}, .schema = schema_ref("NewIdea")},
      .responses = {{.status = 201,
                     .description = "Placed.",
                     .schema = schema_ref("Idea"),
                     .headers = {{.name = "Location", .description = "Its address."}}}},
      .problem_statuses = {409, 422},
      .needs_token = true,
      .guard = "may_act(idea)"};
  return route;
}

struct OpenApiTest : testing::Test {
  Router router;
  void SetUp() override {
    router.schema("NewIdea", R"({"type":"object","properties":{"title":{"type":"string"}}})");
    router.schema("Idea",
                  R"({"type":"object","properties":{"author":{"$ref":"#/components/schemas/Person"},
                              "parent":{"$ref":"#/components/schemas/Idea"}}})");
    router.schema("Person", R"({"type":"object"})");
    router.schema("Unused", R"({"type":"object"})");
  }
  std::string failure_of(Route route) {
    router.add(std::move(route));
    try {
      openapi_document(router, info());
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "no failure";
  }
};

TEST_F(OpenApiTest, DescribesARowWithEverythingThatCanComeOutOfIt) {
  router.add(place_idea());
  const Json document = Json::parse(openapi_document(router, info()));
  EXPECT_EQ(document["openapi"], "3.1.0");
  const Json& post = document["paths"]["/api/v1/platforms/{platform}/ideas"]["post"];
  EXPECT_EQ(post["operationId"], "placeIdea");
  EXPECT_EQ(post["tags"], Json::array({"ideas"}));
  EXPECT_EQ(post["parameters"][0]["name"], "platform");
  EXPECT_EQ(post["parameters"][0]["required"], true);
  EXPECT_EQ(post["parameters"][1]["in"], "header");
  EXPECT_EQ(post["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/NewIdea");
  EXPECT_EQ(post["security"], Json::parse(R"([{"bearer":[]}])"));
  for (const char* status : {"201", "400", "401", "403", "404", "408", "409", "413", "414", "415",
                             "422", "431", "500", "503"})
    EXPECT_TRUE(post["responses"].contains(status)) << status;
  EXPECT_TRUE(post["responses"]["201"]["headers"].contains("API-Version"));
  EXPECT_TRUE(post["responses"]["201"]["headers"].contains("Location"));
}

TEST_F(OpenApiTest, CarriesEverySchemaThatIsReferredToAndNoOther) {
  router.add(place_idea());
  const Json document = Json::parse(openapi_document(router, info()));
  const Json& schemas = document["components"]["schemas"];
  for (const char* name : {"Problem", "NewIdea", "Idea", "Person"})
    EXPECT_TRUE(schemas.contains(name)) << name;
  EXPECT_FALSE(schemas.contains("Unused"));
  for (const char* status : {"Problem409", "Problem415", "Problem503"})
    EXPECT_TRUE(document["components"]["responses"].contains(status)) << status;
}

TEST_F(OpenApiTest, LeavesOutPages) {
  Route page = place_idea();
  page.path = "/p/{slug}";
  page.operation = {.id = "page", .guard = "open: a test"};
  router.add(std::move(page));
  EXPECT_TRUE(Json::parse(openapi_document(router, info()))["paths"].empty());
}

TEST_F(OpenApiTest, IsTheSameForTheSameRows) {
  router.add(place_idea());
  EXPECT_EQ(openapi_document(router, info()), openapi_document(router, info()));
}

TEST_F(OpenApiTest, NamesTheRowWhoseSchemaIsNotJson) {
  Route route = place_idea();
  route.operation.body.schema = "{";
  EXPECT_EQ(failure_of(route).substr(0, 52),
            "POST /api/v1/platforms/{platform}/ideas: body schema");
}

TEST_F(OpenApiTest, NamesTheRowThatRefersToASchemaThatIsNotThere) {
  Route route = place_idea();
  route.operation.responses[0].schema = schema_ref("Missing");
  EXPECT_NE(failure_of(route).find("there is no schema Missing"), std::string::npos);
}

TEST_F(OpenApiTest, RefusesARowWithoutSummary) {
  Route route = place_idea();
  route.operation.summary.clear();
  EXPECT_NE(failure_of(route).find("summary"), std::string::npos);
}

TEST_F(OpenApiTest, RefusesATagThatReadersAreNotTold) {
  Route route = place_idea();
  route.operation.tag = "other";
  EXPECT_NE(failure_of(route).find("'other'"), std::string::npos);
}

TEST_F(OpenApiTest, RefusesAStatusWithoutAProblemType) {
  Route route = place_idea();
  route.operation.problem_statuses = {418};
  EXPECT_NE(failure_of(route).find("418"), std::string::npos);
}

}  // namespace
}  // namespace meent::api
