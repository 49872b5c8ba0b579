#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "api/exchange/csv.h"
#include "api/exchange/importer.h"
#include "api/exchange/polis_export.h"
#include "tests/api/running_node.h"

/// Imports through commands: resumable, twice changes nothing, and out again what came in.
namespace meent::api {
namespace {

const std::filesystem::path data_folder = std::filesystem::path(MEENT_SOURCE_DIR) / "tests/data";

ImportTarget target() {
  return {.platform = "proef",
          .platform_name = "Proef",
          .space = "gesprek",
          .space_title = "Gesprek",
          .language = "nl"};
}

ImportReport bring(ApiCaller& caller, const ImportSource& source) {
  return run_import(caller, source, target(), {});
}

std::string history_of(ApiCaller& caller) {
  std::string text;
  const auto answer = caller.stream(
      {.method = Method::get, .path = "/api/v1/platforms/proef/events", .body = {}, .headers = {}},
      [&](std::string_view piece) { text += piece; });
  EXPECT_EQ(answer.status, 200U);
  return text;
}

/// Writes the space as Polis's files; gives the folder.
std::filesystem::path exported(ApiCaller& caller, const std::filesystem::path& to) {
  PolisExport polis("gesprek");
  const auto history = history_of(caller);
  std::string_view rest(history);
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    polis.add(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  polis.write(to);
  return to;
}

/// The named columns of every row, sorted.
std::vector<std::vector<std::string>> columns(const std::filesystem::path& file,
                                              const std::vector<std::string>& names) {
  const auto table = read_csv(read_file(file), file.filename().string());
  std::vector<std::vector<std::string>> out;
  for (const auto& row : table.rows) {
    auto& fields = out.emplace_back();
    for (const auto& name : names) fields.push_back(row[table.column(name)]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Column by column name; rows by participant. Without the columns that only Polis knows.
std::map<std::string, std::map<std::string, std::string>> matrix(
    const std::filesystem::path& file) {
  const auto table = read_csv(read_file(file), file.filename().string());
  std::map<std::string, std::map<std::string, std::string>> out;
  for (const auto& row : table.rows) {
    auto& cells = out[row[table.column("participant")]];
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto& name = table.header[i];
      if (name != "group-id" && name != "xid") cells[name] = row[i];
    }
  }
  return out;
}

void expect_same_conversation(const std::filesystem::path& out, const std::filesystem::path& in) {
  const std::vector<std::string> of_votes{"timestamp", "comment-id", "voter-id", "vote"};
  EXPECT_TRUE(columns(out / "votes.csv", of_votes) == columns(in / "votes.csv", of_votes));
  const std::vector<std::string> of_comments{"timestamp", "comment-id", "author-id", "moderated",
                                             "comment-body"};
  EXPECT_TRUE(columns(out / "comments.csv", of_comments) ==
              columns(in / "comments.csv", of_comments));
  const auto there = matrix(in / "participants-votes.csv");
  auto here = matrix(out / "participants-votes.csv");
  for (const auto& [participant, cells] : there) {
    EXPECT_TRUE(here[participant] == cells) << "participant " << participant;
    here.erase(participant);
  }
  // Polis leaves out authors who never voted.
  for (const auto& [participant, cells] : here) EXPECT_EQ(cells.at("n-votes"), "0");
}

/// Counts differ where votes were replaced; `agrees` and `disagrees` of the statements.
std::size_t differing_counts(const std::filesystem::path& one, const std::filesystem::path& two) {
  const std::vector<std::string> names{"comment-id", "agrees", "disagrees"};
  const auto here = columns(one / "comments.csv", names);
  const auto there = columns(two / "comments.csv", names);
  EXPECT_EQ(here.size(), there.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < here.size() && i < there.size(); ++i) {
    count += here[i] == there[i] ? 0 : 1;
  }
  return count;
}

struct Import : testing::Test {
  eventstore::ScratchFolder folder, out;
  std::unique_ptr<ApiCaller> caller = local_caller(folder.path().string());
  const ImportSource polis = read_polis(data_folder / "polis-small", "nl");

  void reopen() {
    caller.reset();
    caller = local_caller(folder.path().string());
  }
};

TEST_F(Import, OfPolisComesOutAgainAsItCameIn) {
  const auto report = bring(*caller, polis);
  EXPECT_EQ(report.row_count, polis.rows.size());
  EXPECT_EQ(report.accepted, report.row_count);
  EXPECT_EQ(report.refused, 0U);
  const auto folder_out = exported(*caller, out.path() / "polis");
  expect_same_conversation(folder_out, data_folder / "polis-small");
  // Byte for byte, where Polis and Meent write the same.
  EXPECT_EQ(read_file(folder_out / "votes.csv"), read_file(data_folder / "polis-small/votes.csv"));
  EXPECT_EQ(read_file(folder_out / "participants-votes.csv"),
            read_file(data_folder / "polis-small/participants-votes.csv"));
  EXPECT_EQ(differing_counts(folder_out, data_folder / "polis-small"), 2U)
      << "of the two statements whose votes were replaced";
}

TEST_F(Import, ShowsWhatItBroughtAtItsTime) {
  bring(*caller, polis);
  reopen();
  // Views may still be following when the folder has just been opened.
  Json feed;
  for (int i = 0; i < 500; ++i) {
    feed = Json::parse(caller
                           ->call({.method = Method::get,
                                   .path = "/api/v1/platforms/proef/contributions",
                                   .body = {},
                                   .headers = {}})
                           .body);
    if (feed.contains("items") && feed["items"].size() == 4U) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(feed.at("items").size(), 4U) << feed;
  EXPECT_EQ(feed.at("items")[0].at("placed_at"), "2014-06-20T08:50:14.196Z");
  EXPECT_EQ(feed.at("items")[0].at("body"), "主街应该没有汽车。");
}

TEST_F(Import, TwiceChangesNothing) {
  bring(*caller, polis);
  const auto history = history_of(*caller);
  for (int again = 0; again < 2; ++again) {
    const auto report = bring(*caller, polis);
    EXPECT_EQ(report.done_before, report.row_count);
    EXPECT_EQ(report.accepted, 0U);
    reopen();
  }
  const auto count = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(count(history_of(*caller)), count(history));
}

/// Fails after so many rows, as a killed process does: what was sent has arrived.
class Failing : public ApiCaller {
 public:
  Failing(ApiCaller& inner, std::size_t rows) : inner_(inner), left_(rows) {}
  void send(ApiRequest request, std::function<void(ApiAnswer)> done) override {
    const bool is_row =
        std::any_of(request.headers.begin(), request.headers.end(),
                    [](const auto& header) { return header.first == "Meent-Import"; });
    if (is_row && left_-- == 0) {
      inner_.wait_for_all();
      throw CallFailed("the power went out");
    }
    inner_.send(std::move(request), std::move(done));
  }
  void wait_for_all() override { inner_.wait_for_all(); }
  ApiAnswer stream(ApiRequest request,
                   const std::function<void(std::string_view)>& piece) override {
    return inner_.stream(std::move(request), piece);
  }

 private:
  ApiCaller& inner_;
  std::size_t left_;
};

TEST_F(Import, ThatWasStoppedGoesOnWhereItWas) {
  std::uint64_t done = 0;
  for (const std::size_t rows : {0U, 1U, 3U, 7U, 2U}) {
    Failing failing(*caller, rows);
    EXPECT_THROW(bring(failing, polis), CallFailed);
    done += rows;
    reopen();
  }
  const auto report = bring(*caller, polis);
  EXPECT_EQ(report.done_before, done);
  EXPECT_EQ(report.accepted, report.row_count - done);
  const auto folder_out = exported(*caller, out.path() / "polis");
  EXPECT_EQ(read_file(folder_out / "votes.csv"), read_file(data_folder / "polis-small/votes.csv"));
  expect_same_conversation(folder_out, data_folder / "polis-small");
}

TEST_F(Import, ReportsWhatTheRulesRefuseAndBringsTheRest) {
  auto source = polis;
  for (auto& row : source.rows) {
    if (auto* vote = std::get_if<ImportedSupport>(&row); vote && vote->contribution == "2") {
      vote->contribution = "999";
    }
  }
  const auto report = bring(*caller, source);
  EXPECT_EQ(report.refused, 1U);
  EXPECT_EQ(report.accepted, report.row_count - 1);
  ASSERT_EQ(report.refusals.size(), 1U);
  EXPECT_NE(report.refusals[0].find("No contribution has this id"), std::string::npos)
      << report.refusals[0];
  EXPECT_EQ(bring(*caller, source).done_before, report.row_count);
}

TEST_F(Import, OfMuchAtOnceIsToldInFullThoughARecordIsLargerThanAReadersBuffer) {
  ImportSource source{.name = "veel", .digest = {}, .kind = "idea", .rows = {}};
  source.rows.emplace_back(ImportedPerson{.id = "1", .name = "Anna"});
  constexpr std::size_t contribution_count = 1500;
  for (std::size_t i = 0; i < contribution_count; ++i) {
    source.rows.emplace_back(ImportedContribution{.id = std::to_string(i),
                                                  .author = "1",
                                                  .kind = "idea",
                                                  .text = {.title = "Idee " + std::to_string(i),
                                                           .body = std::string(2000, 'a'),
                                                           .form = {},
                                                           .themes = {},
                                                           .language = "nl"},
                                                  .occurred_at = domain::Timestamp{1000}});
  }
  EXPECT_EQ(bring(*caller, source).accepted, source.rows.size());
  const auto history = history_of(*caller);
  EXPECT_EQ(history.find("too-slow"), std::string::npos);
  std::size_t placed = 0;
  for (auto at = history.find("contribution-placed"); at != std::string::npos;
       at = history.find("contribution-placed", at + 1)) {
    ++placed;
  }
  EXPECT_EQ(placed, contribution_count);
}

TEST_F(Import, OfContributionsInTheGeneralFormat) {
  const auto source = read_contributions(data_folder / "contributions-small.ndjson", "nl");
  const auto report = bring(*caller, source);
  EXPECT_EQ(report.row_count, 5U) << "two people, three contributions";
  EXPECT_EQ(report.refused, 0U) << report.refusals.front();
  EXPECT_EQ(bring(*caller, source).accepted, 0U);
  reopen();
  const auto items = Json::parse(caller
                                     ->call({.method = Method::get,
                                             .path = "/api/v1/platforms/proef/contributions",
                                             .body = {},
                                             .headers = {}})
                                     .body)
                         .at("items");
  ASSERT_EQ(items.size(), 3U);
  const auto& bench = items[2];
  EXPECT_EQ(bench.at("title"), "Een bankje bij de linde");
  EXPECT_EQ(bench.at("author").at("name"), "Anna Brandsma");
  EXPECT_EQ(bench.at("placed_at"), "2014-06-18T01:16:54.000Z");
  EXPECT_EQ(bench.at("themes"), (Json{"groen", "zitten"}));
  EXPECT_EQ(items[1].at("kind"), "statement");
  EXPECT_EQ(items[0].at("form").at("costs"), "25");
  EXPECT_EQ(items[0].at("language"), "nl-BE");
}

TEST(ImportSource, OfAWrongFileNamesLineAndFields) {
  const eventstore::ScratchFolder folder;
  const auto complaint = [&](const std::string& text) -> std::string {
    const auto file = folder.path() / "wrong.ndjson";
    std::ofstream(file) << text;
    try {
      read_contributions(file, "nl");
      return "nothing";
    } catch (const SourceError& error) {
      return error.what();
    }
  };
  const std::string good = R"({"id":"1","author":"a","body":"b"})";
  EXPECT_EQ(complaint(good), "nothing");
  EXPECT_TRUE(complaint(good + "\n{\n").starts_with("wrong.ndjson line 2: "));
  const auto fields = complaint(good + "\n" + R"({"id":"2","body":7,"colour":"red"})");
  for (const auto* field : {"line 2", "author", "body", "colour"}) {
    EXPECT_NE(fields.find(field), std::string::npos) << fields;
  }
  EXPECT_NE(complaint(good + "\n" + good).find("stands twice"), std::string::npos);
  EXPECT_THROW(read_contributions(folder.path() / "none", "nl"), SourceError);
}

TEST(ImportSource, OfAWrongPolisFolderNamesFileAndRow) {
  const eventstore::ScratchFolder folder;
  const auto complaint = [&](const std::string& comments, const std::string& votes) -> std::string {
    std::ofstream(folder.path() / "comments.csv") << comments;
    std::ofstream(folder.path() / "votes.csv") << votes;
    try {
      read_polis(folder.path(), "nl");
      return "nothing";
    } catch (const SourceError& error) {
      return error.what();
    }
  };
  const std::string comments = "timestamp,comment-id,author-id,moderated,comment-body\n1,0,0,1,a\n";
  const std::string votes = "timestamp,comment-id,voter-id,vote\n2,0,1,1\n";
  EXPECT_EQ(complaint(comments, votes), "nothing");
  EXPECT_EQ(complaint(comments, votes + "2,0,1,5\n"), "votes.csv row 3: vote is not -1, 0 or 1");
  EXPECT_EQ(complaint(comments + "x,1,0,1,b\n", votes),
            "comments.csv row 3: timestamp is no whole number: x");
  EXPECT_EQ(complaint(comments + "5,0,0,1,b\n", votes),
            "comments.csv row 3: comment-id 0 stands twice");
  EXPECT_EQ(complaint("timestamp\n", votes), "comments.csv: there is no column author-id");
}

TEST(ImportSource, TakesVotesByTimeAndThenByFileRow) {
  const auto source = read_polis(data_folder / "polis-small", "nl");
  std::vector<std::pair<std::int64_t, domain::Stance>> votes;
  for (const auto& row : source.rows) {
    if (const auto* vote = std::get_if<ImportedSupport>(&row)) {
      votes.emplace_back(vote->occurred_at->ms, vote->stance);
    }
  }
  ASSERT_EQ(votes.size(), 9U);
  EXPECT_TRUE(std::is_sorted(votes.begin(), votes.end(),
                             [](const auto& a, const auto& b) { return a.first < b.first; }));
  using enum domain::Stance;
  EXPECT_EQ(votes[3], std::pair(std::int64_t{1403068000000}, disagree));
  EXPECT_EQ(votes[4], std::pair(std::int64_t{1403068000000}, pass));
}

TEST(ImportOverHttp, DoesTheSameAsOnTheFolder) {
  RunningNode node;
  const std::string token = node.accept_locally(
      {.method = "POST",
       .target = "/api/v1/platforms/" + domain::directory_id().text() + "/tokens",
       .body = Json{{"label", "import"},
                    {"scopes", {"import", "operate", "analyse"}},
                    {"expires_at", time_from_now(60'000)}}
                   .dump()})["secret"];
  const auto caller = remote_caller("http://127.0.0.1:" + std::to_string(node.port()), token);
  const auto polis = read_polis(data_folder / "polis-small", "nl");
  const auto report = bring(*caller, polis);
  EXPECT_EQ(report.accepted, polis.rows.size());
  EXPECT_EQ(bring(*caller, polis).accepted, 0U);
  const eventstore::ScratchFolder out;
  const auto folder_out = exported(*caller, out.path() / "polis");
  expect_same_conversation(folder_out, data_folder / "polis-small");
}

TEST(ImportOverHttp, SaysWhatIsWrongWithTheToken) {
  RunningNode node;
  const auto caller = remote_caller("http://127.0.0.1:" + std::to_string(node.port()), "nonsense");
  const auto polis = read_polis(data_folder / "polis-small", "nl");
  try {
    bring(*caller, polis);
    FAIL() << "it was let in";
  } catch (const CallFailed& error) {
    EXPECT_NE(std::string(error.what()).find("Not signed in"), std::string::npos) << error.what();
  }
}

// ---- the real data ---------------------------------------------------------------------------

std::filesystem::path real_data() {
  const char* folder = std::getenv("MEENT_TEST_DATA");
  return folder == nullptr ? std::filesystem::path() : std::filesystem::path(folder);
}

class RealConversation : public testing::TestWithParam<std::string> {};

TEST_P(RealConversation, ComesOutAgainVoteByVoteAndCellByCell) {
  if (real_data().empty()) GTEST_SKIP() << "MEENT_TEST_DATA is not set";
  const auto in = real_data() / "polis" / GetParam();
  const eventstore::ScratchFolder folder, out;
  const auto source = read_polis(in, "en");
  {
    const auto caller = local_caller(folder.path().string());
    const auto report = bring(*caller, source);
    EXPECT_EQ(report.accepted, source.rows.size());
    for (const auto& refusal : report.refusals) ADD_FAILURE() << refusal;
    EXPECT_EQ(bring(*caller, source).accepted, 0U);
    exported(*caller, out.path() / "polis");
  }
  expect_same_conversation(out.path() / "polis", in);
  EXPECT_GT(differing_counts(out.path() / "polis", in), 0U)
      << "Polis's own counts hold replaced votes too; the right ones cannot be equal";
  // The live counts are the exported ones.
  RunningNode node(folder.path());
  node.wait_for_views();
  std::map<std::string, std::string> exported_counts;
  for (const auto& row : columns(out.path() / "polis/comments.csv",
                                 {"comment-body", "agrees", "disagrees", "moderated"})) {
    if (row[3] != "-1") exported_counts[row[0]] += row[1] + "/" + row[2] + ";";
  }
  std::map<std::string, std::string> live_counts;
  std::string cursor;
  do {
    const auto page = node.get("/api/v1/platforms/proef/contributions?limit=100" + cursor).json();
    for (const auto& item : page.at("items")) {
      const auto& counts = item.at("counts");
      live_counts[item.at("body")] += std::to_string(counts.at("agree").get<int>()) + "/" +
                                      std::to_string(counts.at("disagree").get<int>()) + ";";
    }
    cursor = page.at("next").is_null() ? "" : "&cursor=" + page.at("next").get<std::string>();
  } while (!cursor.empty());
  EXPECT_EQ(live_counts.size(), exported_counts.size());
  std::size_t different = 0;
  for (const auto& [body, counts] : exported_counts) {
    auto one = counts, two = live_counts[body];
    std::sort(one.begin(), one.end());
    std::sort(two.begin(), two.end());
    different += one == two ? 0 : 1;
  }
  EXPECT_EQ(different, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Polis, RealConversation,
    testing::Values("15-per-hour-seattle", "austria-climate.5twd2jsnkf.2022-08-08",
                    "football-concussions", "scoop-hivemind.taxes", "vtaiwan.uberx"),
    [](const auto& info) {
      auto name = info.param;
      std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
      return name;
    });

TEST(RealMotions, AreFoundAsADutchReaderExpects) {
  if (real_data().empty()) GTEST_SKIP() << "MEENT_TEST_DATA is not set";
  const eventstore::ScratchFolder folder;
  const auto file = folder.path() / "motions.ndjson";
  const std::string command = std::string("python3 ") + MEENT_SOURCE_DIR + "/ops/motions " +
                              (real_data() / "motions/motions.ndjson.gz").string() + " > " +
                              file.string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto data = folder.path() / "data";
  {
    const auto caller = local_caller(data.string());
    const auto source = read_contributions(file, "nl");
    const auto report = bring(*caller, source);
    EXPECT_EQ(std::count_if(source.rows.begin(), source.rows.end(),
                            [](const auto& row) {
                              return std::holds_alternative<ImportedContribution>(row);
                            }),
              6072);
    EXPECT_EQ(report.accepted, source.rows.size());
    for (const auto& refusal : report.refusals) ADD_FAILURE() << refusal;
  }
  RunningNode node(data);
  node.wait_for_views();
  const auto search = [&](const std::string& query) {
    return node.get("/api/v1/platforms/proef/search?limit=10&q=" + percent_encode(query)).json();
  };
  const auto marked = [](const Json& item) {
    std::string out;
    for (const auto* part : {"title", "snippet"}) {
      for (const auto& run : item.at(part)) {
        if (run.at("highlighted")) out += run.at("text").get<std::string>() + " ";
      }
    }
    std::transform(out.begin(), out.end(), out.begin(), ::tolower);
    return out;
  };
  // One motion has both words and comes first; what has one of them follows.
  const auto both = search("woningbouw jongeren").at("items");
  ASSERT_EQ(both.size(), 10U);
  EXPECT_NE(marked(both[0]).find("jongere"), std::string::npos) << both[0];
  EXPECT_NE(marked(both[0]).find("woning"), std::string::npos) << both[0];
  for (const auto& item : both) EXPECT_FALSE(marked(item).empty()) << item;

  const auto misspelt = search("stikstofbelied");
  EXPECT_EQ(misspelt.at("suggestion"), "stikstofbeleid") << misspelt;
  const auto meant = search("stikstofbeleid").at("items");
  ASSERT_GE(meant.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(marked(meant[i]).find("stikstofbeleid"), std::string::npos) << meant[i];
  }
}

}  // namespace
}  // namespace meent::api
