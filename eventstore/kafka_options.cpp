#include "eventstore/kafka_options.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <span>

namespace meent::eventstore {
namespace {

using namespace std::string_view_literals;

/// One option that may be given.
struct Allowed {
  std::string_view name;
  std::string_view what;
  std::span<const std::string_view> values;  ///< empty: any text
  bool is_secret = false;
};

constexpr std::array protocols = {"plaintext"sv, "ssl"sv, "sasl_plaintext"sv, "sasl_ssl"sv};
constexpr std::array mechanisms = {"PLAIN"sv, "SCRAM-SHA-256"sv, "SCRAM-SHA-512"sv};
constexpr std::array families = {"any"sv, "v4"sv, "v6"sv};
constexpr std::array switches = {"true"sv, "false"sv};

constexpr std::array allowed = {
    Allowed{"security.protocol", "plaintext, ssl, sasl_plaintext or sasl_ssl", protocols},
    Allowed{"sasl.mechanism", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", mechanisms},
    Allowed{"sasl.username", "who this node is to the brokers", {}},
    Allowed{"sasl.password", "its password", {}, true},
    Allowed{"ssl.ca.location", "file or folder of the authorities that brokers are known by", {}},
    Allowed{"ssl.certificate.location", "this node's certificate (PEM)", {}},
    Allowed{"ssl.key.location", "its key (PEM)", {}},
    Allowed{"ssl.key.password", "what the key is locked with", {}, true},
    Allowed{"ssl.keystore.location", "certificate and key in one file (PKCS#12)", {}},
    Allowed{"ssl.keystore.password", "what that file is locked with", {}, true},
    Allowed{"ssl.crl.location", "file of withdrawn certificates", {}},
    Allowed{"ssl.cipher.suites", "as OpenSSL names them", {}},
    Allowed{"client.id", "what this node is called in the brokers' logs", {}},
    Allowed{"client.rack", "where this node stands", {}},
    Allowed{"broker.address.family", "any, v4 or v6", families},
    Allowed{"socket.keepalive.enable", "true or false", switches},
};

/// Known to the client library, and refused: by name or by how the name starts.
struct Refused {
  std::string_view start;
  std::string_view why;
};

constexpr std::string_view meents_own = "what Meent promises rests on its own value";

constexpr std::array refused = {
    Refused{"bootstrap.servers", "the brokers are named with --kafka"},
    Refused{"metadata.broker.list", "the brokers are named with --kafka"},
    Refused{"enable.ssl.certificate.verification", "any machine could pass for a broker"},
    Refused{"ssl.endpoint.identification.algorithm", "any machine could pass for a broker"},
    Refused{"ssl.engine", "it loads code into this process"},
    Refused{"ssl.providers", "it loads code into this process"},
    Refused{"plugin.library.paths", "it loads code into this process"},
    Refused{"sasl.kerberos", "it runs commands; use SCRAM or client certificates"},
    Refused{"sasl.oauthbearer", "it is not supported; use SCRAM or client certificates"},
    Refused{"enable.sasl.oauthbearer", "it accepts tokens that nobody signed"},
    Refused{"ssl.key.pem", "name the file with ssl.key.location"},
    Refused{"ssl.certificate.pem", "name the file with ssl.certificate.location"},
    Refused{"ssl.ca.pem", "name the file with ssl.ca.location"},
    Refused{"transactional.id", "Meent settles ownership in the log, not with transactions"},
    Refused{"test.", "it replaces the brokers by make-believe ones"},
    Refused{"acks", meents_own},
    Refused{"request.required.acks", meents_own},
    Refused{"request.timeout.ms", meents_own},
    Refused{"enable.idempotence", meents_own},
    Refused{"enable.gapless.guarantee", meents_own},
    Refused{"max.in.flight", meents_own},
    Refused{"message.", meents_own},
    Refused{"delivery.", meents_own},
    Refused{"retr", meents_own},
    Refused{"linger.ms", meents_own},
    Refused{"batch.", meents_own},
    Refused{"queue", meents_own},
    Refused{"compression.", meents_own},
    Refused{"partitioner", meents_own},
    Refused{"auto.", meents_own},
    Refused{"enable.auto.", meents_own},
    Refused{"enable.partition.eof", meents_own},
    Refused{"isolation.level", meents_own},
    Refused{"group.", "no consumer group is used"},
    Refused{"fetch.", meents_own},
    Refused{"check.crcs", meents_own},
    Refused{"receive.message.max.bytes", meents_own},
    Refused{"allow.auto.create.topics", "`meent kafka init` makes the topics as they must be"},
    Refused{"socket.", meents_own},
    Refused{"reconnect.", meents_own},
    Refused{"debug", "it would write what people wrote into the log of this process"},
};

[[noreturn]] void refuse(const std::string& source, const std::string& why) {
  throw StartRefused(source + ": " + why);
}

std::string names_of_allowed() {
  std::string out;
  for (const auto& option : allowed) out += (out.empty() ? "" : ", ") + std::string(option.name);
  return out;
}

const Allowed& find_allowed(std::string_view name, const std::string& source) {
  const auto found = std::ranges::find(allowed, name, &Allowed::name);
  if (found != allowed.end()) return *found;
  const auto no = std::ranges::find_if(
      refused, [&](const Refused& option) { return name.starts_with(option.start); });
  if (no != refused.end()) {
    refuse(source, std::string(name) + " may not be set: " + std::string(no->why) + ".");
  }
  refuse(source, std::string(name) + " is not an option. These are: " + names_of_allowed() + ".");
}

std::string_view trimmed(std::string_view text) {
  constexpr auto blank = " \t\r"sv;
  const auto start = text.find_first_not_of(blank);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(blank) - start + 1);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string value_of(const Pairs& pairs, std::string_view name) {
  const auto found = std::ranges::find(pairs, name, &Pairs::value_type::first);
  return found == pairs.end() ? std::string() : found->second;
}

/// What only shows when the options are seen together.
void check_together(const Pairs& pairs, const std::string& source) {
  const auto protocol = value_of(pairs, "security.protocol");
  const auto mechanism = value_of(pairs, "sasl.mechanism");
  const bool has_sasl = protocol.starts_with("sasl_");
  if (has_sasl && mechanism.empty()) refuse(source, protocol + " needs sasl.mechanism.");
  for (const auto* name : {"sasl.mechanism", "sasl.username", "sasl.password"}) {
    const bool is_given = !value_of(pairs, name).empty();
    if (is_given && !has_sasl) {
      refuse(source, std::string(name) + " needs security.protocol=sasl_ssl (or sasl_plaintext).");
    }
    if (!is_given && has_sasl) refuse(source, protocol + " needs " + name + ".");
  }
  if (protocol == "sasl_plaintext" && mechanism == "PLAIN") {
    refuse(source,
           "with sasl_plaintext and PLAIN the password would travel for all to read. Use "
           "security.protocol=sasl_ssl, or a SCRAM mechanism.");
  }
  const bool has_tls = protocol == "ssl" || protocol == "sasl_ssl";
  for (const auto& [name, value] : pairs) {
    if (name.starts_with("ssl.") && !has_tls) {
      refuse(source, name + " needs security.protocol=ssl or sasl_ssl.");
    }
  }
}

bool holds_secret(const Pairs& pairs) {
  return std::ranges::any_of(pairs, [](const auto& pair) {
    return std::ranges::find(allowed, pair.first, &Allowed::name)->is_secret;
  });
}

}  // namespace

void check_kafka_options(const KafkaOptions& options) {
  if (options.bootstrap.empty()) {
    throw StartRefused("--kafka needs the address of a broker, as host:port.");
  }
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  const auto& prefix = options.topic_prefix;
  if (prefix.empty() || prefix.size() > 200 || !std::ranges::all_of(prefix, is_good)) {
    throw StartRefused("The topic prefix '" + prefix +
                       "' is not 1 to 200 letters, digits, '.', '_' and '-'.");
  }
  if (options.replication == 0) throw StartRefused("The log needs at least one copy.");
}

Pairs parse_kafka_config(std::string_view text, const std::string& source) {
  Pairs out;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto where = source + ":" + std::to_string(++number);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) refuse(where, "is not a line of the form name=value.");
    const std::string name(trimmed(line.substr(0, equals)));
    const std::string value(trimmed(line.substr(equals + 1)));
    const auto& option = find_allowed(name, where);
    if (value.empty()) refuse(where, name + " has no value.");
    if (!value_of(out, name).empty()) refuse(where, name + " was given before.");
    const bool is_known = std::ranges::find(option.values, value) != option.values.end();
    if (!option.values.empty() && !is_known) {
      refuse(where, name + " is " + std::string(option.what) + ", not '" + value + "'.");
    }
    out.emplace_back(name, value);
  }
  check_together(out, source);
  return out;
}

Pairs read_kafka_config(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw StartRefused(file.string() + " cannot be read.");
  auto out = parse_kafka_config(text, file.string());
  struct stat status{};
  if (holds_secret(out) && ::stat(file.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    refuse(file.string(),
           "it holds a password and others may read it. Run: chmod 600 " + file.string());
  }
  return out;
}

std::vector<std::pair<std::string_view, std::string_view>> allowed_kafka_options() {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  for (const auto& option : allowed) out.emplace_back(option.name, option.what);
  return out;
}

}  // namespace meent::eventstore
