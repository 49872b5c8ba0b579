#include "tests/simulation/site.h"

#include <algorithm>

#include "eventstore/codec.h"
#include "eventstore/embedded.h"

namespace meent::simulation {

using namespace eventstore;

namespace {

constexpr std::size_t first_number = 10;  ///< of the second log's nodes

}  // namespace

Site::Site(Region& region, std::size_t number, std::uint32_t partitions, std::size_t node_count)
    : region_(region),
      number_(number),
      name_(number == 0 ? "the first log" : "the second log"),
      log_(region.random().id<domain::LogId>()),
      broker_(region.schedule(), region.random(), partitions),
      truth_(partitions, [this](const std::string& what) { fail(what); }) {
  broker_.landed = [this](const LogEntry& entry) { land(entry); };
  for (std::uint32_t at = 0; at < partitions; ++at) {
    broker_.put(at,
                encode_envelope(
                    {.epoch = 0,
                     .writer = {},
                     .body = Genesis{.log_id = log_, .partition = at, .partitions = partitions}}));
  }
  for (std::size_t i = 0; i < node_count; ++i) {
    fleet_.nodes.push_back(
        std::make_unique<Node>(*this, number * first_number + i, std::make_unique<Disk>()));
    auto& node = *fleet_.nodes.back();
    broker_.link(node.number()).trouble = random().below(200);
    schedule().after(Millis(random().between(1, 10)), [this, &node] { turn(node); });
    node.start();
  }
}

void Site::turn(Node& node) {
  const bool was_up = node.is_up();
  node.step();
  if (was_up && node.has_seen_change()) fail("a node says that the log has changed");
  schedule().after(Millis(random().between(7, 13)), [this, &node] { turn(node); });
}

/// What counts of the platform is looked at before it does.
void Site::land(const LogEntry& entry) {
  const auto before = history().position;
  const auto lived_in = residence();
  truth_.land(entry, schedule().now());
  trace("landed", number_ * first_number + entry.partition, entry.offset, entry.envelope.size());
  if (history().position == before) return;
  const auto record = decode_record(std::get<Group>(decode_envelope(entry.envelope)->body).record);
  if (!record) return fail("a record that nobody can decode");
  region_.check_record(*this, *record, lived_in);
}

// Surroundings -----------------------------------------------------------------------------------

Node* Site::owner(std::uint32_t partition) {
  for (auto& node : fleet_.nodes) {
    if (node->is_up() && node->is_awake() &&
        node->sequencer().role(partition) == PartitionRole::owning) {
      return node.get();
    }
  }
  return nullptr;
}

void Site::fail(const std::string& what) {
  region_.fail(name_ + ": " + what);
}

std::optional<domain::LogId> Site::residence() const {
  const auto record = domain::find<domain::PlatformRecord>(history(), {});
  return record ? std::optional(record->log) : std::nullopt;
}

std::uint32_t Site::partition() const {
  return partition_of(region_.platform(), broker_.partitions());
}

/// What is acknowledged is in this log then; what is refused was refused by the rules.
void Site::check(Node& node, const Ask& ask, const Judged& judged, const Outcome& outcome) {
  const auto applied_to = node.store().tip(ask.platform).position;
  trace("answer", node.number(), outcome.index(), applied_to);
  if (const auto* accepted = std::get_if<Accepted>(&outcome)) {
    truth_.check_acknowledged(ask.platform, *accepted);
  } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
    truth_.check_refused(judged, refused->rejection, applied_to);
  }
}

void Site::make_directory() {
  if (truth_.platform(domain::directory_id()).position > 0) return;
  schedule().after(Millis(200), [this] { make_directory(); });
  auto* node = owner(0);
  if (node == nullptr) return;
  const auto founding = directory_founding(log_, node->keys().create(), SequencerOptions{}.level);
  auto ask = std::make_shared<Ask>();
  ask->key = founding.idempotency_key;
  ask->platform = founding.platform;
  ask->actor = founding.actor;
  ask->role = founding.role;
  ask->make = [command = founding.command](Keys&) { return command; };
  node->handle(ask, [](const Outcome&) {});
}

void Site::calm_down() {
  broker_.is_calm = true;
  fleet_.mend_links();
  for (auto& node : fleet_.nodes) {
    broker_.link(node->number()) = {};
    node->wake();
  }
}

void Site::revive() {
  for (auto& node : fleet_.nodes) node->start();
}

// At the end -------------------------------------------------------------------------------------

void Site::check_end() {
  for (auto& node : fleet_.nodes) {
    const auto where = " on node " + std::to_string(node->number());
    if (!node->is_up()) return fail("it did not come back:" + where);
    const auto tip = node->store().tip(region_.platform());
    if (tip.position != history().position || tip.hash != history().hash) {
      fail("the platform ends otherwise" + where);
    }
    if (!node->sequencer().stopped().empty()) fail("a platform is stopped" + where);
    DiskView rebuilt;
    rebuilt.open(node->store());
    rebuilt.follow(node->store());
    node->view().follow(node->store());
    if (!rebuilt.has_rows_of(node->view())) fail("the view is not what a rebuild gives" + where);
    check_keys(*node);
  }
}

void Site::check_keys(Node& node) {
  for (const auto& row : node.store().records(region_.platform(), 0, ~std::size_t{0})) {
    const auto stored = node.store().record_at(region_.platform(), row.base_position);
    const auto record = decode_record(stored.value().bytes).value();
    for (const auto& commit : record.commits) {
      for (const auto& event : commit.events) {
        for (const auto& part : event.sealed) {
          if (!node.keys().contains(part.key)) {
            return fail("a key of the history is missing on node " + std::to_string(node.number()));
          }
        }
      }
    }
  }
}

// As the mover sees it ---------------------------------------------------------------------------

void SiteHome::travel() {
  sleep_(Millis(site_.random().between(1, 5)));
  if (!site_.broker().is_calm && site_.random().happens(30)) {
    throw StorageError("a request or an answer got lost", true);
  }
}

template <class Call>
std::invoke_result_t<Call, NodeHome&> SiteHome::ask(std::optional<std::uint32_t> partition,
                                                    Call call) {
  travel();
  auto* node = partition ? site_.owner(*partition) : site_.some_up();
  if (node == nullptr || !node->is_awake()) throw StorageError("nobody answers", true);
  const auto life = node->life();
  // The node does this by itself; that it ends shows where it waits.
  const auto sleep = [this, node, life](Millis time) {
    do {
      sleep_(time);
      if (node->life() != life) throw StorageError("the node has ended", true);
    } while (!node->is_awake());
  };
  const Waiting waiting{.now = [this] { return site_.schedule().now(); },
                        .sleep = sleep,
                        .run =
                            [sleep](Sequencer& sequencer, Submission submission) {
                              const auto out = std::make_shared<std::optional<Outcome>>();
                              sequencer.submit(std::move(submission), [out](Outcome outcome) {
                                *out = std::move(outcome);
                              });
                              while (!*out) sleep(Millis(2));
                              return **out;
                            }};
  NodeHome home(node->store(), node->keys(), node->sequencer(), site_.name(), waiting);
  if constexpr (std::is_void_v<std::invoke_result_t<Call, NodeHome&>>) {
    call(home);
    travel();
  } else {
    auto out = call(home);
    travel();
    return out;
  }
}

domain::LogId SiteHome::log() {
  return ask({}, [](NodeHome& home) { return home.log(); });
}
std::optional<Resident> SiteHome::find(std::string_view id_or_slug) {
  return ask({}, [&](NodeHome& home) { return home.find(id_or_slug); });
}
void SiteHome::enter(const Resident& resident) {
  ask(0, [&](NodeHome& home) { home.enter(resident); });
}
void SiteHome::place(domain::PlatformId platform, domain::LogId log) {
  ask(site_.partition(), [&](NodeHome& home) { home.place(platform, log); });
}
std::vector<std::string> SiteHome::records(domain::PlatformId platform, std::uint64_t after) {
  return ask({}, [&](NodeHome& home) { return home.records(platform, after); });
}
std::vector<MovedKey> SiteHome::keys(const std::vector<domain::KeyId>& ids) {
  return ask({}, [&](NodeHome& home) { return home.keys(ids); });
}
void SiteHome::take_keys(domain::PlatformId platform, const std::vector<MovedKey>& keys) {
  ask(site_.partition(), [&](NodeHome& home) { home.take_keys(platform, keys); });
}
void SiteHome::take(domain::PlatformId platform, const std::vector<std::string>& records) {
  ask(site_.partition(), [&](NodeHome& home) { home.take(platform, records); });
}

}  // namespace meent::simulation
