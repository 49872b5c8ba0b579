#include "tests/bench/figure.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace meent::bench {

using nlohmann::ordered_json;

namespace {

ordered_json json_of(const Figure& figure) {
  ordered_json out{{"name", figure.name}, {"value", figure.value},
                   {"unit", figure.unit}, {"reference", figure.reference},
                   {"ratio", nullptr},    {"aim", figure.aim},
                   {"met", nullptr}};
  if (figure.ratio) out["ratio"] = *figure.ratio;
  if (figure.met) out["met"] = *figure.met;
  return out;
}

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string to_json(const Figure& figure) {
  return json_of(figure).dump();
}

std::optional<Figure> figure_from(const std::string& line) {
  const auto json = ordered_json::parse(line, nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("name")) return std::nullopt;
  Figure figure{.name = json.at("name"),
                .value = json.value("value", 0.0),
                .unit = json.value("unit", ""),
                .reference = {},
                .ratio = {},
                .aim = {},
                .met = {}};
  if (json.contains("reference")) figure.reference = text_of(json["reference"]);
  if (json.contains("aim")) figure.aim = text_of(json["aim"]);
  if (json.contains("ratio") && json["ratio"].is_number()) figure.ratio = json["ratio"];
  if (json.contains("met") && json["met"].is_boolean()) figure.met = json["met"];
  return figure;
}

std::string to_json(const std::vector<Figure>& figures) {
  auto all = ordered_json::array();
  for (const auto& figure : figures) all.push_back(json_of(figure));
  return all.dump(1) + "\n";
}

std::string to_table(const std::vector<Figure>& figures) {
  std::size_t width = 0;
  for (const auto& figure : figures) width = std::max(width, figure.name.size());
  std::string out;
  for (const auto& figure : figures) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, " %12.4g %-11s", figure.value, figure.unit.c_str());
    out += figure.name + std::string(width - figure.name.size(), ' ') + numbers;
    if (figure.ratio) {
      char ratio[32];
      std::snprintf(ratio, sizeof ratio, " x%-7.3g", *figure.ratio);
      out += ratio + figure.reference;
    }
    if (!figure.aim.empty()) out += "  aim: " + figure.aim;
    if (figure.met) out += *figure.met ? "  met" : "  MISSED";
    out += "\n";
  }
  return out;
}

void run_benchmark(const std::string& out, const std::function<void(const Emit&)>& measure) {
  std::vector<Figure> figures;
  measure([&](Figure figure) {
    std::cerr << to_json(figure) << std::endl;
    figures.push_back(std::move(figure));
  });
  std::cout << to_table(figures);
  std::ofstream(out) << to_json(figures);
}

}  // namespace meent::bench
