#include <gtest/gtest.h>

#include <filesystem>

#include "api/cli/cli.h"
#include "api/exchange/csv.h"
#include "tests/api/running_node.h"

/// The command line as scripts use it: what it prints, and with which exit code it ends.
namespace meent::api::cli {
namespace {

const std::string polis_small = std::string(MEENT_SOURCE_DIR) + "/tests/data/polis-small";
const std::string contributions_small =
    std::string(MEENT_SOURCE_DIR) + "/tests/data/contributions-small.ndjson";

struct Said {
  int code = -1;
  std::string out, err;
};

Said meent(std::vector<std::string> arguments, const Wiring& wiring = {}) {
  std::vector<const char*> argv{"meent"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.code = run(static_cast<int>(argv.size()), argv.data(), wiring);
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The same commands on a folder and on a server.
struct CommandLine : testing::TestWithParam<bool> {
  eventstore::ScratchFolder scratch;
  std::unique_ptr<RunningNode> server;
  std::vector<std::string> where;

  CommandLine() {
    if (!GetParam()) {
      where = {"--data", scratch.path().string() + "/data"};
      return;
    }
    server = std::make_unique<RunningNode>();
    const std::string token = server->accept_locally(
        {.method = "POST",
         .target = "/api/v1/platforms/" + domain::directory_id().text() + "/tokens",
         .body = Json{{"label", "proef"},
                      {"scopes", {"import", "operate", "analyse"}},
                      {"expires_at", time_from_now(60'000)}}
                     .dump()})["secret"];
    where = {"--server", "http://127.0.0.1:" + std::to_string(server->port()), "--token", token};
  }

  Said there(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), where.begin(), where.end());
    return meent(std::move(arguments));
  }
};

INSTANTIATE_TEST_SUITE_P(On, CommandLine, testing::Bool(),
                         [](const auto& info) { return info.param ? "AServer" : "AFolder"; });

TEST_P(CommandLine, FoundsAPlatformWithASpaceAndTokens) {
  const auto founded =
      there({"platform", "create", "dorp", "--name", "Ons dorp", "--host", "dorp.example"});
  EXPECT_EQ(founded.code, done) << founded.err;
  EXPECT_EQ(Json::parse(founded.out).at("name"), "Ons dorp");
  EXPECT_EQ(there({"platform", "create", "dorp"}).code, refused);

  const auto space = there({"space", "create", "plein", "--platform", "dorp", "--title",
                            "Het plein", "--kind", "idea", "--closes", "2030-01-01T00:00:00Z"});
  EXPECT_EQ(space.code, done) << space.err;
  const auto twice = there({"space", "create", "plein", "--platform", "dorp"});
  EXPECT_EQ(twice.code, refused);
  EXPECT_NE(twice.err.find("409"), std::string::npos) << twice.err;

  const auto made = there({"token", "create", "--platform", "dorp", "--label", "een", "--scope",
                           "analyse", "--days", "1"});
  EXPECT_EQ(made.code, done) << made.err;
  const auto token = Json::parse(made.out);
  EXPECT_TRUE(token.at("secret").get<std::string>().starts_with("meent_"));
  EXPECT_EQ(Json::parse(there({"token", "list", "--platform", "dorp"}).out).at("items").size(), 1U);
  const std::string id = token.at("id");
  EXPECT_EQ(there({"token", "revoke", id, "--platform", "dorp"}).code, done);
  EXPECT_EQ(there({"token", "revoke", id, "--platform", "dorp"}).code, refused);
  EXPECT_EQ(there({"token", "create", "--label", "van alles"}).code, done);
}

TEST_P(CommandLine, ImportsAndExports) {
  const std::vector<std::string> target{"--platform", "proef", "--space", "gesprek"};
  const auto with_target = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), target.begin(), target.end());
    return there(std::move(arguments));
  };
  const auto first = with_target({"import", "polis", polis_small});
  EXPECT_EQ(first.code, done) << first.err;
  EXPECT_EQ(first.out, "polis-small: 20 rows, 0 done before, 20 accepted, 0 refused\n");
  const auto second = with_target({"import", "polis", polis_small});
  EXPECT_EQ(second.out, "polis-small: 20 rows, 20 done before, 0 accepted, 0 refused\n");
  const auto more = there(
      {"import", "contributions", contributions_small, "--platform", "proef", "--space", "ideeen"});
  EXPECT_EQ(more.code, done) << more.err;

  const auto out = scratch.path().string() + "/out";
  EXPECT_EQ(with_target({"export", "polis", out}).code, done);
  EXPECT_EQ(read_file(out + "/votes.csv"), read_file(polis_small + "/votes.csv"));
  EXPECT_EQ(read_file(out + "/participants-votes.csv"),
            read_file(polis_small + "/participants-votes.csv"));

  const auto events = there({"export", "events", "--platform", "proef"});
  EXPECT_EQ(events.code, done) << events.err;
  EXPECT_GE(line_count(events.out), 20U + 5U + 5U);
  EXPECT_EQ(Json::parse(events.out.substr(0, events.out.find('\n'))).at("type"), "platform-placed");
  const auto file = scratch.path().string() + "/events.ndjson";
  EXPECT_EQ(there({"export", "events", "--platform", "proef", "--out", file}).code, done);
  EXPECT_EQ(line_count(read_file(file)), line_count(events.out));
}

TEST_P(CommandLine, SaysWhatIsWrong) {
  const auto no_source = there({"import", "polis", "/nowhere", "--platform", "p", "--space", "s"});
  EXPECT_EQ(no_source.code, wrong_arguments);
  EXPECT_NE(no_source.err.find("comments.csv"), std::string::npos) << no_source.err;
  const auto bad_slug = there({"platform", "create", "Geen Slug"});
  EXPECT_EQ(bad_slug.code, refused);
  EXPECT_NE(bad_slug.err.find("slug"), std::string::npos) << bad_slug.err;
  EXPECT_NE(there({"export", "events", "--platform", "atlantis"}).code, done);
  EXPECT_NE(there({"export", "polis", scratch.path().string() + "/x", "--platform", "atlantis",
                   "--space", "s"})
                .code,
            done);
}

struct OnAFolder : testing::Test {
  eventstore::ScratchFolder scratch;
  std::string data = scratch.path().string() + "/data";

  void fill() {
    ASSERT_EQ(meent({"import", "polis", polis_small, "--platform", "proef", "--space", "gesprek",
                     "--data", data})
                  .code,
              done);
  }
};

TEST_F(OnAFolder, VerifyProvesAndRebuildBuildsAnew) {
  fill();
  const auto verified = meent({"verify", "--data", data});
  EXPECT_EQ(verified.code, done) << verified.err;
  EXPECT_NE(verified.out.find("proven"), std::string::npos);
  const auto rebuilt = meent({"rebuild", "--data", data});
  EXPECT_EQ(rebuilt.code, done) << rebuilt.err;
  EXPECT_NE(rebuilt.out.find("feed@"), std::string::npos) << rebuilt.out;
  EXPECT_EQ(meent({"rebuild", "--data", data, "--view", "weather"}).code, wrong_arguments);
  EXPECT_EQ(meent({"verify", "--data", data}).code, done);
}

TEST_F(OnAFolder, ThatIsServedExportsAndVerifiesButDoesNotWrite) {
  fill();
  const RunningNode serving(data);
  const auto before = read_file(polis_small + "/votes.csv");
  const auto out = scratch.path().string() + "/out";
  EXPECT_EQ(
      meent({"export", "polis", out, "--platform", "proef", "--space", "gesprek", "--data", data})
          .code,
      done);
  EXPECT_EQ(read_file(out + "/votes.csv"), before);
  EXPECT_EQ(meent({"verify", "--data", data}).code, done);
  const auto locked = meent({"platform", "create", "dorp", "--data", data});
  EXPECT_EQ(locked.code, cannot_open);
  EXPECT_FALSE(locked.err.empty());
}

TEST_F(OnAFolder, ThatIsNotThereIsNotVerified) {
  EXPECT_EQ(meent({"verify", "--data", data}).code, cannot_open);
  EXPECT_EQ(meent({"export", "events", "--platform", "p", "--data", data}).code, cannot_open);
  EXPECT_FALSE(std::filesystem::exists(data)) << "looking must not make a folder";
}

TEST(CommandLineHelp, TeachesAndWrongArgumentsSayWhere) {
  const auto help = meent({"--help"});
  EXPECT_EQ(help.code, done);
  for (const auto* word : {"serve", "platform", "space", "import", "export", "verify", "log",
                           "rebuild", "token", "Exit codes"}) {
    EXPECT_NE(help.out.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(meent({"import", "polis", "--help"}).code, done);
  EXPECT_EQ(meent({}).code, wrong_arguments);
  EXPECT_EQ(meent({"fly"}).code, wrong_arguments);
  EXPECT_EQ(meent({"platform", "create", "dorp"}).code, wrong_arguments) << "where?";
  EXPECT_EQ(meent({"platform", "create", "dorp", "--server", "http://127.0.0.1:1"}).code,
            wrong_arguments)
      << "a server needs a token";
  EXPECT_EQ(meent({"token", "create", "--label", "x", "--days", "0", "--data", "/nowhere"}).code,
            wrong_arguments);
}

TEST(CommandLineExport, OfAHistoryThatWasCutOffIsAFailure) {
  const auto export_of = [](const std::string& history) {
    Server server({}, [history](Request&, Respond respond) {
      respond(Response(200, "application/x-ndjson", history));
    });
    return meent({"export", "events", "--platform", "p", "--server",
                  "http://127.0.0.1:" + std::to_string(server.port()), "--token", "x"});
  };
  const std::string two = "{\"type\":\"a\"}\n{\"type\":\"b\"}\n";
  const auto whole = export_of(two);
  EXPECT_EQ(whole.code, done) << whole.err;
  EXPECT_EQ(whole.out, two);
  EXPECT_EQ(export_of("").code, done);
  const auto ended = export_of(two + "{\"closed\":\"stopping\",\"id\":\"x\"}\n");
  EXPECT_EQ(ended.code, failed);
  EXPECT_EQ(ended.out, two) << "the farewell is no event";
  EXPECT_EQ(export_of(two + "{\"type\":").code, failed);
}

TEST(CommandLineHelp, AServerThatIsNotThereIsAFailure) {
  const auto said =
      meent({"platform", "create", "dorp", "--server", "http://127.0.0.1:1", "--token", "x"});
  EXPECT_EQ(said.code, failed);
  EXPECT_NE(said.err.find("127.0.0.1"), std::string::npos);
}

TEST(CommandLineHelp, ServeRefusesToTellEventsFromNowhere) {
  const auto source = meent({"serve", "--data", "/nowhere", "--event-source", "gemeente"});
  EXPECT_EQ(source.code, wrong_arguments);
  EXPECT_NE(source.err.find("--event-source: 'gemeente' is no URN"), std::string::npos);
  const auto url = meent({"serve", "--data", "/nowhere", "--public-url", "meent.example"});
  EXPECT_EQ(url.code, wrong_arguments);
  EXPECT_NE(url.err.find("--public-url: 'meent.example'"), std::string::npos);
}

TEST(CommandLineHelp, ServePublishesOnlyFromAnAddressAndToKnownBrokers) {
  const Wiring wiring{
      .publish = [](const auto&, const auto&, auto&,
                    const Publishing&) -> std::unique_ptr<RunningConsumers> { std::abort(); }};
  const auto serve = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"serve", "--data", "/nowhere", "--publish"};
    all.insert(all.end(), more.begin(), more.end());
    return meent(std::move(all), wiring);
  };
  EXPECT_EQ(serve({"kafka"}).code, wrong_arguments) << "which brokers?";
  EXPECT_EQ(serve({"mail", "--kafka", "127.0.0.1:1"}).code, wrong_arguments);
  const auto free_port = serve({"kafka", "--kafka", "127.0.0.1:1", "--port", "0"});
  EXPECT_EQ(free_port.code, wrong_arguments);
  EXPECT_NE(free_port.err.find("Give --public-url, or a --port"), std::string::npos);
}

TEST(CommandLineLog, CountsWhatIsVoidByReasonAndShowsTheLast) {
  const eventstore::ScratchFolder scratch;
  const auto folder = (scratch.path() / "data").string();
  {
    auto embedded = eventstore::Embedded::open(folder, eventstore::real_files(), {});
    embedded.sequencer->stop();
    // What others could write into a log: bytes that mean nothing, and an old writer's claim.
    const std::vector<std::string> envelopes{
        "no envelope",
        eventstore::encode_envelope(
            {.epoch = 1, .writer = {}, .body = eventstore::Claim{.url = "late\x1b[2J"}})};
    embedded.log->append(0, envelopes);
    std::vector<eventstore::LogEntry> entries;
    while (auto entry = embedded.log->next(std::chrono::milliseconds(0))) {
      entries.push_back(std::move(*entry));
    }
    eventstore::Applier::make(*embedded.store)->apply(entries, true);
  }
  const auto whole = meent({"log", "--data", folder});
  EXPECT_EQ(whole.code, done) << whole.err;
  EXPECT_NE(whole.out.find(", 2 void\n  foreign: 1\n  lost-race: 1\n"), std::string::npos)
      << whole.out;
  EXPECT_NE(whole.out.find("genesis of log "), std::string::npos) << whole.out;
  EXPECT_NE(whole.out.find(", positions 1 to 2"), std::string::npos) << whole.out;
  EXPECT_TRUE(
      whole.out.ends_with("11 bytes that are no envelope  (void: foreign)\n"
                          "partition 0 offset 4: claim by late?[2J, epoch 1  (void: "
                          "lost-race)\n"))
      << whole.out;
  EXPECT_EQ(line_count(meent({"log", "--data", folder, "--last", "0"}).out), 3U);
  EXPECT_EQ(meent({"log", "--data", scratch.path().string() + "/none"}).code, cannot_open);
}

TEST(CommandLine, LevelShowsWhatMayBeWrittenAndIsRaisedOnlyToWhatIsKnown) {
  const eventstore::ScratchFolder scratch;
  const auto folder = (scratch.path() / "data").string();
  eventstore::Embedded::open(folder, eventstore::real_files(), {});
  const auto newest = std::to_string(eventstore::newest_level);
  const auto shown = meent({"level", "show", "--data", folder});
  EXPECT_EQ(shown.code, done) << shown.err;
  EXPECT_EQ(shown.out, R"({"level":)" + newest + R"(,"newest":)" + newest + "}\n");
  const auto again = meent({"level", "raise", "--data", folder});
  EXPECT_EQ(again.code, refused);
  EXPECT_NE(again.err.find("level-reached"), std::string::npos) << again.err;
  const auto unknown = meent({"level", "raise", "--data", folder, "--to", "1000"});
  EXPECT_EQ(unknown.code, refused);
  EXPECT_NE(unknown.err.find("level-unknown"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace meent::api::cli
