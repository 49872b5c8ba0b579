#include "eventstore/codec/facts_reader.h"

namespace meent::eventstore::codec {

void FactsReader::one(simdjson::dom::element element, domain::Item& item) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS || object.size() != 1) {
    return fail("is no item");
  }
  const auto field = *object.begin();
  const auto bytes = domain::from_hex(text(field.value));
  if (!bytes) return fail("is no item");
  if (field.key == "contribution") {
    item = domain::ContributionId(*bytes);
  } else if (field.key == "comment") {
    item = domain::CommentId(*bytes);
  } else {
    fail("is no item");
  }
}

void FactsReader::private_text(simdjson::dom::element element, domain::PrivateText& text,
                               std::string_view field) {
  simdjson::dom::object object;
  std::uint64_t index = 0;
  if (element.get(object) != simdjson::SUCCESS || object.size() != 1 ||
      object.at_key("sealed").get(index) != simdjson::SUCCESS) {
    return fail("is no sealed text");
  }
  if (index >= raw_.sealed.size() || is_used_[index]) {
    return fail("names a sealed part that is not there, or not its own");
  }
  is_used_[index] = true;
  text.key = raw_.sealed[index].key;
  text.bytes = raw_.sealed[index].bytes;
  text.origin.reserve(raw_.type.size() + 1 + field.size());
  text.origin.append(raw_.type).append(1, '/').append(field);
}

void FactsReader::one(simdjson::dom::element element,
                      std::map<std::string, domain::PrivateText>& values) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return fail("is no object");
  values.clear();
  const auto outer = path_;
  for (const auto field : object) {
    const std::string name(field.key);
    path_ = outer + '/' + name;
    const auto [place, is_new] = values.try_emplace(name);
    if (!is_new) return fail("is there twice");
    private_text(field.value, place->second, path_);
    if (failure_) return;
  }
  path_ = outer;
}

}  // namespace meent::eventstore::codec
