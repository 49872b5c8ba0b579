#pragma once
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "domain/packing.h"

namespace meent::domain {

/// What `decide` may look up: one platform's records by key. Same state, same answer.
/// A key is `<table letter>` followed by the packed key fields; see `Table` beside each record.
class State {
 public:
  virtual ~State() = default;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) const = 0;
};

/// What `evolve` writes to. Reads see earlier writes.
class MutableState : public State {
 public:
  virtual void put(std::string key, std::string value) = 0;
  virtual void erase(std::string key) = 0;
};

/// A record type names its table (`static constexpr char table`, unique, listed in
/// docs/state-tables.md) and its key type (`using Key`, packable).
template <class Record>
std::string state_key(const typename Record::Key& key) {
  Packer packer(Record::table);
  packer(key);
  return packer.take();
}

/// Aborts when the stored bytes are not a Record: that is a broken invariant, not bad input.
template <class Record>
std::optional<Record> find(const State& state, const typename Record::Key& key) {
  const auto bytes = state.get(state_key<Record>(key));
  if (!bytes) return std::nullopt;
  auto record = unpack<Record>(*bytes);
  if (!record) std::abort();
  return record;
}

/// For records that must be there (an event names them, or a record does): their absence is a
/// broken invariant, so it aborts.
template <class Record>
Record must_find(const State& state, const typename Record::Key& key) {
  auto record = find<Record>(state, key);
  if (!record) std::abort();
  return *std::move(record);
}

template <class Record>
void put(MutableState& state, const typename Record::Key& key, const Record& record) {
  state.put(state_key<Record>(key), pack(record));
}

template <class Record>
void erase(MutableState& state, const typename Record::Key& key) {
  state.erase(state_key<Record>(key));
}

}  // namespace meent::domain
