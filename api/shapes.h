#pragma once
#include <optional>
#include <string_view>

#include "api/json_writer.h"
#include "api/node.h"
#include "api/requester.h"
#include "api/router.h"
#include "domain/space.h"

/// Rows of the views as JSON, with their texts opened; the schemas stand beside each in shapes.cpp.
namespace meent::api {

std::string_view word_of(domain::Standing standing);
std::string_view word_of(domain::Stance stance);
std::string_view word_of(domain::Role role);
std::string_view word_of(domain::FieldType type);

/// What a page of rows needs beside the rows.
struct Shaping {
  const Node& node;
  const Platform& platform;
};

void write_person(JsonWriter& json, std::string_view name, const Shaping& shaping,
                  domain::PersonId person);
void write_platform(JsonWriter& json, std::string_view name, const Platform& platform);
void write_space(JsonWriter& json, std::string_view name, domain::SpaceId space,
                 const domain::SpaceRecord& record, const projections::SpaceTotals& totals,
                 bool is_open);
void write_kind(JsonWriter& json, std::string_view name, const domain::Kind& kind);
/// `own`: the viewer's stance.
void write_contribution(JsonWriter& json, std::string_view name, const Shaping& shaping,
                        const projections::ContributionRow& row, std::optional<domain::Stance> own);
void write_comment(JsonWriter& json, std::string_view name, const Shaping& shaping,
                   const projections::CommentNode& node);
void write_counts(JsonWriter& json, std::string_view name, const projections::StanceCounts& counts);
void write_search_hit(JsonWriter& json, std::string_view name, const Shaping& shaping,
                      const projections::SearchHit& hit);
void write_facets(JsonWriter& json, std::string_view name, const projections::SearchFacets& facets);

/// Platform, Space, Kind, Contribution, Comment, SearchHit and their pages.
void add_shape_schemas(Router& router);

}  // namespace meent::api
