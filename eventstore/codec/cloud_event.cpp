#include "eventstore/cloud_event.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "eventstore/codec/delivery.h"
#include "eventstore/codec/time_text.h"

namespace meent::eventstore {

namespace {

constexpr std::string_view type_prefix = "nl.meent.";
constexpr std::size_t sequence_digits = 20;
constexpr std::size_t longest_source = 200;

using codec::append_hex;
using codec::append_json_string;

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "{\"" : ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

std::string time_text(domain::Timestamp time) {
  std::string out;
  codec::append_time(out, time);
  return out;
}

/// Digits of one width, so that order as text is order as numbers.
std::string fixed_width(std::uint64_t number) {
  const auto digits = std::to_string(number);
  return std::string(sequence_digits - digits.size(), '0') + digits;
}

/// What it is about, as a path below the platform: the most precise there is.
std::string subject_path(const domain::Event& event) {
  const auto subject = subject_of(event);
  if (subject.comment) return "comments/" + subject.comment->text();
  if (subject.contribution) return "contributions/" + subject.contribution->text();
  if (subject.space) return "spaces/" + subject.space->text();
  return {};
}

std::string source_of(domain::PlatformId platform, const EventOrigin& origin) {
  return origin.source + ":platform:" + platform.text();
}

/// Every attribute that all readers get.
void append_attributes(std::string& out, const StoredEvent& stored, const EventType& type,
                       std::string_view id, const EventOrigin& origin) {
  const auto platform = stored.context.platform.text();
  const auto path = subject_path(stored.event);
  append_member(out, "specversion", "1.0");
  append_member(out, "id", id);
  append_member(out, "source", source_of(stored.context.platform, origin));
  append_member(out, "type", std::string(type_prefix) + std::string(type.name));
  append_member(out, "time", time_text(stored.context.recorded_at));
  append_member(out, "subject", path.empty() ? "platforms/" + platform : path);
  if (stored.context.occurred_at) {
    append_member(out, "occurredat", time_text(*stored.context.occurred_at));
  }
  append_member(out, "datacontenttype", "application/json");
  append_member(out, "dataschema", origin.public_url + schema_path(type.name, type.version));
  append_member(
      out, "dataref",
      origin.public_url + "/api/v1/platforms/" + platform + (path.empty() ? "" : '/' + path));
}

/// A sealed text has no public form; that no type declares one is tested.
class NoTexts final : public codec::TextWriter {
 public:
  void write(std::string&, const domain::PrivateText&, std::string_view) override { std::abort(); }
};

}  // namespace

std::optional<std::string> fault_in_source(std::string_view source) {
  constexpr std::string_view scheme = "urn:";
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:%()+,=@;$!*'").contains(c);
  };
  if (source.size() <= longest_source && source.starts_with(scheme) &&
      source.find(':', scheme.size()) != std::string_view::npos && !source.ends_with(':') &&
      std::ranges::all_of(source, is_plain)) {
    return std::nullopt;
  }
  return "'" + std::string(source) +
         "' is no URN; name organisation and system, as in "
         "urn:nld:oin:00000001823288444000:systeem:meent";
}

std::optional<std::string> fault_in_public_url(std::string_view url) {
  const auto rest = url.starts_with("https://")  ? url.substr(8)
                    : url.starts_with("http://") ? url.substr(7)
                                                 : std::string_view();
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!rest.empty() && std::ranges::all_of(rest, is_visible) && !rest.starts_with('/') &&
      !rest.ends_with('/') && rest.find_first_of("?#\"\\<>") == std::string_view::npos) {
    return std::nullopt;
  }
  return "'" + std::string(url) +
         "' is no address that subscribers could use; give one as in https://meent.example, "
         "without a slash at its end";
}

std::string event_id(const Keys& keys, domain::KeyId platform_key, std::uint64_t position,
                     const Hash& record_hash) {
  std::array<char, 8> place{};
  for (std::size_t i = 0; i < place.size(); ++i) {
    place[i] = static_cast<char>(position >> (8 * (place.size() - 1 - i)));
  }
  const auto mac = keys.mac(
      platform_key, {"event",
                     {place.data(), place.size()},
                     {reinterpret_cast<const char*>(record_hash.data()), record_hash.size()}});
  if (!mac) throw StorageError("The platform's key " + platform_key.text() + " is missing.", false);
  // A UUID of version 8 (RFC 9562): its other bits are whatever its maker wants.
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(mac->begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x80U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  std::string out;
  append_hex(out, bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
  return out;
}

std::string schema_path(std::string_view type, std::uint32_t version) {
  return "/api/v1/schemas/events/" + std::string(type) + '/' + std::to_string(version);
}

std::optional<std::string> cloud_event_for(const StoredEvent& stored, const domain::Viewer& viewer,
                                           const domain::State& state, const Keys& keys,
                                           std::string_view cursor, std::string_view id,
                                           const EventOrigin& origin) {
  const auto delivery = codec::delivery_of(stored, viewer, state);
  if (!delivery) return std::nullopt;
  const auto& context = stored.context;
  std::string out;
  out.reserve(1024);
  append_attributes(out, stored, delivery->row.type, id, origin);
  append_member(out, "cursor", cursor);
  append_member(out, "actorkind", codec::word_of(context.actor.kind));
  if (delivery->with_actor_id) append_member(out, "actorid", domain::to_hex(context.actor.id));
  if (delivery->with_position) append_member(out, "position", fixed_width(context.position));
  out += R"(,"data":)";
  codec::append_facts(out, stored, *delivery, keys);
  out += '}';
  return out;
}

std::string closing_cloud_event(domain::PlatformId platform, std::string_view why,
                                std::string_view cursor, const EventOrigin& origin) {
  std::string out;
  append_member(out, "specversion", "1.0");
  append_member(out, "id", "closed-" + std::string(cursor));
  append_member(out, "source", source_of(platform, origin));
  append_member(out, "type", std::string(type_prefix) + "history-closed");
  append_member(out, "cursor", cursor);
  out += R"(,"data":{"closed":)";
  append_json_string(out, why);
  return out + "}}";
}

std::optional<std::string> public_event(const StoredEvent& stored, std::uint64_t sequence,
                                        std::string_view id, const EventOrigin& origin) {
  const auto& row = codec::row_of(stored.event);
  if (row.type.public_form.says != PublicForm::Says::facts) return std::nullopt;
  std::string out;
  out.reserve(1024);
  append_attributes(out, stored, row.type, id, origin);
  append_member(out, "sequence", fixed_width(sequence));
  out += R"(,"data":)";
  NoTexts no_texts;
  codec::FactsWriter writer(out, no_texts, row.not_public);
  row.write(stored.event, writer);
  out += '}';
  return out;
}

}  // namespace meent::eventstore
