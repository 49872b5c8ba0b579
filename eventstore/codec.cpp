#include "eventstore/codec.h"

#include <algorithm>
#include <cstdlib>

#include "eventstore/codec/row.h"

namespace meent::eventstore {

namespace codec {

namespace {

/// In the order of domain::Event's alternatives.
using RowGroups = std::array<std::span<const EventRow>, std::variant_size_v<domain::Event>>;

const RowGroups& row_groups() {
  static const RowGroups groups{platform_rows(), person_rows(),  token_rows(),
                                kind_rows(),     space_rows(),   contribution_rows(),
                                discuss_rows(),  support_rows(), moderate_rows()};
  return groups;
}

const std::vector<const EventRow*>& rows_by_name() {
  static const auto rows = [] {
    std::vector<const EventRow*> all;
    for (const auto group : row_groups()) {
      for (const auto& row : group) all.push_back(&row);
    }
    std::ranges::sort(all, {}, [](const EventRow* row) { return row->type.name; });
    return all;
  }();
  return rows;
}

}  // namespace

const EventRow& row_of(const domain::Event& event) {
  const auto inner = std::visit([](const auto& group) { return group.index(); }, event);
  return row_groups()[event.index()][inner];
}

const EventRow* find_row(std::string_view type) {
  const auto& rows = rows_by_name();
  const auto at =
      std::ranges::lower_bound(rows, type, {}, [](const EventRow* row) { return row->type.name; });
  return at != rows.end() && (*at)->type.name == type ? *at : nullptr;
}

std::expected<domain::Event, DecodeError> read_event(const EventRow& row, const RawEvent& raw) {
  if (raw.version == row.type.version) return row.read(raw);
  if (raw.version == 0 || raw.version > row.type.version) {
    return std::unexpected(DecodeError{.what = raw.type + " has version " +
                                               std::to_string(raw.version) + ", which is unknown"});
  }
  RawEvent raised = raw;
  for (const auto& upcast : row.upcasts) {
    if (upcast.from != raised.version) continue;
    auto next = upcast.raise(std::move(raised));
    if (!next) return std::unexpected(std::move(next.error()));
    raised = std::move(*next);
    raised.version = static_cast<std::uint16_t>(upcast.from + 1);
  }
  if (raised.version != row.type.version) std::abort();  // a gap in the row's upcasts
  return row.read(raised);
}

namespace {

/// Seals what is plain; what is sealed already must stand where it was sealed for.
class Sealer final : public TextWriter {
 public:
  Sealer(RawEvent& raw, domain::PlatformId platform, const Keys& keys)
      : raw_(raw), platform_(platform), keys_(keys) {}

  void write(std::string& out, const domain::PrivateText& text, std::string_view field) override {
    out += R"({"sealed":)";
    out += std::to_string(raw_.sealed.size());
    out += '}';
    std::string origin;
    origin.reserve(raw_.type.size() + 1 + field.size());
    origin.append(raw_.type).append(1, '/').append(field);
    if (text.is_sealed()) {
      if (text.origin != origin) std::abort();  // it would never open again
      raw_.sealed.push_back({.key = text.key, .bytes = text.bytes});
    } else {
      raw_.sealed.push_back(
          {.key = text.key,
           .bytes = keys_.seal(text.key, associated_data(platform_, origin), text.bytes)});
    }
  }

 private:
  RawEvent& raw_;
  domain::PlatformId platform_;
  const Keys& keys_;
};

}  // namespace

}  // namespace codec

RawEvent encode_event(const domain::Event& event, domain::PlatformId platform, const Keys& keys) {
  const auto& row = codec::row_of(event);
  RawEvent raw;
  raw.type = row.type.name;
  raw.version = row.type.version;
  raw.facts.reserve(256);
  codec::Sealer sealer(raw, platform, keys);
  codec::FactsWriter writer(raw.facts, sealer);
  row.write(event, writer);
  return raw;
}

std::expected<domain::Event, DecodeError> decode_event(const RawEvent& raw) {
  const auto* row = codec::find_row(raw.type);
  if (row == nullptr) {
    return std::unexpected(DecodeError{.what = "'" + raw.type + "' is an unknown event type"});
  }
  return codec::read_event(*row, raw);
}

std::span<const EventType> event_types() {
  static const auto types = [] {
    std::vector<EventType> all;
    for (const auto* row : codec::rows_by_name()) all.push_back(row->type);
    return all;
  }();
  return types;
}

const EventType& type_of(const domain::Event& event) {
  return codec::row_of(event).type;
}
std::string_view name_of(const domain::Event& event) {
  return type_of(event).name;
}

Subject subject_of(const domain::Event& event) {
  return codec::row_of(event).subject(event);
}

Subject subject_of(const domain::Event& event, const domain::State& state) {
  auto subject = subject_of(event);
  if (!subject.space && subject.contribution) {
    const auto record = domain::find<domain::ContributionRecord>(state, *subject.contribution);
    if (record) subject.space = record->space;
  }
  return subject;
}

}  // namespace meent::eventstore
