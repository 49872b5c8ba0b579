#include "tests/bench/search_bench.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "projections/search.h"
#include "projections/search_text.h"
#include "tests/data/motions.h"
#include "tests/projections/search_world.h"

namespace meent::bench {
namespace {

using projections::SearchQuery;
using projections::SearchView;
using projections::SearchWorld;
using projections::Text;
using std::chrono::steady_clock;

double ms_since(steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

double at_part(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// Texts without the data: words whose frequency falls with their rank, as in any language.
class DrawnTexts {
 public:
  DrawnTexts() {
    static constexpr const char* syllables[] = {"wo", "ning", "bouw", "stik", "stof", "be",  "leid",
                                                "ge", "meen", "te",   "jon",  "ge",   "ren", "zor",
                                                "g",  "kli",  "maat", "fiet", "sen",  "par", "ke"};
    for (std::size_t i = 0; i < 20000; ++i) {
      std::string word;
      for (std::size_t left = i + 1; left > 0; left /= 21) word += syllables[left % 21];
      words_.push_back(std::move(word));
    }
  }
  std::string words(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      const double rank = std::pow(static_cast<double>(words_.size()), drawn_(random_));
      out += words_[static_cast<std::size_t>(rank) - 1] + " ";
    }
    return out;
  }

 private:
  std::mt19937 random_{1};
  std::uniform_real_distribution<double> drawn_{0.0, 0.9999};
  std::vector<std::string> words_;
};

std::vector<Text> texts() {
  std::vector<Text> out;
  for (const auto& motion : data::motions()) {
    out.push_back({.title = motion.title,
                   .body = motion.text,
                   .themes = {"thema-" + std::to_string(motion.theme.size())}});
  }
  if (!out.empty()) return out;
  DrawnTexts drawn;
  for (std::size_t i = 0; i < 6072; ++i) {
    out.push_back({.title = drawn.words(12),
                   .body = drawn.words(130),
                   .themes = {"thema-" + std::to_string(i % 40)}});
  }
  return out;
}

/// Pairs of words from the texts themselves, and what citizens type.
std::vector<std::string> questions(const std::vector<Text>& texts) {
  std::vector<std::string> out = {
      "woningbouw jongeren",  "stikstofbelied",          "de regering", "zorg",
      "klimaat -kernenergie", "\"betaalbare woningen\"", "gez*",        ""};
  std::mt19937 random(7);
  for (int i = 0; i < 92; ++i) {
    const auto words = projections::words_of(texts[random() % texts.size()].title);
    std::string text;
    for (int n = 0; n < 1 + i % 3; ++n) text += words[random() % words.size()].folded + " ";
    out.push_back(std::move(text));
  }
  return out;
}

std::vector<double> ask(const SearchView& view, const SearchWorld& world,
                        const std::vector<std::string>& questions, int rounds) {
  std::vector<double> took;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& text : questions) {
      SearchQuery query;
      query.platform = world.platform;
      query.text = text;
      const auto begin = steady_clock::now();
      std::ignore = view.search(query);
      took.push_back(ms_since(begin));
    }
  }
  return took;
}

/// 200 documents a second, one by one, while questions are asked.
void measure_while_writing(SearchWorld& world, SearchView& view, const std::vector<Text>& texts,
                           const std::vector<std::string>& questions, SearchFigures& figures) {
  constexpr int count = 600;
  std::vector<projections::EventBatch> batches;
  for (int i = 0; i < count; ++i) {
    world.idea(texts[static_cast<std::size_t>(i) % texts.size()]);
    batches.push_back(world.batch());
  }
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, steady_clock::time_point>> waiting;
  std::vector<double> visible;
  std::atomic<bool> done = false;
  std::jthread watching([&] {
    for (bool is_idle = false; !done || !is_idle;) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      const auto reached = view.position(world.platform);
      const std::scoped_lock lock(mutex);
      std::erase_if(waiting, [&](const auto& one) {
        if (one.first > reached) return false;
        visible.push_back(ms_since(one.second));
        return true;
      });
      is_idle = waiting.empty();
    }
  });
  std::vector<double> took;
  std::jthread asking([&] {
    while (!done) std::ranges::copy(ask(view, world, questions, 1), std::back_inserter(took));
  });
  const auto begin = steady_clock::now();
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(begin + i * std::chrono::milliseconds(5));
    const auto& batch = batches[static_cast<std::size_t>(i)];
    {
      const std::scoped_lock lock(mutex);
      waiting.emplace_back(batch.events.front().context.position, steady_clock::now());
    }
    view.apply(batch);
  }
  done = true;
  asking.join();
  watching.join();
  figures.p99_while_writing_ms = at_part(took, 0.99);
  figures.visible_p50_ms = at_part(visible, 0.5);
  figures.visible_p99_ms = at_part(visible, 0.99);
}

}  // namespace

SearchFigures measure_search(std::size_t document_count) {
  SearchFigures figures{.document_count = document_count};
  const auto source = texts();
  figures.is_real_data = !data::motions().empty();
  SearchWorld world;
  world.writer = world.person();
  SearchView view(*world.keys);
  view.open(world.folder("search"));

  steady_clock::duration indexing{};
  for (std::size_t i = 0; i < document_count; ++i) {
    world.idea(source[i % source.size()]);
    if (world.pending() < 1000 && i + 1 < document_count) continue;
    const auto batch = world.batch();
    const auto begin = steady_clock::now();
    view.apply(batch);
    indexing += steady_clock::now() - begin;
  }
  figures.indexed_per_s =
      static_cast<double>(document_count) / std::chrono::duration<double>(indexing).count();
  while (view.position(world.platform) < document_count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(world.folder("search"))) {
    if (file.is_regular_file()) figures.megabytes += static_cast<double>(file.file_size()) / 1e6;
  }

  const auto asked = questions(source);
  ask(view, world, asked, 1);
  const auto took = ask(view, world, asked, 10);
  figures.p50_ms = at_part(took, 0.5);
  figures.p99_ms = at_part(took, 0.99);
  figures.slowest_ms = at_part(took, 1.0);
  measure_while_writing(world, view, source, asked, figures);
  return figures;
}

}  // namespace meent::bench
