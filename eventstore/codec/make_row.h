#pragma once
#include <algorithm>

#include "eventstore/codec/facts_reader.h"
#include "eventstore/codec/row.h"

/// Derives a row from a type's facts. Private to codec/.
namespace meent::eventstore::codec {

template <class Group, class E>
EventRow make_row(EventType type, std::vector<Upcast> upcasts = {}) {
  const auto in = [](const domain::Event& event) -> const E& {
    return std::get<E>(std::get<Group>(event));
  };
  static constexpr auto get = in;
  FactsCollector collector;
  E sample{};
  facts(collector, sample);
  type.facts = collector.take();
  std::vector<std::string_view> not_public;
  for (const auto& fact : type.facts) {
    const auto& open = type.public_form.facts;
    if (std::ranges::find(open, fact.name) == open.end()) not_public.push_back(fact.name);
  }
  return EventRow{
      .type = std::move(type),
      .write = [](const domain::Event& event, FactsWriter& writer) { writer.object(get(event)); },
      .read = [](const RawEvent& raw) -> std::expected<domain::Event, DecodeError> {
        auto event = FactsReader(raw).template read<E>();
        if (!event) return std::unexpected(std::move(event.error()));
        return domain::Event(Group(std::move(*event)));
      },
      .subject = [](const domain::Event& event) { return subject_in(get(event)); },
      .author = [](const domain::Event& event) -> std::optional<domain::PersonId> {
        if constexpr (requires { get(event).author; }) return get(event).author;
        return std::nullopt;
      },
      .not_public = std::move(not_public),
      .upcasts = std::move(upcasts),
  };
}

}  // namespace meent::eventstore::codec
