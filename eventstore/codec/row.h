#pragma once
#include <span>
#include <type_traits>
#include <utility>

#include "eventstore/codec.h"
#include "eventstore/codec/facts_writer.h"

/// One event type as a row of functions. Each file of codec/ has the rows of one domain file, in
/// the order of its event variant.
namespace meent::eventstore::codec {

/// Makes version `from` + 1 of version `from`.
struct Upcast {
  std::uint16_t from = 1;
  std::expected<RawEvent, DecodeError> (*raise)(RawEvent) = nullptr;
  /// The members of version `from`'s JSON Schema behind `$id`, as they were published (its golden
  /// file has them): "\"title\":…".
  std::string_view schema{};
};

inline PublicForm never_public() {
  return {.says = PublicForm::Says::nothing, .facts = {}};
}
inline PublicForm public_with(std::vector<std::string_view> facts) {
  return {.says = PublicForm::Says::facts, .facts = std::move(facts)};
}

struct EventRow {
  EventType type;
  void (*write)(const domain::Event& event, FactsWriter& writer) = nullptr;
  std::expected<domain::Event, DecodeError> (*read)(const RawEvent& raw) = nullptr;
  Subject (*subject)(const domain::Event& event) = nullptr;
  /// The one whose words they are, where the event itself says so.
  std::optional<domain::PersonId> (*author)(const domain::Event& event) = nullptr;
  /// All facts but those of the public form.
  std::vector<std::string_view> not_public;
  std::vector<Upcast> upcasts;  ///< by `from`, without a gap up to the version written today
};

std::span<const EventRow> platform_rows();
std::span<const EventRow> person_rows();
std::span<const EventRow> token_rows();
std::span<const EventRow> kind_rows();
std::span<const EventRow> space_rows();
std::span<const EventRow> contribution_rows();
std::span<const EventRow> discuss_rows();
std::span<const EventRow> support_rows();
std::span<const EventRow> moderate_rows();

const EventRow& row_of(const domain::Event& event);
/// Nothing for a type nobody knows.
const EventRow* find_row(std::string_view type);
/// As event_schema, of one row.
std::optional<std::string> schema_in(const EventRow& row, std::uint32_t version,
                                     std::string_view address);
/// Raises `raw` to today's version, then reads it.
std::expected<domain::Event, DecodeError> read_event(const EventRow& row, const RawEvent& raw);

template <class E>
Subject subject_in(const E& event) {
  Subject subject;
  if constexpr (requires { event.space; }) subject.space = event.space;
  if constexpr (requires { event.contribution; }) subject.contribution = event.contribution;
  if constexpr (requires { event.comment; }) subject.comment = event.comment;
  if constexpr (requires { event.item; }) {
    if (const auto* comment = std::get_if<domain::CommentId>(&event.item)) {
      subject.comment = *comment;
    }
  }
  return subject;
}

}  // namespace meent::eventstore::codec
