#include "eventstore/codec/facts_collector.h"

#include "eventstore/codec/facts_writer.h"
#include "eventstore/codec/row.h"

namespace meent::eventstore {

namespace codec {

namespace {

/// What not everybody is given, or not always: such a fact is not required.
std::vector<std::string_view> not_for_all(const EventRow& row) {
  auto out = row.type.analyst_facts;
  if (row.type.public_form.says == PublicForm::Says::facts) {
    out.insert(out.end(), row.not_public.begin(), row.not_public.end());
  }
  return out;
}

}  // namespace

std::string object_schema(const std::vector<Fact>& facts,
                          const std::vector<std::string_view>& optional) {
  std::string properties, required;
  for (const auto& fact : facts) {
    if (!properties.empty()) properties += ',';
    append_json_string(properties, fact.name);
    properties += ':' + fact.schema;
    if (fact.is_optional || std::ranges::find(optional, fact.name) != optional.end()) continue;
    if (!required.empty()) required += ',';
    append_json_string(required, fact.name);
  }
  return R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required +
         R"(],"additionalProperties":false})";
}

std::optional<std::string> schema_in(const EventRow& row, std::uint32_t version,
                                     std::string_view address) {
  std::string out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":)";
  append_json_string(out, address);
  out += ',';
  if (version == row.type.version) {
    out += R"("title":)";
    append_json_string(out, std::string(row.type.name) + ", version " + std::to_string(version));
    out += R"(,"description":"The facts of one event. Those that are not for this reader are left )"
           R"(out; a text that may not be read, or not any more, is null.",)";
    out += object_schema(row.type.facts, not_for_all(row)).substr(1);
    return out;
  }
  const auto older = std::ranges::find(row.upcasts, version, &Upcast::from);
  if (older == row.upcasts.end()) return std::nullopt;
  out += older->schema;
  return out + '}';
}

}  // namespace codec

std::optional<std::string> event_schema(std::string_view type, std::uint32_t version,
                                        std::string_view address) {
  const auto* row = codec::find_row(type);
  return row != nullptr ? codec::schema_in(*row, version, address) : std::nullopt;
}

}  // namespace meent::eventstore
