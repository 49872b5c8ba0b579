#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <nlohmann/json.hpp>

#include "api/routes/routes.h"
#include "api/serving.h"
#include "eventstore/sim_log.h"
#include "eventstore/sim_topic.h"
#include "tests/eventstore/scratch.h"

/// A whole node over a scratch folder, asked without sockets. With MEENT_TEST_NODE in the
/// environment it is one of three nodes over a simulated log: `owner` owns all of it, `follower`
/// nothing, so that every command is for another node to answer.
namespace meent::api {

using Json = nlohmann::json;

/// What is asked; `token` becomes the Authorization header.
struct Ask {
  std::string method = "GET";
  std::string target;
  std::string token = {};
  std::string body = {};
  Headers headers = {};
  std::string content_type = "application/json";  ///< sent with a body
  bool is_loopback = false;
};

/// What came back, streams read to their end.
struct Told {
  unsigned status = 0;
  Headers headers;
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] Json json() const;
  /// Of a problem: "invalid-fields", and the fields it names, sorted.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::vector<std::string> fields() const;
};

class RunningNode {
 public:
  RunningNode();
  /// Over a folder that is kept afterwards.
  explicit RunningNode(std::filesystem::path folder);
  ~RunningNode();

  /// Dispatches and waits at most ten seconds. A stream of lines is read to its end.
  Told ask(const Ask& wanted);
  Told get(const std::string& target, const std::string& token = {});
  /// Fails the test unless it is accepted.
  Json accept(const Ask& wanted);
  /// As whoever works on the data folder itself.
  Told ask_locally(const Ask& wanted);
  Json accept_locally(const Ask& wanted);

  /// Listens on a free port from the first call on.
  std::uint16_t port();
  [[nodiscard]] const Node& node() const { return std::as_const(tested()).node(); }
  [[nodiscard]] const Router& router() const { return tested().router(); }
  /// The pages too, beside the JSON routes.
  void add_pages();
  /// As with `--demo`.
  void be_demo();
  /// As the server would.
  void dispatch(Request& request, Respond respond);
  [[nodiscard]] StreamHub& hub() { return tested().hub(); }
  void wait_for_views();
  /// Closes and opens the folder anew.
  void restart();
  /// While nothing is written, this does not change.
  [[nodiscard]] std::string log_end(const std::string& platform) const;

 private:
  /// What several nodes share; kept while they start again.
  struct Shared {
    explicit Shared(std::uint32_t partitions) : log(partitions) {}
    eventstore::SimBroker log;
    eventstore::SimTopicBroker keys, beats;
  };

  void open();
  void open_members(bool wants_owner);
  std::unique_ptr<Serving> open_member(const std::filesystem::path& folder);
  /// Of how many partitions each member is the owner; nothing: some have none.
  [[nodiscard]] std::optional<std::vector<std::size_t>> owned() const;
  void close();
  [[nodiscard]] Serving& tested() const { return *members_[tested_]; }
  Told dispatch(const Ask& wanted, bool is_local_operator);
  /// Everyone has applied what anyone has.
  void settle() const;

  std::unique_ptr<eventstore::ScratchFolder> scratch_;
  std::filesystem::path folder_;
  std::unique_ptr<Shared> shared_;  ///< nothing: one node by itself
  std::vector<std::unique_ptr<Serving>> members_;
  std::size_t tested_ = 0;    ///< of the members
  bool has_written_ = false;  ///< since they were opened
};

/// A founded platform: Anna and Bram take part, Mina moderates; a space that is open and one that
/// is closed; Anna's idea with Bram's comment, Bram's statement that Mina hid.
class VillageNode : public RunningNode {
 public:
  VillageNode();

  std::string platform, base;  ///< id; "/api/v1/platforms/<id>"
  std::string open_space, closed_space;
  std::string anna, bram, mina;           ///< ids
  std::string as_anna, as_bram, as_mina;  ///< tokens: act; Mina's moderate too
  std::string as_mina_plain;              ///< Mina without the scope moderate
  std::string as_operator, as_importer, as_both, as_analyst;
  std::string idea, comment, hidden, hidden_reason;
  std::string closed_idea;  ///< in the closed space

  /// `person`: id; empty: a token without one. Valid for an hour.
  std::string token(const std::string& person, const std::vector<std::string>& scopes,
                    int valid_ms = 3'600'000);
  std::string register_person(const std::string& name, const std::string& role = "person");
  std::string place_statement(const std::string& token, const std::string& body);
  [[nodiscard]] std::string end() const { return log_end(platform); }
};

/// RFC 3339, so many milliseconds from now.
std::string time_from_now(std::int64_t ms);

}  // namespace meent::api
