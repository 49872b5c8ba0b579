#include "eventstore/kafka_topics.h"

#include <array>
#include <charconv>

namespace meent::eventstore {
namespace {

/// One setting that promises rest on.
struct Rule {
  const char* name;
  std::string value;
  bool or_more = false;
};

constexpr const char* day_ms = "86400000";
constexpr const char* beats_kept_ms = "600000";

/// What a broker takes by default, and a little more than Meent's largest message with its frame.
constexpr const char* message_bytes = "1048588";

std::vector<Rule> rules_for(TopicKind topic, std::uint32_t min_insync) {
  const Rule insync{"min.insync.replicas", std::to_string(min_insync), true};
  const Rule clean{"unclean.leader.election.enable", "false"};
  const Rule clock{"message.timestamp.type", "LogAppendTime"};
  switch (topic) {
    case TopicKind::log:
      return {{"cleanup.policy", "delete"},
              {"retention.ms", "-1"},
              {"retention.bytes", "-1"},
              {"max.message.bytes", message_bytes, true},
              insync,
              clean,
              clock};
    case TopicKind::keys: return {{"cleanup.policy", "compact"}, insync, clean, clock};
    case TopicKind::beats: return {{"cleanup.policy", "delete"}, clock};
    case TopicKind::events: return {{"cleanup.policy", "delete"}};
  }
  return {};
}

bool is_at_least(const std::string& text, const std::string& least) {
  const auto number = [](const std::string& from) {
    std::int64_t out = -1;
    std::from_chars(from.data(), from.data() + from.size(), out);
    return out;
  };
  return number(text) >= number(least);
}

}  // namespace

std::string name_of(const KafkaOptions& options, TopicKind topic) {
  switch (topic) {
    case TopicKind::log: return options.log_topic();
    case TopicKind::keys: return options.keys_topic();
    case TopicKind::beats: return options.beats_topic();
    case TopicKind::events: return options.events_topic();
  }
  return {};
}

std::map<std::string, std::string> settings_for(TopicKind topic, std::uint32_t min_insync) {
  std::map<std::string, std::string> out;
  for (auto& rule : rules_for(topic, min_insync)) out[rule.name] = std::move(rule.value);
  switch (topic) {
    case TopicKind::log: break;
    case TopicKind::keys:
      // A destroyed key is gone from a closed segment within a day, and segments close daily.
      out["segment.ms"] = day_ms;
      out["max.compaction.lag.ms"] = day_ms;
      out["delete.retention.ms"] = day_ms;
      break;
    case TopicKind::beats:
      // One copy that is in sync will do: beats must not stop when writes do.
      out["min.insync.replicas"] = "1";
      out["retention.ms"] = beats_kept_ms;
      out["segment.ms"] = beats_kept_ms;
      break;
    case TopicKind::events:
      out["min.insync.replicas"] = std::to_string(min_insync);
      out["retention.ms"] = "-1";
      out["retention.bytes"] = "-1";
      break;
  }
  return out;
}

std::vector<std::string> wrong_settings(TopicKind topic, std::uint32_t min_insync,
                                        const std::map<std::string, std::string>& settings) {
  std::vector<std::string> out;
  for (const auto& rule : rules_for(topic, min_insync)) {
    const auto found = settings.find(rule.name);
    const std::string value = found == settings.end() ? "" : found->second;
    if (rule.or_more ? is_at_least(value, rule.value) : value == rule.value) continue;
    out.push_back(std::string(rule.name) + " is '" + value + "' and must be " + rule.value +
                  (rule.or_more ? " or more" : ""));
  }
  return out;
}

std::string partition_text(std::uint32_t partition) {
  return "partition " + std::to_string(partition);
}

std::string in_one_line(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " and " : ", ";
    out += parts[i];
  }
  return out;
}

}  // namespace meent::eventstore
