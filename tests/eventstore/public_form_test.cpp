#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <nlohmann/json.hpp>

#include "domain/discuss.h"
#include "eventstore/cloud_event.h"
#include "eventstore/codec/facts_collector.h"
#include "eventstore/codec/row.h"
#include "tests/eventstore/fixed_samples.h"

// What the public topic may say of a type, and the schema it is published with.
namespace meent::eventstore {

namespace codec {

/// An event such as somebody might add: the person stands inside.
struct Signature {
  domain::PersonId person;
};
struct Petition {
  std::vector<Signature> signatures;
  std::optional<domain::KeyId> key;
  std::map<std::string, domain::PrivateText> form;
  domain::SpaceId space;
};
template <class A>
void facts(A& a, Signature& s) {
  a("person", s.person);
}
template <class A>
void facts(A& a, Petition& p) {
  a("signatures", p.signatures);
  a("key", p.key);
  a("form", p.form);
  a("space", p.space);
}

}  // namespace codec

namespace {

using Json = nlohmann::json;
using Says = PublicForm::Says;

/// What forbids a fact to be public.
std::string fault_in(const EventType& type, std::string_view name) {
  const auto fact = std::ranges::find(type.facts, name, &Fact::name);
  if (fact == type.facts.end()) return "does not exist";
  if (fact->is_sealed) return "is somebody's words";
  if (fact->is_personal) return "names a person";
  if (fact->is_secret) return "is about a key";
  if (std::ranges::find(type.analyst_facts, name) != type.analyst_facts.end()) {
    return "is for analysts";
  }
  return {};
}

TEST(PublicForm, IsDeclaredByEveryType) {
  for (const auto& type : event_types()) {
    EXPECT_NE(type.public_form.says, Says::undeclared)
        << type.name << ": say never_public() or public_with(…) in its codec file";
    EXPECT_EQ(type.public_form.facts.empty(), type.public_form.says != Says::facts) << type.name;
  }
}

TEST(PublicForm, HasNoPersonNothingSealedNoKeyAndNothingForAnalysts) {
  for (const auto& type : event_types()) {
    for (const auto name : type.public_form.facts) {
      EXPECT_EQ(fault_in(type, name), "") << type.name << ' ' << name;
    }
  }
}

TEST(PublicForm, KnowsAPersonAKeyAndAWordWhereverTheyStand) {
  codec::FactsCollector collector;
  codec::Petition petition;
  facts(collector, petition);
  EventType type;
  type.facts = collector.take();
  type.analyst_facts = {};
  EXPECT_EQ(fault_in(type, "signatures"), "names a person");
  EXPECT_EQ(fault_in(type, "key"), "is about a key");
  EXPECT_EQ(fault_in(type, "form"), "is somebody's words");
  EXPECT_EQ(fault_in(type, "space"), "");
  EXPECT_EQ(fault_in(type, "spaec"), "does not exist");
  type.analyst_facts = {"space"};
  EXPECT_EQ(fault_in(type, "space"), "is for analysts");
}

TEST(PublicForm, HasExactlyTheFactsThatItsTypeDeclares) {
  FixedSource source(true);
  std::size_t count = 0;
  for (const auto& event : sample_events(source)) {
    const StoredEvent stored{.event = event, .context = {}};
    const auto text = public_event(stored, 1, "id", {.public_url = "https://meent.example"});
    const auto& form = type_of(event).public_form;
    ASSERT_EQ(text.has_value(), form.says == Says::facts) << name_of(event);
    if (!text) continue;
    ++count;
    const auto whole = Json::parse(*text);
    std::set<std::string> told;
    for (const auto& [name, value] : whole.at("data").items()) told.insert(name);
    const std::set<std::string> declared(form.facts.begin(), form.facts.end());
    EXPECT_EQ(told, declared) << name_of(event);
    for (const auto* name : {"actorkind", "actorid", "position", "cursor"}) {
      EXPECT_FALSE(whole.contains(name)) << name;
    }
  }
  EXPECT_EQ(count, static_cast<std::size_t>(
                       std::ranges::count_if(event_types(), [](const EventType& type) {
                         return type.public_form.says == Says::facts;
                       })));
}

const std::string golden_folder = std::string(MEENT_SOURCE_DIR) + "/tests/golden/schemas/";

TEST(EventSchema, OfEveryTypeIsTheOneThatWasPublished) {
  for (const auto& type : event_types()) {
    const auto address = "https://meent.example" + schema_path(type.name, type.version);
    const auto schema = event_schema(type.name, type.version, address);
    ASSERT_TRUE(schema) << type.name;
    const auto pretty = Json::parse(*schema).dump(1) + "\n";
    const auto path =
        golden_folder + std::string(type.name) + ".v" + std::to_string(type.version) + ".json";
    // A new type or version gets its file once: MEENT_WRITE_GOLDEN=1. A file is never changed.
    if (std::getenv("MEENT_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(path)) {
      std::ofstream(path) << pretty;
    }
    std::ifstream file(path);
    ASSERT_TRUE(file) << path << " is missing";
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(pretty, golden) << type.name << ": what was published under this version changes";
  }
}

TEST(EventSchema, RequiresWhatIsPublicAndAllowsWhatOthersGet) {
  const auto schema = Json::parse(event_schema("support-given", 1, "urn:x").value());
  EXPECT_EQ(schema.at("$id"), "urn:x");
  EXPECT_EQ(schema.at("required"), Json::array({"contribution", "space", "stance"}));
  EXPECT_TRUE(schema.at("properties").contains("person"));
  EXPECT_EQ(schema.at("additionalProperties"), false);
}

TEST(EventSchema, OfAnOlderVersionStaysWhatItWas) {
  codec::EventRow row = *codec::find_row("role-granted");
  row.type.version = 2;
  row.upcasts = {{.from = 1, .raise = nullptr, .schema = R"("title":"as it was")"}};
  EXPECT_EQ(codec::schema_in(row, 1, "urn:x"),
            R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:x",)"
            R"("title":"as it was"})");
  EXPECT_TRUE(codec::schema_in(row, 2, "urn:x")->contains("role-granted, version 2"));
  EXPECT_FALSE(codec::schema_in(row, 3, "urn:x"));
  EXPECT_FALSE(codec::schema_in(row, 0, "urn:x"));
}

TEST(EventSchema, IsThereForEveryVersionThatIsRaised) {
  for (const auto& type : event_types()) {
    for (std::uint16_t version = 1; version <= type.version; ++version) {
      const auto schema = event_schema(type.name, version, "urn:x");
      ASSERT_TRUE(schema) << type.name << ' ' << version;
      EXPECT_TRUE(Json::parse(*schema).contains("properties")) << type.name << ' ' << version;
    }
    EXPECT_FALSE(event_schema(type.name, type.version + 1U, "urn:x"));
  }
  EXPECT_FALSE(event_schema("sun-risen", 1, "urn:x"));
}

}  // namespace
}  // namespace meent::eventstore
