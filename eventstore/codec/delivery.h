#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "eventstore/codec/row.h"

/// What one viewer gets of one event, whatever the envelope. Private to codec/.
namespace meent::eventstore::codec {

struct Delivery {
  const EventRow& row;
  bool with_actor_id = false;
  bool with_position = false;
  bool with_texts = false;  ///< else null stands for them
  std::span<const std::string_view> withheld;
};

/// Nothing when the event is not for this viewer.
std::optional<Delivery> delivery_of(const StoredEvent& stored, const domain::Viewer& viewer,
                                    const domain::State& state);
/// Appends the facts as one object, texts opened. Throws StorageError when a key is missing.
void append_facts(std::string& out, const StoredEvent& stored, const Delivery& delivery,
                  const Keys& keys);

}  // namespace meent::eventstore::codec
