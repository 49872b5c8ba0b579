#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/node.h"

/// People and an operator on each platform: they ask, repeat with the same key until answered, read
/// what they wrote, and never see a history go back. Threads: one.
namespace meent::simulation {

/// What the clients of a run may reach.
class Reachable : public Surroundings {
 public:
  /// Any node that is up; null: none is.
  virtual Node* some_node() = 0;
  /// The history that this platform's clients were told of may be gone.
  [[nodiscard]] virtual bool may_be_lost(domain::PlatformId platform) const = 0;
  [[nodiscard]] virtual bool is_destroyed(domain::KeyId key) const = 0;
};

struct PopulationCounts {
  std::uint64_t asked = 0, tries = 0, accepted = 0, refused = 0, repeated = 0, reads = 0;
};

class Population {
 public:
  Population(Reachable& around, std::vector<domain::PlatformId> platforms,
             std::size_t people_a_platform);

  void begin();
  /// Nothing new is asked from now on; what was asked is repeated until it is answered.
  void wind_down() { is_winding_down_ = true; }
  /// How many wait for an answer, on platforms that can still give one.
  [[nodiscard]] std::size_t waiting(const std::function<bool(domain::PlatformId)>& counts) const;
  [[nodiscard]] const PopulationCounts& counts() const { return counts_; }
  /// Every acknowledged command: its platform, first position and the hash it was told.
  struct Acknowledged {
    domain::PlatformId platform;
    std::uint64_t first_position = 0, last_position = 0;
    eventstore::Hash hash{};
    SteadyTime at;
  };
  [[nodiscard]] const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  /// After a history was cut: nobody relies on what may be gone.
  void forget_tokens(domain::PlatformId platform);

 private:
  struct Client {
    std::size_t number = 0;
    domain::PlatformId platform;
    bool is_operator = false;
    domain::PersonId person;
    std::optional<Token> token;
    std::size_t steps = 0;    ///< of an operator's founding
    std::uint64_t keys = 0;   ///< idempotency keys used
    std::size_t waiting = 0;  ///< commands not yet answered
    bool has_support_pending = false;
    std::map<domain::ContributionId, std::optional<domain::Stance>> stances;
    std::set<domain::ContributionId> unsure;  ///< whose stance is not known for sure
    std::optional<std::pair<std::uint64_t, std::string>> comment;  ///< position and words
  };
  struct Place {
    domain::SpaceId space;
    std::vector<domain::ContributionId> contributions;  ///< told of, whether placed yet or not
    std::vector<domain::CommentId> comments;
    std::vector<domain::PersonId> newcomers;  ///< registered, not yet speaking
  };
  using Done = std::function<void(const eventstore::Outcome&)>;

  void act(Client& client);
  void act_as_operator(Client& client);
  void act_as_person(Client& client);
  void rest(Client& client);
  std::shared_ptr<Ask> ask_of(Client& client);
  void place(Client& client);
  void comment(Client& client);
  void support(Client& client);
  void close(Client& client);
  /// Asks until it is answered, then goes on.
  void send(Client& client, const std::shared_ptr<Ask>& ask, Done done);
  void attempt(Client& client, const AskPtr& ask, const Done& done,
               const std::shared_ptr<bool>& is_answered);
  bool settle(Client& client, const Ask& ask, const eventstore::Outcome& outcome);
  void read(Client& client);
  void read_at(Client& client, Node& node);
  void read_words(const Client& client, Node& node);

  Reachable& around_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<domain::PlatformId, Place> places_;
  std::vector<Acknowledged> acknowledged_;
  PopulationCounts counts_;
  bool is_winding_down_ = false;
};

}  // namespace meent::simulation
