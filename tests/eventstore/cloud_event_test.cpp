#include "eventstore/cloud_event.h"

#include <gtest/gtest.h>

#include <set>
#include <nlohmann/json.hpp>

#include "eventstore/embedded.h"
#include "tests/eventstore/community.h"
#include "tests/eventstore/scratch.h"

// Events as CloudEvents 1.0, for one viewer and for everybody.
namespace meent::eventstore {
namespace {

using namespace domain;
using Json = nlohmann::json;

class CloudEventTest : public testing::Test {
 protected:
  CloudEventTest() {
    village_.found();
    noor_ = village_.add_person("Noor de Wit");
    idea_ = village_.add_idea(noor_, "Meer bomen");
    analyst_.may_analyse = true;
  }
  StoredEvent happened(const Submission& submission) {
    const auto accepted = village_.must_accept(submission);
    return {.event = accepted.events.back(),
            .context = {.platform = accepted.platform,
                        .position = accepted.last_position,
                        .actor = submission.actor,
                        .recorded_at = accepted.recorded_at,
                        .occurred_at = submission.occurred_at}};
  }
  Json told(const StoredEvent& event, const Viewer& viewer) {
    return Json::parse(cloud_event_for(event, viewer, *embedded_.store->state(village_.platform()),
                                       *embedded_.keys, "cursor-1", "id-1", origin_)
                           .value());
  }

  ScratchFolder scratch_;
  Embedded embedded_ = Embedded::open(scratch_.path() / "data", real_files(), {});
  Community village_{*embedded_.sequencer, *embedded_.store, *embedded_.keys};
  PersonId noor_;
  ContributionId idea_;
  Viewer guest_;
  Viewer analyst_;
  const EventOrigin origin_{.source = "urn:nld:oin:1:systeem:meent",
                            .public_url = "https://meent.example"};
};

TEST_F(CloudEventTest, CarriesWhatTheProfileAsksAndTheFactsAsData) {
  auto comment = village_.comment(noor_, idea_, "Goed \"plan\"");
  comment.actor = {.kind = ActorKind::importer, .id = {}};
  comment.occurred_at = Timestamp{1'443'022'567'089};
  const auto event = happened(comment);
  const auto whole = told(event, guest_);
  const auto platform = village_.platform().text();
  const auto comment_id = whole.at("data").at("comment").get<std::string>();
  EXPECT_EQ(whole.at("specversion"), "1.0");
  EXPECT_EQ(whole.at("id"), "id-1");
  EXPECT_EQ(whole.at("source"), "urn:nld:oin:1:systeem:meent:platform:" + platform);
  EXPECT_EQ(whole.at("type"), "nl.meent.comment-placed");
  EXPECT_TRUE(whole.at("time").get<std::string>().starts_with("20"));
  EXPECT_EQ(whole.at("occurredat"), "2015-09-23T15:36:07.089Z");
  EXPECT_EQ(whole.at("subject"), "comments/" + comment_id);
  EXPECT_EQ(whole.at("datacontenttype"), "application/json");
  EXPECT_EQ(whole.at("dataschema"), "https://meent.example/api/v1/schemas/events/comment-placed/1");
  EXPECT_EQ(whole.at("dataref"),
            "https://meent.example/api/v1/platforms/" + platform + "/comments/" + comment_id);
  EXPECT_EQ(whole.at("cursor"), "cursor-1");
  EXPECT_EQ(whole.at("actorkind"), "importer");
  EXPECT_EQ(whole.at("data").at("body"), "Goed \"plan\"");
  EXPECT_FALSE(whole.contains("position"));
}

TEST_F(CloudEventTest, UsesOnlyAttributeNamesThatTheStandardAllows) {
  const auto event = happened(village_.support(noor_, idea_));
  const auto whole = told(event, analyst_);
  for (const auto& [name, value] : whole.items()) {
    EXPECT_LE(name.size(), 20U) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos)
        << name;
  }
  const auto position = whole.at("position").get<std::string>();
  EXPECT_EQ(position.size(), 20U) << "sorts as text";
  EXPECT_EQ(std::stoull(position), event.context.position);
  EXPECT_EQ(whole.at("actorid"), noor_.text());
  EXPECT_EQ(whole.at("data").at("person"), noor_.text());
}

TEST_F(CloudEventTest, GivesTheSameFactsToTheSameViewerAsTheOtherEnvelope) {
  const auto event = happened(village_.support(noor_, idea_));
  const auto state = embedded_.store->state(village_.platform());
  for (const auto& viewer : {guest_, analyst_}) {
    const auto line = Json::parse(event_for(event, viewer, *state, *embedded_.keys, "c").value());
    EXPECT_EQ(told(event, viewer).at("data"), line.at("facts"));
  }
}

TEST_F(CloudEventTest, InPublicHasNoOneInIt) {
  const auto event = happened(village_.support(noor_, idea_));
  const auto text = public_event(event, 42, "id-1", origin_).value();
  EXPECT_FALSE(text.contains(noor_.text())) << text;
  const auto whole = Json::parse(text);
  EXPECT_EQ(whole.at("sequence"), "00000000000000000042");
  EXPECT_EQ(whole.at("subject"), "contributions/" + idea_.text());
  EXPECT_EQ(whole.at("data"), (Json{{"contribution", idea_.text()},
                                    {"space", village_.space().text()},
                                    {"stance", "agree"}}));
}

TEST_F(CloudEventTest, HasAnIdThatIsStableUniqueAndTellsNothing) {
  const auto key = embedded_.keys->create();
  const auto other = embedded_.keys->create();
  const Hash hash{1}, restored{2};
  const auto id = event_id(*embedded_.keys, key, 7, hash);
  EXPECT_EQ(id, event_id(*embedded_.keys, key, 7, hash));
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '8') << "version";
  EXPECT_TRUE(std::string("89ab").contains(id[19])) << "variant";
  const std::set<std::string> ids{id, event_id(*embedded_.keys, key, 8, hash),
                                  event_id(*embedded_.keys, key, 7, restored),
                                  event_id(*embedded_.keys, other, 7, hash)};
  EXPECT_EQ(ids.size(), 4U);
  EXPECT_THROW(event_id(*embedded_.keys, KeyId(IdBytes{9}), 7, hash), StorageError);
}

TEST(EventOriginTest, RefusesWhatSubscribersCouldNotUse) {
  EXPECT_EQ(fault_in_source("urn:nld:oin:00000001823288444000:systeem:meent"), std::nullopt);
  for (const auto* source : {"", "meent", "urn:", "urn:nld", "urn:nld:", "urn:nld:een systeem",
                             "https://meent.example", "urn:nld:\xC3\xA9"}) {
    EXPECT_TRUE(fault_in_source(source)) << source;
  }
  EXPECT_EQ(fault_in_public_url("https://meent.example"), std::nullopt);
  EXPECT_EQ(fault_in_public_url("http://127.0.0.1:8080/onder"), std::nullopt);
  for (const auto* url : {"", "meent.example", "https://", "https:///x", "https://meent.example/",
                          "https://meent.example?x", "https://m x", "ftp://meent.example"}) {
    EXPECT_TRUE(fault_in_public_url(url)) << url;
  }
}

TEST(EventOriginTest, IsInTheLastLineOfAStreamThatEndsEarly) {
  const auto whole =
      Json::parse(closing_cloud_event(PlatformId(IdBytes{7}), "too-slow", "c-9", EventOrigin{}));
  EXPECT_EQ(whole.at("specversion"), "1.0");
  EXPECT_EQ(whole.at("type"), "nl.meent.history-closed");
  EXPECT_EQ(whole.at("cursor"), "c-9");
  EXPECT_EQ(whole.at("data").at("closed"), "too-slow");
}

}  // namespace
}  // namespace meent::eventstore
